"""Every list and look-up of instruments and prices uses an index, among rows enough to tell."""

from datetime import timedelta
from decimal import Decimal
from itertools import cycle
from types import SimpleNamespace

import pytest

from marketdata import histories
from marketdata import selectors as market
from marketdata import services as market_services
from marketdata.domain.backfills import BackfillState, Trigger
from marketdata.domain.classification import check_weights
from marketdata.domain.doubts import Doubt
from marketdata.domain.instruments import AssetClass
from marketdata.domain.intraday import Interval, told
from marketdata.domain.sources import Need, Parsed, ReferenceRates
from marketdata.finding import search_instruments
from marketdata.models import Backfill, CloseDoubt, Instrument, MinuteFill, SourceRun
from marketdata.services import request_backfill
from marketdata.services.checking import check_histories
from portfolios import selectors
from portfolios.services.histories import request_histories
from tests.crowd import DAYS, crowd
from tests.factories import NOW, TODAY
from tests.plans import assert_paged_by_index, explain_uses_index, watched

__all__ = ["crowd"]

pytestmark = pytest.mark.django_db

GOLD = check_weights({"sector": {"none": "1"}})


def test_lists_of_instruments(crowd):
    assert_paged_by_index(market.list_instruments(crowd.ada.pk), ("symbol", "id"))
    assert_paged_by_index(market.list_instruments(crowd.ada.pk, symbol="S0"), ("symbol", "id"))
    assert_paged_by_index(market.list_instruments(None), ("symbol", "id"))
    assert_paged_by_index(market.list_own_instruments(crowd.ada.pk), ("symbol", "id"))
    assert_paged_by_index(market.list_prices(crowd.instruments[0].pk), ("-date",))
    assert_paged_by_index(
        market.list_aliases(crowd.instruments[0].pk, user_id=crowd.ada.pk), ("id",)
    )
    with watched():
        market.list_listings()
        market.currency_pairs()


def test_look_ups_of_instruments_and_prices(crowd):
    known = crowd.instruments[0]
    ids = [str(each.pk) for each in crowd.instruments[:30]]

    with watched():
        market.get_instrument(known.pk)
        market.instruments_by_id(ids)
        market.visible_ids([each.pk for each in crowd.instruments[:30]], user_id=crowd.ada.pk)
        market.find_instrument(user_id=crowd.ada.pk, symbol="S0.X", isin=known.isin, source="kite")
        market.count_references(Instrument.objects.get(symbol="O000"))
        market.find_merge(known.pk)
        market.get_own_instrument(Instrument.objects.get(symbol="O000").pk, user_id=crowd.ada.pk)
        market.has_dated_alias(known.symbol, source="kite")
        search_instruments("s0", user_id=crowd.ada.pk)
        search_instruments(f"inc {known.symbol}", user_id=crowd.ada.pk)
        market.find_typed(known.symbol, user_id=crowd.ada.pk)
        market.find_instrument(user_id=crowd.ada.pk, isin=known.isin)
        market.find_instrument(user_id=crowd.ada.pk, symbol=known.symbol)
        market.find_own_instrument(user_id=crowd.ada.pk, symbol="O000", currency="USD")
        market.closes_between(ids[:1], start=DAYS[30], end=DAYS[0])
        market.closes_between(ids[:20], start=DAYS[30], end=DAYS[0])
        market.closes_before(ids[:20], day=DAYS[30])
        market.own_ids(ids)
        market.rate_history(start=DAYS[30], end=DAYS[0])
        market.latest_prices(ids)
        market.current_rates()
        market_services.install_directory(
            [SimpleNamespace(identity=known.identity, weights=GOLD, weights_source="")],
            now=NOW,
        )


