"""From the price that somebody records to what their portfolios are worth."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from marketdata import services as market
from marketdata.adapters.base import DailyClose
from portfolios import selectors, tasks
from portfolios.models import DailyValue, Portfolio
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, sell

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(ada):
    return factories.make_instrument("HOUSE", owner=ada, mic="")


@pytest.fixture
def portfolio(ada, house):
    """A house bought for 100 on January 5, and no price of it."""
    return holding(ada, "Home", buy(house, "1", "100", "2026-01-05"))


@pytest.fixture
def _unqueued(monkeypatch):
    """Leave what is due undone, as when the queue is away."""
    monkeypatch.setattr(tasks.recalculate_portfolio, "apply_async", lambda **_options: None)


def holding(owner, name, *drafts):
    made = factories.make_portfolio(owner, name=name, tracks_cash=False)
    for draft in drafts:
        ledger.record_transaction(made.pk, draft=draft, now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return Portfolio.objects.get(pk=made.pk)


def record(house, day, price):
    market.record_price(
        house.pk,
        owner_id=house.owner_id,
        price=DailyClose(date=date.fromisoformat(day), close=Decimal(price)),
        now=NOW,
    )


def delete(house, day):
    market.delete_price(house.pk, owner_id=house.owner_id, day=date.fromisoformat(day), now=NOW)


def values(portfolio, *days):
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)
    found = {str(each.date): each.value for each in selectors.list_daily_values(portfolio.pk)}
    return [found[day] for day in days]


def summary(portfolio):
    return selectors.summarize(Portfolio.objects.get(pk=portfolio.pk), now=NOW)


def test_a_price_values_every_day_from_its_own_on_however_long_ago(portfolio, house):
    record(house, "2026-01-10", "120")

    assert values(portfolio, "2026-01-09", "2026-01-10", "2026-01-31", "2026-03-01") == [
        None,
        120,
        120,
        120,
    ]
    assert summary(portfolio).valuation.total == 120
    assert summary(portfolio).status.value == "complete"


@pytest.mark.usefixtures("_unqueued")
def test_a_recalculation_from_a_later_day_still_knows_the_old_price(portfolio, house):
    record(house, "2026-01-10", "120")
    later, then = TODAY + timedelta(days=100), NOW + timedelta(days=100)
    recalculation.recalculate(portfolio.pk, today=later, now=then, extend=True)

    ledger.record_transaction(
        portfolio.pk,
        draft=buy(house, "1", "130", str(later - timedelta(days=2))),
        now=then,
    )
    recalculation.recalculate(portfolio.pk, today=later, now=then)

    newest = selectors.last_daily_value(portfolio.pk)
    assert (newest.date, newest.value) == (later - timedelta(days=1), 240)


def test_a_price_from_a_source_still_expires(ada):
    shared = factories.make_instrument("ACME")
    factories.make_closes(shared, {"2026-01-05": "5"})

    portfolio = holding(ada, "Shares", buy(shared, "1", "5", "2026-01-05"))

    assert values(portfolio, "2026-01-15", "2026-01-16") == [5, None]


def test_a_corrected_and_a_deleted_price_are_followed(portfolio, house):
    record(house, "2026-01-10", "120")
    record(house, "2026-02-10", "150")
    assert values(portfolio, "2026-02-09", "2026-02-10") == [120, 150]

    record(house, "2026-02-10", "140")
    assert values(portfolio, "2026-02-09", "2026-02-10") == [120, 140]

    delete(house, "2026-02-10")
    assert values(portfolio, "2026-02-09", "2026-02-10") == [120, 120]

    delete(house, "2026-01-10")
    assert values(portfolio, "2026-01-10", "2026-02-10") == [None, None]
    assert summary(portfolio).status.value == "unavailable"


@pytest.mark.usefixtures("_unqueued")
def test_each_portfolio_that_holds_or_held_it_is_due_from_that_day_and_no_other(
    ada, bo, portfolio, house
):
    sold = holding(
        ada, "Sold", buy(house, "1", "1", "2026-01-05"), sell(house, "1", "2", "2026-01-20")
    )
    void = holding(ada, "Void", buy(house, "1", "1", "2026-01-05"))
    (row,) = selectors.list_transactions(void.pk)
    ledger.void_transaction(void.pk, transaction_id=row.pk, revision=1, changed_by=ada.pk, now=NOW)
    recalculation.recalculate(void.pk, today=TODAY, now=NOW)
    holding(ada, "Other", factories.draft("deposit", amount="1"))
    holding(bo, "Bo's", factories.draft("deposit", amount="1"))

    record(house, "2026-01-15", "5")

    due = Portfolio.objects.filter(is_recalculating=True).order_by("name")
    assert [(each.name, str(each.stale_from)) for each in due] == [
        ("Home", "2026-01-15"),
        ("Sold", "2026-01-15"),
    ]
    assert all(each.ledger_revision > each.computed_revision for each in due)
    assert {each.name for each in selectors.list_due(now=NOW + timedelta(minutes=1))} == {
        "Home",
        "Sold",
    }
    assert sold.ledger_revision == 2


def test_the_recalculation_is_queued_once_the_price_is_stored(portfolio, house):
    record(house, "2026-01-10", "120")

    # Tasks run at once here, on the real clock.
    fresh = Portfolio.objects.get(pk=portfolio.pk)
    assert (fresh.is_recalculating, fresh.computed_revision) == (False, 2)
    assert DailyValue.objects.get(portfolio=portfolio, date=date(2026, 1, 10)).value == 120


@pytest.mark.usefixtures("_unqueued")
def test_a_portfolio_is_due_for_what_another_instrument_turned_into(ada, house):
    street = factories.make_instrument("STREET")
    spin_off = factories.draft(
        "spin_off", instrument=street, to_instrument_id=str(house.pk), ratio="1"
    )
    portfolio = holding(ada, "Home", buy(street, "1", "100"), spin_off)

    record(house, "2026-01-10", "120")

    assert Portfolio.objects.get(pk=portfolio.pk).is_recalculating


def test_another_multiplier_values_all_days_anew(portfolio, house):
    record(house, "2026-01-10", "120")

    market.change_instrument(house.pk, owner_id=house.owner_id, multiplier=Decimal(2), now=NOW)

    assert Portfolio.objects.get(pk=portfolio.pk).computed_revision == 3
    assert values(portfolio, "2026-01-10", "2026-03-01") == [240, 240]
    assert summary(portfolio).positions[0].cost_base == 200


@pytest.mark.usefixtures("_unqueued")
def test_a_price_that_is_refused_leaves_portfolios_alone(portfolio, house):
    with pytest.raises(market.PriceNotFound):
        delete(house, "2026-01-10")

    assert Portfolio.objects.get(pk=portfolio.pk) == portfolio
    assert not Portfolio.objects.get(pk=portfolio.pk).is_recalculating
