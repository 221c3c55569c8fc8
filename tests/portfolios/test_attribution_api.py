"""Where a gain came from, from the stored snapshot and from a whole ledger."""

from decimal import Decimal

import pytest
from django.urls import reverse

from portfolios.models import CheckpointPart, Portfolio, Snapshot
from portfolios.selectors import attribution, replaying, summarize
from portfolios.services import ledger, portfolios, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, draft, sell
from tests.portfolios.browsing import assert_shows, page
from tests.portfolios.conftest import computed, record

pytestmark = pytest.mark.django_db
PARTS = ("price", "currency_effect", "cash_currency", "income")


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME", currency="USD")
    factories.make_closes(
        instrument,
        {"2026-01-05": "100", "2026-01-31": "105", "2026-02-10": "110", "2026-02-27": "120"},
    )
    return instrument


@pytest.fixture
def portfolio(ada, acme):
    """The example of the methods, with a fee, a dividend and its tax."""
    rates = {"2026-01-05": "1.30", "2026-01-30": "1.30", "2026-02-05": "1.40", "2026-02-27": "1.40"}
    factories.make_closes(factories.make_pair("USD/CAD"), rates)
    return computed(
        ada,
        draft("deposit", "2026-01-05", amount="1500"),
        buy(acme, "10", "100", "2026-01-06"),
        sell(acme, "4", "110", "2026-02-10", fee="5"),
        draft("dividend", "2026-02-10", instrument=acme, amount="20", tax="4"),
        base_currency="CAD",
    )


def at(portfolio, query=""):
    return reverse("api-attribution", args=[portfolio.pk]) + query


def assert_adds_up(answer):
    sums = [Decimal(answer[name]) for name in ("contributed", *PARTS)]
    charges = Decimal(answer["fees"]) + Decimal(answer["taxes"])
    assert sum(sums) - charges == Decimal(answer["value"])
    assert (Decimal(answer["residual"]), answer["is_broken"]) == (0, False)


def test_the_gain_so_far_is_told_apart_at_the_newest_prices(api, portfolio, acme):
    answer = api.get(at(portfolio)).json()

    assert (answer["basis"], answer["currency"], answer["status"]) == ("tax", "CAD", "complete")
    assert (answer["contributed"], answer["price"], answer["currency_effect"]) == (
        "1950",
        "224",
        "100",
    )
    assert (answer["cash_currency"], answer["income"]) == ("50", "28")
    assert (answer["fees"], answer["taxes"]) == ("7", "5.6")
    assert_adds_up(answer)
    (position,) = answer["positions"]
    assert (position["realized_price"], position["unrealized_price"]) == ("56", "168")
    assert position["total"] == "339.4"


def test_the_value_is_that_of_the_summary(portfolio):
    fresh = Portfolio.objects.get()

    found = attribution.attribute_now(fresh, now=NOW).attribution

    assert found.value == summarize(fresh, now=NOW).valuation.total


def test_cash_that_is_not_tracked_came_from_outside(api, portfolio):
    portfolios.change_portfolio(portfolio.pk, name="Other", tracks_cash=False, now=NOW)
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    answer = api.get(at(portfolio)).json()
    period = api.get(at(portfolio, "?start=2026-02-01&end=2026-02-28")).json()

    assert (answer["value"], answer["cash_currency"]) == ("1008", "0")
    assert answer["price"] == "224"
    assert (period["opening_value"], period["value"], period["cash_currency"]) == (
        "1365",
        "1008",
        "0",
    )
    assert_adds_up(answer)
    assert_adds_up(period)


