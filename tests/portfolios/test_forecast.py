"""Forecasts: what the API and the page say of years to come, on the real database."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from common import clock
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import buy, draft
from tests.portfolios.browsing import assert_shows, page

pytestmark = pytest.mark.django_db

STEADY = {"growth": "0.05", "volatility": "0"}


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


def begun(owner, acme, *, days):
    """Make a portfolio that has been worth 10,000, or a percent more, for some days."""
    today = clock.now().date()
    dates = [(today - timedelta(days=back)).isoformat() for back in range(days, 0, -1)]
    factories.make_closes(
        acme, {day: "100" if place % 2 else "101" for place, day in enumerate(dates)}
    )
    made = factories.make_portfolio(owner)
    for each in (draft("deposit", dates[0], amount="10000"), buy(acme, "100", "100", dates[0])):
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculation.recalculate(made.pk, today=today, now=clock.now())
    return made


@pytest.fixture
def portfolio(ada, acme):
    return begun(ada, acme, days=40)


@pytest.fixture
def api(program_of, ada):
    return program_of(ada)


def ask(api, portfolio, **query):
    answer = api.get(reverse("api-forecast", args=[portfolio.pk]), query)
    return answer.status_code, answer.json()


def test_steady_growth_and_payments_are_what_a_hand_computes(api, portfolio):
    """The example of the methods: 10,000 and 100 a month at 5 % a year."""
    _, found = ask(api, portfolio, years="1", payment="100", target="11727", **STEADY)

    end = found["courses"][-1]
    assert len(found["courses"]) == 13
    assert found["worth"] == "10000"
    assert {end[name] for name in ("p5", "p25", "p50", "p75", "p95")} == {"11727.26"}
    assert end["paid_in"] == "11200"
    assert (found["reaches_target"], found["runs_out"]) == ("1", "0")
    assert found["status"] == "complete"


def test_the_same_question_has_the_same_answer(api, portfolio):
    query = {"years": "5", "growth": "0.05", "volatility": "0.15"}

    first, again = (ask(api, portfolio, **query)[1] for _ in range(2))

    assert first["courses"] == again["courses"]
    widths = [float(each["p95"]) - float(each["p5"]) for each in first["courses"]]
    assert widths[0] == 0
    assert widths[-1] > widths[12] > 0


def test_withdrawals_that_are_too_large_run_out(api, portfolio):
    _, found = ask(api, portfolio, years="2", payment="-1000", **STEADY)

    assert found["runs_out"] == "1"
    assert found["courses"][-1]["p95"] == "0"


def test_a_short_history_is_no_history(api, portfolio):
    _, found = ask(api, portfolio)

    assert (found["status"], found["courses"]) == ("unavailable", [])
    assert "are needed" in found["reason"]
    assert found["history"]["volatility"]["status"] == "complete"


def test_a_year_of_history_is_drawn_from(api, ada, acme):
    _, found = ask(api, begun(ada, acme, days=400), years="1")

    assert found["status"] == "complete"
    assert "own history" in found["method"]
    assert len(found["courses"]) == 13


def test_its_own_growth_is_the_one_of_the_performance_page(api, ada, acme):
    """Also where a year has 360 days by the portfolio's own choice."""
    made = begun(ada, acme, days=399)
    policy = reverse("api-policy", args=[made.pk])
    assert api.put(policy, {"day_count": "act/360"}, format="json").status_code == 200
    recalculation.recalculate(made.pk, today=clock.now().date(), now=clock.now())

    _, found = ask(api, made, years="1")
    performance = api.get(reverse("api-performance", args=[made.pk]), {"range": "max"}).json()

    growth = found["history"]["growth"]["value"]
    assert growth == performance["figures"]["time_weighted_yearly"]["value"] != "0"


def test_a_portfolio_without_a_valued_day_says_so(api, ada):
    _, found = ask(api, factories.make_portfolio(ada, name="Empty"), **STEADY)

    assert (found["status"], found["worth"]) == ("unavailable", None)
    assert found["reason"] == "No day of this portfolio has been valued yet."


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"years": "0"}, "years"),
        ({"years": "51"}, "years"),
        ({"payment": "a lot"}, "payment"),
        ({"payment_growth": "0.6"}, "payment_growth"),
        ({"target": "-1"}, "target"),
        ({"growth": "0.05"}, "volatility"),
        ({"volatility": "0.1"}, "growth"),
        ({"growth": "-1", "volatility": "0.1"}, "growth"),
    ],
)
def test_assumptions_that_make_no_sense_are_refused(api, portfolio, query, field):
    status, problem = ask(api, portfolio, **query)

    assert status == 422
    assert field in problem["errors"]


def test_the_page_shows_what_the_api_says(browser_of, ada, portfolio):
    query = {"years": "1", "payment": "100", "target": "11727", "growth": "5", "volatility": "0"}

    text = page(browser_of(ada), "forecast", portfolio.pk, **query)

    assert_shows(text, "11,727.26", "11,200.00", "100.00%", "polygon", "normal, 5.00% a year")


@pytest.mark.parametrize(("days", "lines"), [(40, 0), (400, 2)])
def test_empty_fields_show_what_is_assumed(browser_of, ada, acme, days, lines):
    """Its own growth and volatility only where there is enough of them to be drawn from."""
    text = page(browser_of(ada), "forecast", begun(ada, acme, days=days).pk)

    assert re.search(r'name="years"[^>]*placeholder="10"', text)
    assert re.search(r'name="payment"[^>]*placeholder="0"', text)
    assert len(re.findall(r'placeholder="-?[0-9]+[.][0-9]+"', text)) == lines


def test_the_page_explains_why_there_is_no_forecast(browser_of, ada, portfolio):
    text = page(browser_of(ada), "forecast", portfolio.pk)

    assert_shows(text, "There is no forecast", "are needed", "Assumptions")


def test_the_page_names_what_it_cannot_use(browser_of, ada, portfolio):
    text = page(browser_of(ada), "forecast", portfolio.pk, growth="5")

    assert_shows(text, "Growth and volatility are given together, or neither.")
