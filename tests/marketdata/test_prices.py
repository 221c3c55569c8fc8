"""Prices that people record of their own instruments, on the real database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from common.errors import InvalidInput
from marketdata import selectors, services
from marketdata.adapters.base import DailyClose
from marketdata.events import own_closes_changed
from marketdata.models import Instrument, PriceBar
from marketdata.selectors import InstrumentNotFound, NotYourInstrument
from marketdata.services import PriceNotFound, PriceRefused
from tests import factories, stored
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(ada):
    return factories.make_instrument("HOUSE", owner=ada, mic="", currency="EUR")


def close(day, price):
    return DailyClose(date=date.fromisoformat(str(day)), close=Decimal(price))


def record(house, day, price):
    services.record_price(house.pk, owner_id=house.owner_id, price=close(day, price), now=NOW)


def record_all(house, *prices):
    services.record_prices(house.pk, owner_id=house.owner_id, prices=prices, now=NOW)


def delete(house, day):
    return services.delete_price(
        house.pk, owner_id=house.owner_id, day=date.fromisoformat(day), now=NOW
    )


def prices(house):
    return [(str(each.date), each.close) for each in selectors.list_prices(house.pk)]


def last_close(house):
    found = Instrument.objects.get(pk=house.pk)
    return found.last_close and (str(found.last_close_date), found.last_close)


def test_a_recorded_price_is_that_days_close_and_says_that_it_was_recorded_by_hand(house):
    record(house, "2026-02-01", "250000.50")

    bar = PriceBar.objects.get(instrument=house)
    assert (bar.close, bar.source, bar.recorded_at) == (Decimal("250000.50"), "manual", NOW)
    assert last_close(house) == ("2026-02-01", Decimal("250000.50"))


def test_a_day_recorded_again_has_the_new_price_only(house):
    for price in ("1", "2", "2"):
        record(house, "2026-02-01", price)

    assert prices(house) == [("2026-02-01", 2)]
    assert last_close(house) == ("2026-02-01", 2)


def test_an_older_price_leaves_the_last_close_alone(house):
    record(house, "2026-02-01", "2")
    record(house, "2026-01-01", "1")

    assert last_close(house) == ("2026-02-01", 2)


def test_after_a_deletion_the_last_close_is_the_one_before_or_none(house):
    record_all(house, close("2026-01-01", "1"), close("2026-02-01", "2"))

    assert delete(house, "2026-02-01") == close("2026-02-01", "2")
    assert last_close(house) == ("2026-01-01", 1)

    delete(house, "2026-01-01")
    assert last_close(house) is None
    assert selectors.latest_prices([str(house.pk)]) == {}


def test_a_price_that_is_not_there_cannot_be_deleted(house):
    with pytest.raises(PriceNotFound):
        delete(house, "2026-02-01")


@pytest.mark.parametrize("price", ["0", "-37.63", "0.0000000001", "9" * 18])
def test_prices_that_happen_are_kept_exactly(house, price):
    record(house, "2026-02-01", price)

    assert prices(house) == [("2026-02-01", Decimal(price))]


@pytest.mark.parametrize("day", ["1970-01-01", TODAY, TODAY + timedelta(days=1)])
def test_days_from_1970_to_where_it_is_tomorrow_already_can_be_priced(house, day):
    record(house, day, "1")

    assert prices(house) == [(str(day), 1)]


@pytest.mark.parametrize(
    ("day", "price", "field"),
    [
        ("1969-12-31", "1", "date"),
        (TODAY + timedelta(days=2), "1", "date"),
        (TODAY, "NaN", "close"),
        (TODAY, "-Infinity", "close"),
        (TODAY, "1e18", "close"),
        (TODAY, "1e-11", "close"),
    ],
)
def test_a_bad_price_is_refused_by_field_and_nothing_changes(house, day, price, field):
    before = stored.everything()

    with pytest.raises(PriceRefused) as one:
        record(house, day, price)
    with pytest.raises(PriceRefused) as several:
        record_all(house, close("2026-02-01", "1"), close(day, price))

    assert set(one.value.errors) == {field}
    assert set(several.value.errors) == {f"prices.1.{field}"}
    assert stored.everything() == before


def test_a_day_named_twice_is_refused(house):
    with pytest.raises(PriceRefused) as refusal:
        record_all(house, close("2026-02-01", "1"), close("2026-02-01", "2"))

    assert refusal.value.errors == {"prices.1.date": ["2026-02-01 is named twice."]}


@pytest.mark.parametrize("count", [0, services.MOST_PRICES + 1])
def test_none_and_too_many_prices_are_refused(house, count):
    with pytest.raises(PriceRefused) as refusal:
        record_all(house, *[close("2026-02-01", "1")] * count)

    assert set(refusal.value.errors) == {"prices"}


def test_five_thousand_prices_are_recorded_at_once(house):
    days = [TODAY - timedelta(days=number) for number in range(services.MOST_PRICES)]

    record_all(house, *(close(day, "5") for day in days))

    assert PriceBar.objects.filter(instrument=house).count() == services.MOST_PRICES


def attempts(instrument, *, owner_id):
    """Try everything that changes an instrument or its prices."""
    known = {"owner_id": owner_id, "now": NOW}
    price = close("2026-02-01", "1")
    yield lambda: services.record_price(instrument.pk, price=price, **known)
    yield lambda: services.record_prices(instrument.pk, prices=[price], **known)
    yield lambda: services.delete_price(instrument.pk, day=price.date, **known)
    yield lambda: services.change_instrument(instrument.pk, name="Mine", **known)


def test_nobody_changes_what_is_everybodys_or_somebody_elses(house, ada, bo):
    shared = factories.make_instrument("ACME")
    factories.make_closes(shared, {"2026-02-01": "5"})
    record(house, "2026-02-01", "1")
    before = stored.everything()

    for attempt in attempts(shared, owner_id=ada.pk):
        with pytest.raises(NotYourInstrument):
            attempt()
    for attempt in attempts(house, owner_id=bo.pk):
        with pytest.raises(InstrumentNotFound):
            attempt()

    assert stored.everything() == before


def test_an_own_instrument_is_renamed_classed_and_switched_off(house, ada):
    services.change_instrument(house.pk, owner_id=ada.pk, name=" The house ", now=NOW)
    services.change_instrument(house.pk, owner_id=ada.pk, is_active=False, now=NOW)

    changed = Instrument.objects.get(pk=house.pk)
    assert (changed.name, changed.is_active, changed.asset_class) == ("The house", False, "stock")
    assert list(selectors.list_instruments(ada.pk)) == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 161])
def test_a_bad_name_is_refused(house, ada, name):
    with pytest.raises(InvalidInput) as refusal:
        services.change_instrument(house.pk, owner_id=ada.pk, name=name, now=NOW)

    assert set(refusal.value.errors) == {"name"}


def test_a_price_is_stored_only_with_what_follows_from_it(house):
    def fail(**_more):
        raise RuntimeError

    own_closes_changed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            record(house, "2026-02-01", "1")
    finally:
        own_closes_changed.disconnect(fail)

    assert (prices(house), last_close(house)) == ([], None)


def test_ones_own_currency_pair_is_nobodys_exchange_rate(ada):
    pair = factories.make_pair("EUR/USD")
    factories.make_closes(pair, {"2026-02-01": "1.25"})
    mine = factories.make_pair("EUR/USD", owner=ada)
    record(mine, "2026-02-02", "1000000")

    now, previous = selectors.current_rates()
    history = selectors.rate_history(start=date(2026, 1, 1), end=TODAY)

    assert set(selectors.currency_pairs()) == {str(pair.pk)}
    assert now.find_rate("EUR", "USD") == previous.find_rate("EUR", "USD") == Decimal("1.25")
    assert history.on(date(2026, 2, 3)).find_rate("EUR", "USD") == Decimal("1.25")


def test_the_last_close_before_a_day_is_found_for_each_that_has_one(house, ada):
    boat = factories.make_instrument("BOAT", owner=ada, mic="")
    record_all(house, close("2026-01-01", "1"), close("2026-01-02", "2"), close("2026-01-03", "3"))
    ids = [str(house.pk), str(boat.pk)]

    found = selectors.closes_before(ids, day=date(2026, 1, 3))

    assert found == {str(house.pk): (date(2026, 1, 2), Decimal(2))}