def test_a_period_starts_from_what_everything_was_worth(api, portfolio):
    answer = api.get(at(portfolio, "?start=2026-02-01&end=2026-02-28")).json()

    assert (answer["basis"], answer["start"], answer["end"]) == (
        "period",
        "2026-02-01",
        "2026-02-28",
    )
    # Ten at 105 USD and 500 USD, at 1.30.
    assert answer["opening_value"] == "2015"
    assert answer["contributed"] == "2015"
    # Four sold at 110 and six at 120 now, against 105, at 1.40.
    assert answer["price"] == "154"
    assert answer["currency_effect"] == "105"
    # 440 × 1.40 − 5 × 1.40 of the sale less 400 × 1.30.
    assert answer["realized_tax_basis"] == "89"
    assert_adds_up(answer)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?end=2026-02-01", "start"),
        ("?start=2026-02-02&end=2026-02-01", "start"),
        ("?start=1969-12-31", "start"),
        ("?start=2026-02-02&end=9999-12-31", "end"),
        ("?start=yesterday", "start"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused_by_its_name(api, portfolio, query, field):
    answer = api.get(at(portfolio, query))

    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {field}


def test_a_ledger_that_takes_too_long_is_refused_politely(api, portfolio, monkeypatch):
    monkeypatch.setattr(replaying, "MOST_EVENTS", 3)

    answer = api.get(at(portfolio, "?start=2026-02-01"))

    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/ledger-too-long"
    assert "more than 3 transactions" in answer.json()["detail"]


@pytest.mark.parametrize("query", ["", "?start=2026-02-01&end=2026-02-27"])
@pytest.mark.parametrize("rule", ["report", "zero_cost"])
def test_what_rests_on_a_sale_of_more_than_was_held_is_partial(
    api, browser_of, ada, acme, query, rule
):
    made = factories.make_portfolio(ada)
    Portfolio.objects.filter(pk=made.pk).update(policy={"oversell": rule})
    record(made, buy(acme, "10", "100", "2026-01-06"), sell(acme, "25", "110", "2026-02-10"))
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)

    assert api.get(at(made, query)).json()["status"] == "partial"
    (year,) = api.get(reverse("api-tax-years", args=[made.pk])).json()["years"]
    assert (year["year"], year["status"]) == (2026, "partial")
    assert page(browser_of(ada), "gains", made.pk).count("Incomplete") == 2


@pytest.mark.usefixtures("eager_checkpoints")
def test_a_period_goes_on_from_the_checkpoint_before_it(api, portfolio, monkeypatch):
    query = "?start=2026-02-05&end=2026-02-20"
    with monkeypatch.context() as patched:
        # The sale and the dividend; the deposit and the purchase lie behind the checkpoint.
        patched.setattr(replaying, "MOST_EVENTS", 2)
        found = api.get(at(portfolio, query)).json()
    CheckpointPart.objects.all().delete()

    assert found["contributed"] is not None
    assert api.get(at(portfolio, query)).json() == found


def test_the_page_says_where_the_gain_came_from(browser_of, ada, portfolio):
    shown = page(browser_of(ada), "gains", portfolio.pk)

    assert_shows(shown, "Where the gain came from", "1,950.00", "+224.00", "+100.00", "+50.00")
    assert_shows(shown, "+339.40", "tax basis")
    assert "don't add up" not in shown


def test_parts_that_do_not_add_up_are_said_loudly(browser_of, ada, portfolio):
    snapshot = Snapshot.objects.get()
    snapshot.content["totals"]["contributed"] = "1900"
    snapshot.save()

    shown = page(browser_of(ada), "gains", portfolio.pk)

    assert_shows(shown, 'role="alert"', "don't add up to the whole: 50.00 CAD are left over")


def test_what_has_no_price_is_named(browser_of, ada, portfolio):
    dark = factories.make_instrument("DARK")
    ledger.record_transaction(portfolio.pk, draft=buy(dark, "1", "1"), now=NOW)
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    assert_shows(page(browser_of(ada), "gains", portfolio.pk), "The whole can't be said", "DARK")


def test_a_portfolio_without_anything_has_gained_nothing(api, ada):
    answer = api.get(at(factories.make_portfolio(ada, name="Empty"))).json()

    assert (answer["gain"], answer["status"], answer["positions"]) == ("0", "complete", [])