def test_histories_that_are_filled_in(crowd):
    found = (
        Backfill(
            instrument=each,
            trigger=Trigger.STAFF.value,
            start=DAYS[0],
            end=TODAY,
            next_date=DAYS[0],
            open_for=str(each.pk),
            state=state.value,
            lease_until=NOW,
            retry_at=NOW,
            created_at=NOW,
            updated_at=NOW,
        )
        for each, state in zip(crowd.instruments, cycle(BackfillState), strict=False)
    )
    Backfill.objects.bulk_create(found)
    known = crowd.instruments[0]

    explain_uses_index(histories.list_startable(now=NOW), may_sort=True)
    with watched():
        histories.find_progress(known.pk)
        histories.asked_since([each.pk for each in crowd.instruments[:30]])
        request_backfill(known.pk, start=DAYS[0], end=DAYS[0], trigger=Trigger.STAFF, now=NOW)
        selectors.list_holder_ids(known.pk)
        request_histories(now=NOW)


def test_prices_within_days(crowd):
    bars = [
        (str(each.pk), told(NOW - timedelta(hours=hour), (Decimal(5),) * 4, source="test"))
        for each in crowd.instruments[:20]
        for hour in range(100)
    ]
    for interval in (Interval.MINUTE, Interval.HOUR):
        market_services.keep_bars(bars, interval=interval)
    known = crowd.instruments[0]
    span = {"start": NOW - timedelta(days=1), "end": NOW}
    MinuteFill.objects.bulk_create(
        MinuteFill(instrument=each, asked_until=NOW, asked_at=NOW) for each in crowd.instruments
    )
    source = SimpleNamespace(
        name="test",
        covers=lambda listing: listing.instrument_id == str(known.pk),
        most_minutes=1_000,
        minutes_late=1,
        minute_bars=lambda _listing, *, start, end: [bars[0][1]],
    )
    now = NOW + timedelta(minutes=10)

    with watched():
        for interval in Interval:
            market.list_intraday_bars(known.pk, interval, **span)
        market.newest_minute(known.pk)
        market.ids_sampled_since(NOW - timedelta(hours=1))
        market_services.keep_bars(bars[:3], interval=Interval.MINUTE)
        market_services.roll_up_minutes(
            now=NOW, minutes_kept=timedelta(hours=90), hours_kept=timedelta(days=3)
        )
    # The job reads how far all are, a row an instrument.
    assert market_services.fill_minutes(
        [source], wanted=[str(known.pk)], kept=timedelta(days=1), clock=lambda: now
    )
    explain_uses_index(MinuteFill.objects.filter(instrument_id=known.pk))


def test_instruments_that_lack_an_identifier(crowd):
    def list_them():
        with watched():
            found = market.list_unidentified({AssetClass.STOCK}, asked_before=NOW, limit=10)
        return len(found)

    some, others = crowd.instruments[:7], crowd.instruments[7:]
    assert list_them() == 10
    Instrument.objects.filter(pk__in=[each.pk for each in others]).update(identified_at=NOW)
    assert list_them() == 7
    earlier = NOW - timedelta(days=40)
    Instrument.objects.filter(pk__in=[each.pk for each in some]).update(identified_at=earlier)
    assert list_them() == 7


def test_doubts_about_closes(crowd):
    CloseDoubt.objects.bulk_create(
        CloseDoubt(
            instrument=each,
            date=day,
            doubt=Doubt.UNIT.value,
            sentence="It looks wrong.",
            created_at=NOW,
            updated_at=NOW,
        )
        for each in crowd.instruments[:30]
        for day in DAYS[:20]
    )

    found = histories.list_doubts(crowd.instruments[0].pk, start=DAYS[10], end=TODAY)
    explain_uses_index(found[:5], may_sort=True)
    with watched(may_sort=("marketdata_instrument",)):
        check_histories(lambda **_market: None, now=NOW, only=[crowd.instruments[0].pk])


class Bank:
    """A source with one day's rates."""

    name = "source1"

    def reference_rates(self, *, start, today):
        day = ReferenceRates(date=today, base="EUR", rates={"X00": Decimal(2)})
        return Parsed(rows=[day])


def test_recording_reference_rates(crowd):
    SourceRun.objects.bulk_create(
        SourceRun(
            source=f"source{number}",
            need=need.value,
            state=SourceRun.OK,
            ran_at=NOW,
            last_good_at=NOW,
            newest_date=DAYS[0],
        )
        for number in range(50)
        for need in Need
    )

    with watched():
        done = market_services.record_reference_rates([Bank()], today=TODAY, now=NOW)

    assert done.written == 1
