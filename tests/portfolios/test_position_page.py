"""What one position was worth over a range, on its page."""

from datetime import timedelta

import pytest

from common import clock
from portfolios.selectors import replaying
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import buy, draft, sell
from tests.portfolios.browsing import assert_shows, page

pytestmark = pytest.mark.django_db


def day(back):
    return (clock.now().date() - timedelta(days=back)).isoformat()


@pytest.fixture
def stock():
    return factories.make_instrument("ACME")


@pytest.fixture
def portfolio(ada, stock):
    """Ten for two days, none for three, then two until now."""
    factories.make_closes(stock, {day(back): "12" for back in range(20, 0, -1)})
    made = factories.make_portfolio(ada, tracks_cash=False)
    for each in (
        buy(stock, "10", "11", day(8)),
        sell(stock, "10", "12", day(6)),
        buy(stock, "2", "12", day(3)),
    ):
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculation.recalculate(made.pk, today=clock.now().date(), now=clock.now())
    return made


def drawn(browser, portfolio, stock, **query):
    answer = browser.get(f"/portfolios/{portfolio.pk}/positions/{stock.pk}/", query)
    assert answer.status_code == 200
    return [(each["date"], float(each["value"])) for each in answer.context["values"]]


def test_each_day_is_drawn_with_nothing_between_two_holdings(browser, portfolio, stock):
    assert drawn(browser, portfolio, stock) == [
        (day(8), 120),
        (day(7), 120),
        (day(6), 0),
        (day(5), 0),
        (day(4), 0),
        (day(3), 24),
        (day(2), 24),
        (day(1), 24),
    ]
    shown = page(browser, "position", portfolio.pk, stock.pk)
    assert_shows(shown, "Worth of the position", "Show as table", "2 held on")
    assert_shows(shown, f'data-chart-live="position:{portfolio.pk}:{stock.pk}:value_base"')


def test_a_range_that_has_ended_is_drawn_and_stays_as_it_is(browser, portfolio, stock):
    wanted = {"start": day(8), "end": day(7)}

    assert drawn(browser, portfolio, stock, **wanted) == [(day(8), 120), (day(7), 120)]
    assert 'data-chart-live=""' in page(browser, "position", portfolio.pk, stock.pk, **wanted)


def test_days_without_a_price_are_counted_and_left_out(browser, ada, stock):
    factories.make_closes(stock, {day(2): "12"})
    made = factories.make_portfolio(ada, tracks_cash=False)
    ledger.record_transaction(made.pk, draft=buy(stock, "1", "11", day(4)), now=clock.now())
    recalculation.recalculate(made.pk, today=clock.now().date(), now=clock.now())

    assert drawn(browser, made, stock) == [(day(2), 12), (day(1), 12)]
    assert_shows(page(browser, "position", made.pk, stock.pk), "2 days lack a price")


def test_what_was_never_held_is_said(browser, portfolio):
    other = factories.make_instrument("BOLT")

    assert_shows(page(browser, "position", portfolio.pk, other.pk), "It was held on no day")


def test_a_ledger_that_is_too_long_is_said(browser, portfolio, stock, monkeypatch):
    monkeypatch.setattr(replaying, "MOST_EVENTS", 1)

    shown = page(browser, "position", portfolio.pk, stock.pk)

    assert_shows(shown, "There is nothing to draw", "more than 1 transactions")


def test_rows_about_other_instruments_are_not_gone_through(browser, portfolio, stock, monkeypatch):
    other = factories.make_instrument("BOLT")
    for back in (9, 8, 7, 2):
        bought = buy(other, "1", "10", day(back))
        ledger.record_transaction(portfolio.pk, draft=bought, now=clock.now())
    recalculation.recalculate(portfolio.pk, today=clock.now().date(), now=clock.now())
    monkeypatch.setattr(replaying, "MOST_EVENTS", 3)

    assert drawn(browser, portfolio, stock)[0] == (day(8), 120)


def test_what_became_a_position_is_gone_through_with_it(browser, portfolio, stock):
    merged = factories.make_instrument("BOLT")
    factories.make_closes(merged, {day(2): "30", day(1): "31"})
    turned = draft("merger", day(2), instrument=stock, to_instrument_id=str(merged.pk), ratio="0.5")
    ledger.record_transaction(portfolio.pk, draft=turned, now=clock.now())
    recalculation.recalculate(portfolio.pk, today=clock.now().date(), now=clock.now())

    assert drawn(browser, portfolio, merged) == [(day(2), 30), (day(1), 31)]
    assert drawn(browser, portfolio, stock)[-2:] == [(day(3), 24), (day(2), 0)]


def test_other_pages_lead_there(browser, portfolio, stock):
    address = f"/portfolios/{portfolio.pk}/positions/{stock.pk}/"

    for name, ids in (
        ("instrument", [stock.pk]),
        ("lots", [portfolio.pk, stock.pk]),
        ("positions", [portfolio.pk]),
    ):
        assert f'href="{address}"' in page(browser, name, *ids), name


def test_a_stranger_finds_nothing(browser_of, bo, portfolio, stock):
    address = f"/portfolios/{portfolio.pk}/positions/{stock.pk}/"

    assert browser_of(bo).get(address).status_code == 404
