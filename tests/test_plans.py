"""Every list and look-up of our selectors uses an index, among rows enough to tell.

What can't: the text that a ledger is searched for stands anywhere in a note or an account, so all
rows of that one portfolio are looked at (`ledger_by_date` finds them); and the nightly jobs go
through all portfolios and all instruments, because they concern all.
"""

from datetime import timedelta
from decimal import Decimal
from itertools import count, cycle
from types import SimpleNamespace

import pytest
from bson import ObjectId
from django.test import Client, RequestFactory

from brokers import selectors as imports
from brokers.domain.imports import RowState
from common.api.pagination import page_of
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
from portfolios.domain.alerts import AlertKind
from portfolios.domain.kinds import Kind
from portfolios.models import (
    Alert,
    Disposal,
    Firing,
    IntradayValue,
    Portfolio,
    Position,
    Transaction,
    Watchlist,
)
from portfolios.selectors import TransactionFilter, watching
from portfolios.selectors.allocation import Spread
from portfolios.selectors.attribution import attribute_now, attribute_period
from portfolios.selectors.disposals import (
    DISPOSAL_KEY,
    DisposalFilter,
    get_gains,
    list_disposals,
    list_disposals_of,
)
from portfolios.selectors.interests import Holders
from portfolios.selectors.ledger import purchases_for_statistics
from portfolios.selectors.splits import list_unrecorded_splits
from portfolios.selectors.whatif import Intention, consider_sale
from portfolios.services import (
    alerts,
    firings,
    intraday,
    ledger,
    plans,
    portfolios,
    recalculation,
    watchlists,
)
from portfolios.services.histories import request_histories
from tests import factories
from tests.crowd import DAYS, crowd
from tests.factories import NOW, TODAY
from tests.plans import explain_uses_index, watched

__all__ = ["crowd"]

pytestmark = pytest.mark.django_db

GOLD = check_weights({"sector": {"none": "1"}})


def assert_paged_by_index(rows, key):
    """Assert that the first page, the next and the way back each follow an index."""
    visit = RequestFactory().get
    first = page_of(visit("/", {"limit": "5"}), rows, key=key)
    with watched():
        second = page_of(visit(f"/{first.next_url}"), rows, key=key)
        back = page_of(visit(f"/{second.previous_url}"), rows, key=key)
    assert back.rows == first.rows
    explain_uses_index(rows.order_by(*key)[:6])


def test_lists_of_portfolios_and_their_values(crowd):
    of_ada = selectors.list_portfolios(crowd.ada.pk)

    assert_paged_by_index(of_ada, ("name",))
    explain_uses_index(of_ada)
    explain_uses_index(selectors.list_due(now=NOW))
    explain_uses_index(selectors.list_daily_values(crowd.portfolio.pk))
    explain_uses_index(selectors.list_daily_values(crowd.portfolio.pk, start=DAYS[20]))
    IntradayValue.objects.bulk_create(
        IntradayValue(
            portfolio=each, at=NOW - timedelta(minutes=minute), value=1, status="complete"
        )
        for each in Portfolio.objects.all()[:20]
        for minute in range(200)
    )
    with watched():
        selectors.list_intraday_values(crowd.portfolio.pk, since=NOW - timedelta(minutes=20))
        intraday.forget_minutes(now=NOW + intraday.KEPT - timedelta(minutes=190))
        selectors.get_portfolio(crowd.portfolio.pk, owner_id=crowd.ada.pk)
        selectors.find_portfolio_for(str(crowd.ada.pk), str(crowd.portfolio.pk))
        selectors.last_daily_value(crowd.portfolio.pk)
        selectors.first_partial_day(crowd.portfolio.pk, since=DAYS[40])
        list(selectors.list_all_ids())
        list(selectors.list_holders(crowd.instruments[0].pk, owner_id=crowd.ada.pk))


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"kind": Kind.BUY},
        {"instrument": True},
        {"kind": Kind.BUY, "instrument": True},
        {"start": DAYS[30], "end": DAYS[10]},
        {"kind": Kind.SELL, "start": DAYS[30]},
        {"instrument": True, "end": DAYS[10]},
        {"text": "note"},
    ],
    ids=lambda wanted: "+".join(wanted) or "all",
)
def test_lists_of_transactions(crowd, wanted):
    if "instrument" in wanted:
        wanted = {name: value for name, value in wanted.items() if name != "instrument"}
        wanted["instrument_id"] = crowd.instruments[0].pk
    rows = selectors.list_transactions(crowd.portfolio.pk, wanted=TransactionFilter(**wanted))

    assert_paged_by_index(rows, ("-trade_date", "-id"))
    explain_uses_index(rows[:8])
    explain_uses_index(rows.reverse())


