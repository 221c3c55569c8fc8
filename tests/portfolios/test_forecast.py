"""Forecasts: what the API and the page say of years to come, on the real database."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from common import clock
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import buy, draft
from tests.portfolios.browsing import assert_shows, page, text_of

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
        ({"growth": "0.05", "volatility": ""}, "volatility"),
        ({"growth": "", "volatility": "0.1"}, "growth"),
        ({"growth": "-1", "volatility": "0.1"}, "growth"),
        ({"years": "2", "month": "25"}, "month"),
        ({"month": "-1"}, "month"),
    ],
)
def test_assumptions_that_make_no_sense_are_refused(api, portfolio, query, field):
    status, problem = ask(api, portfolio, **query)

    assert status == 422
    assert field in problem["errors"]


def walk(tree):
    yield tree
    for each in tree["inputs"]:
        yield from walk(each)


def explained(api, portfolio, **query):
    status, found = ask(api, portfolio, explain="1", **query)
    assert status == 200, found
    return found.pop("explain"), found


def assert_comes_to(tree, value, places=2):
    assert float(tree["value"]) == pytest.approx(float(value), abs=0.51 * 10**-places)


LIKELY = {"years": "3", "payment": "-300", "payment_growth": "0.1", "target": "9000"}


@pytest.mark.parametrize("query", [{"month": "0"}, {"month": "14"}, {}])
def test_every_figure_of_a_forecast_is_explained(api, portfolio, query):
    trees, found = explained(api, portfolio, growth="0.05", volatility="0.2", **LIKELY, **query)

    month = found["courses"][int(query.get("month", -1))]
    assert trees["courses"].keys() == month.keys() - {"date"}
    for name, tree in trees["courses"].items():
        assert_comes_to(tree, month[name])
    for name in ("reaches_target", "runs_out"):
        assert 0 < float(found[name]) < 1
        assert_comes_to(trees[name], found[name], places=4)
    assert_comes_to(trees["history"]["worth"], found["worth"])
    for name, figure in found["history"].items():
        assert (trees["history"][name]["value"] is None) == (figure["value"] is None)
    assert {"Holdings", "Value of ACME"} <= {
        each["label"] for each in walk(trees["history"]["worth"])
    }


def test_a_percentile_is_told_by_two_courses_with_their_years_and_draws(api, portfolio):
    trees, _ = explained(api, portfolio, growth="0.05", volatility="0.2", years="2")

    low, high, part = trees["courses"]["p5"]["inputs"]
    assert [each["label"].partition(", ")[2] for each in (low, high)] == [
        "500 in order",
        "501 in order",
    ]
    assert part["value"] == "0.95"
    assert len(low["inputs"]) == 2
    (drawn,) = [each for each in low["inputs"][1]["inputs"] if each["formula"] == "list"]
    assert len(trees["lists"][drawn["label"]]) == 12
    assert drawn["note"] == (
        "10,000 normal random numbers for each month, one for each course, of NumPy's generator "
        "PCG64 with the seed 0."
    )


def test_what_is_drawn_from_history_leads_to_its_days(api, ada, acme):
    made = begun(ada, acme, days=400)
    trees, found = explained(api, made, years="1")

    for name, tree in trees["courses"].items():
        assert_comes_to(tree, found["courses"][-1][name])
    for name, figure in found["history"].items():
        assert_comes_to(trees["history"][name], figure["value"], places=9)
    label = next(label for label in trees["lists"] if label.startswith("Drawn for course"))
    leaf = next(each for month in trees["lists"][label] for each in walk(month) if each["ask"])
    days = {name: leaf["ask"][name] for name in ("start", "end")}
    performance = api.get(reverse("api-performance", args=[made.pk]), days).json()
    shown = performance["figures"][leaf["ask"]["figure"]]["value"]
    assert float(shown) == pytest.approx(float(leaf["value"]), abs=1e-9)


def test_without_a_forecast_there_is_nothing_to_explain_but_the_history(api, ada, portfolio):
    trees, _ = explained(api, portfolio)
    empty, _ = explained(api, factories.make_portfolio(ada, name="Empty"))

    assert trees["courses"] == {}
    assert trees["history"].keys() == {"worth", "growth", "volatility"}
    assert empty == {"history": {}, "courses": {}}


def test_each_figure_of_the_page_opens_its_tree(browser_of, ada, portfolio):
    browser = browser_of(ada)
    query = {**LIKELY, "years": "1", "growth": "5", "volatility": "20"}

    text = page(browser, "forecast", portfolio.pk, **query)

    links = set(re.findall(r'href="([^"]*/why/[^"]*)"', text))
    names = {link.split("/why/")[1].partition("/")[0] for link in links}
    courses = ("paid_in", "p5", "p25", "p50", "p75", "p95", "reaches_target", "runs_out")
    past = {"closing_value", "time_weighted_yearly", "volatility"}
    assert names == past | {f"forecast.{name}" for name in courses}
    for link in links:
        part = text_of(browser.get(link.replace("&amp;", "&"), headers={"hx-request": "true"}))
        assert_shows(part, '<div class="why-tree">', "Every number can be recomputed")
        if "forecast.p" in link:
            # All of them begin with what the portfolio is worth now, which is explained itself.
            more = re.search(r'href="([^"]*/why/closing_value/[^"]*)"', part)
            assert_shows(text_of(browser.get(more[1])), "Holdings", "Value of ACME")


def test_the_history_beside_the_assumptions_opens_its_trees(browser_of, ada, acme):
    made, browser = begun(ada, acme, days=400), browser_of(ada)

    text = page(browser, "forecast", made.pk, years="1")

    assert_shows(text, "why/time_weighted_yearly/?range=max", "why/volatility/?range=max")
    address = reverse("why", args=[made.pk, "forecast.p95"])
    part = text_of(browser.get(address, {"years": "1", "month": "12"}))
    assert_shows(
        part, "95 of 100 courses stay below", "Return from", "What was drawn of the history."
    )


@pytest.mark.parametrize(
    ("figure", "month"),
    [("p50", "121"), ("p50", "x"), ("p50", "²"), ("p50", ""), ("p7", "1"), ("reaches_target", "1")],
)
def test_what_the_forecast_does_not_show_is_not_found(browser_of, ada, acme, figure, month):
    made = begun(ada, acme, days=400)
    address = reverse("why", args=[made.pk, f"forecast.{figure}"])

    assert browser_of(ada).get(address, {"month": month}).status_code == 404


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