def test_look_ups_in_a_ledger(crowd):
    row = Transaction.objects.filter(portfolio=crowd.portfolio, is_void=False).first()

    explain_uses_index(selectors.list_revisions(row.pk))
    with watched():
        selectors.get_transaction(crowd.portfolio.pk, transaction_id=row.pk)
        selectors.list_events(crowd.portfolio.pk)
    # Counting brings equal fingerprints together, adding up equal days, and their order with it.
    with watched(may_sort=("portfolios_transaction",)):
        purchases_for_statistics(crowd.portfolio.pk, since=DAYS[-1])
        selectors.count_fingerprints(
            crowd.portfolio.pk, fingerprints=[f"{5:032}", f"{7:032}"], excluding_run="none"
        )


def test_summaries(crowd):
    recalculation.recalculate(crowd.portfolio.pk, today=TODAY, now=NOW, extend=True)
    found = list(selectors.list_portfolios(crowd.ada.pk))

    with watched():
        summaries = selectors.summarize_all(found, now=NOW)
        selectors.live_holdings(str(crowd.portfolio.pk))
        Spread(crowd.portfolio, now=NOW).checks()
        held = next(position for each in summaries for position in each.positions)
        selectors.list_lots(crowd.portfolio.pk, instrument_id=ObjectId(held.instrument.id))
        consider_sale(
            crowd.portfolio,
            instrument_id=ObjectId(held.instrument.id),
            intention=Intention(quantity=held.quantity, price=Decimal(1)),
            today=TODAY,
            now=NOW,
        )


@pytest.mark.parametrize(
    "wanted", [{}, {"year": 2026}, {"instrument_id": True}, {"year": 2026, "instrument_id": True}]
)
def test_lists_of_disposals(crowd, wanted):
    instruments = crowd.instruments[:10]
    Disposal.objects.bulk_create(
        Disposal(
            portfolio_id=portfolio_id,
            transaction_id=str(ObjectId()),
            instrument=instruments[number % 10],
            revision=1,
            date=DAYS[number % 60].replace(year=2020 + number % 7),
            currency="USD",
            quantity=1,
        )
        for portfolio_id in Portfolio.objects.order_by("id").values_list("pk", flat=True)[:3]
        for number in range(300)
    )
    if "instrument_id" in wanted:
        wanted = wanted | {"instrument_id": instruments[0].pk}
    rows = list_disposals(crowd.portfolio.pk, wanted=DisposalFilter(**wanted))

    assert_paged_by_index(rows, DISPOSAL_KEY)
    explain_uses_index(rows)
    with watched():
        get_gains(crowd.portfolio)
        attribute_now(crowd.portfolio, now=NOW)
        attribute_period(crowd.portfolio, start=DAYS[30], end=DAYS[10])
        list_disposals_of(crowd.portfolio.pk, transaction_id=ObjectId(rows.first().transaction_id))


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


def test_splits_that_are_not_recorded(crowd):
    for instrument in crowd.instruments[:30]:
        factories.make_split(instrument, "2", "2026-02-20")

    with watched():
        assert list_unrecorded_splits(crowd.portfolio, today=TODAY) is not None
        market.splits_by_instrument(
            [str(each.pk) for each in crowd.instruments[:30]], start=DAYS[30], end=TODAY
        )
    assert_paged_by_index(market.list_actions(crowd.instruments[0].pk), ("-ex_date", "-id"))


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


def test_lists_and_look_ups_of_imports(crowd):
    assert_paged_by_index(imports.list_imports(crowd.portfolio.pk), ("-created_at", "-id"))
    assert_paged_by_index(imports.list_rows(crowd.run.pk), ("number",))
    assert_paged_by_index(imports.list_rows(crowd.run.pk, state=RowState.NEW), ("number",))
    explain_uses_index(imports.list_lost(now=NOW))
    with watched():
        imports.get_import(crowd.run.pk, portfolio_id=crowd.portfolio.pk, owner_id=crowd.ada.pk)


def test_holders_are_counted_by_an_index(crowd):
    Position.objects.bulk_create(
        Position(
            portfolio=portfolio,
            instrument=each,
            revision=1,
            quantity=1,
            currency="USD",
            status="complete",
            created_at=NOW,
            updated_at=NOW,
        )
        for portfolio in Portfolio.objects.order_by("id")[:10]
        for each in crowd.instruments[:100]
    )
    holders = Holders(moment=count().__next__, at_once=300)
    with watched():
        parts = [holders.count() for _ in range(4)]
    assert set(parts[-1].values()) == {10}


def test_watchlists_alerts_and_the_inbox(crowd, bo):
    instruments = crowd.instruments[:20]
    for person in (crowd.ada, bo):
        Watchlist.objects.bulk_create(
            Watchlist(owner=person, name=f"L{number:02}", created_at=NOW, updated_at=NOW)
            for number in range(40)
        )
        for number in range(300):
            at = NOW - timedelta(minutes=number)
            kind = list(AlertKind)[number % 5]
            Alert(
                owner=person,
                kind=kind.value,
                instrument=instruments[number % 20],
                limit=5,
                is_paused=number % 3 == 0,
                created_at=at,
                updated_at=at,
            ).save()
        Firing.objects.bulk_create(
            Firing(
                owner=person,
                alert_key=str(person.pk),
                number=number,
                kind="price_above",
                instrument=instruments[0],
                value=5,
                observed_at=NOW,
                fired_at=NOW,
                is_read=number % 5 > 0,
                deliver_after=None if number % 9 else NOW,
            )
            for number in range(300)
        )
    alert, firing = Alert.objects.first(), Firing.objects.first()

    assert_paged_by_index(watching.list_watchlists(crowd.ada.pk), ("name",))
    assert_paged_by_index(watching.list_alerts(crowd.ada.pk), ("-id",))
    assert_paged_by_index(watching.list_firings(crowd.ada.pk), ("-id",))
    of_one = watching.list_alerts(crowd.ada.pk, instrument_id=instruments[0].pk)
    explain_uses_index(of_one)
    with watched():
        found = watching.list_watchlists(crowd.ada.pk).first()
        watching.list_entries(watching.get_watchlist(found.pk, owner_id=crowd.ada.pk))
        watchlists.put_entry(
            found.pk, owner_id=crowd.ada.pk, instrument_id=instruments[0].pk, now=NOW
        )
        watching.with_subjects(list(of_one))
        watching.list_quoted_alerts()
        watching.list_quoted_alerts(changed_since=NOW - timedelta(minutes=5))
        watching.list_job_alerts()
        watching.list_portfolio_alerts(crowd.portfolio.pk)
        watching.count_unread(crowd.ada.pk)
        watching.list_undelivered(now=NOW, limit=50)
        alerts.observe(alert.pk, value=Decimal(9), observed_at=NOW, now=NOW)
        alerts.set_paused(alert.pk, owner_id=alert.owner_id, is_paused=True, now=NOW)
        firings.claim_delivery(firing.pk, now=NOW)
        alerts.mark_read(crowd.ada.pk)
        alerts.delete_alert(alert.pk, owner_id=alert.owner_id)


def test_changes_find_what_they_change_by_an_index(crowd):
    row = Transaction.objects.filter(portfolio=crowd.portfolio, is_void=False).first()
    change = {"changed_by": crowd.ada.pk, "now": NOW}

    with watched():
        ledger.record_transaction(
            crowd.portfolio.pk, draft=factories.draft("deposit", amount="5"), now=NOW
        )
        ledger.void_transaction(
            crowd.portfolio.pk, transaction_id=row.pk, revision=row.revision, **change
        )
        ledger.void_imported(crowd.portfolio.pk, run_id=str(crowd.portfolio.pk), limit=50, **change)
        recalculation.recalculate(crowd.portfolio.pk, today=TODAY, now=NOW)
        recalculation.claim_due(now=NOW + timedelta(hours=1))
        portfolios.change_portfolio(crowd.portfolio.pk, name="Other", tracks_cash=False, now=NOW)
        plans.set_limits(crowd.portfolio.pk, limits={}, monthly_spending=None, now=NOW)
        portfolios.delete_portfolio(crowd.portfolio.pk)


def test_signing_in_and_being_signed_in(crowd):
    browser = Client()
    secret = {"login": crowd.ada.email, "password": "correct horse battery staple"}

    with watched():
        entered = browser.post("/accounts/login/", secret)
        shown = browser.get("/api/v1/me/")

    assert (entered.status_code, shown.status_code) == (302, 200)


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
