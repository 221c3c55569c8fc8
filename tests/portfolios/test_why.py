"""How figures come about: in the API and beside them on the page."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from common import clock, manual
from portfolios.domain.ranges import RangeName, named_range
from portfolios.selectors import replaying
from portfolios.services import ledger, recalculation
from portfolios.views.base import chosen_range
from tests import factories
from tests.factories import NOW, TODAY, buy, draft, sell
from tests.portfolios.browsing import assert_shows, page, text_of

pytestmark = pytest.mark.django_db
FIGURES = (
    "total",
    "holdings_value",
    "cash",
    "day_change",
    "unrealized",
    "realized",
    "income",
    "fees",
    "taxes",
)


@pytest.fixture
def portfolio(ada):
    acme = factories.make_instrument("ACME")
    factories.make_closes(acme, {"2026-02-26": "11", "2026-02-27": "12"})
    euro = factories.make_instrument("EURO", currency="EUR")
    factories.make_closes(euro, {"2026-02-26": "7", "2026-02-27": "8"})
    factories.make_closes(factories.make_pair(), {"2026-01-01": "1.2", "2026-02-27": "1.25"})
    made = factories.make_portfolio(ada)
    for each in (
        draft("deposit", amount="1000"),
        buy(acme, "10", "5.5", fee="1"),
        buy(acme, "3", "6", "2026-01-06"),
        buy(euro, "3", "7", "2026-01-06", fx_rate="1.2"),
        sell(acme, "4", "9", tax="2"),
        draft("dividend", instrument=acme, amount="6"),
        draft("interest", amount="2"),
    ):
        ledger.record_transaction(made.pk, draft=each, now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return made


def anchors_of(tree):
    return {tree["method"]}.union(*(anchors_of(each) for each in tree["inputs"]))


def test_the_trees_end_in_the_figures_of_the_summary(program_of, ada, portfolio):
    api, address = program_of(ada), reverse("api-summary", args=[portfolio.pk])

    answer = api.get(address, {"explain": "1"}).json()

    trees = answer.pop("explain")
    plain = api.get(address).json()
    assert {**plain, "as_of": 0} == {**answer, "as_of": 0}
    shown = plain | {"cash": plain["cash_value"]}
    assert {name: trees[name]["value"] for name in FIGURES} == {
        name: shown[name] for name in FIGURES
    }
    for position in plain["positions"]:
        tree = trees["positions"][position["instrument_id"]]
        assert {
            "value_base": tree["value"]["value"],
            "cost_base": tree["cost"]["value"],
            "average_cost": tree["average_cost"]["value"],
            "unrealized_base": tree["unrealized"]["value"],
            "weight": tree["weight"]["value"],
            "unrealized_rate": tree["unrealized_rate"]["value"],
        }.items() <= position.items()
    known = {each.anchor for each in manual.read("methods").headings}
    assert set().union(*(anchors_of(trees[name]) for name in FIGURES)) <= known


def test_a_product_is_told_by_its_factors(program_of, ada, portfolio):
    answer = program_of(ada).get(reverse("api-summary", args=[portfolio.pk]), {"explain": "1"})

    holdings = answer.json()["explain"]["holdings_value"]
    (euro,) = [each for each in holdings["inputs"] if each["label"] == "Value of EURO"]
    assert euro["formula"] == "product"
    assert [Decimal(each["value"]) for each in euro["inputs"]] == [3, 8, Decimal("1.25")]
    assert euro["value"] == "30"


@pytest.mark.parametrize("figure", FIGURES)
def test_each_figure_opens_what_it_is_made_of_as_a_page_or_a_part(
    browser_of, ada, portfolio, figure
):
    browser, address = browser_of(ada), reverse("why", args=[portfolio.pk, figure])

    whole, part = browser.get(address), browser.get(address, headers={"hx-request": "true"})

    assert f'href="{address}"' in page(browser, "portfolio", portfolio.pk)
    assert_shows(text_of(whole), "<h1>", "As of", 'href="/methods/#')
    assert text_of(part).startswith('<div class="why-tree">')


def test_what_is_no_figure_is_not_found(browser_of, ada, portfolio):
    untracked = factories.make_portfolio(ada, name="Other", tracks_cash=False)

    for owner, name in ((portfolio, "positions"), (portfolio, "secret"), (untracked, "cash")):
        address = reverse("why", args=[owner.pk, name])
        assert browser_of(ada).get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "query", "figures"),
    [
        ("portfolio", {}, {"total", "position.value", "position.average_cost", "time_weighted"}),
        ("performance", {"range": "max"}, {"gain", "volatility", "drawdown", "time_weighted"}),
        ("performance", {"benchmark": "it"}, {"benchmark.beta", "benchmark.lead", "inflow"}),
        ("gains", {}, {"attribution.price", "attribution.position", "sales.gain"}),
        ("gains", {"range": "1m"}, {"attribution.opening_value", "attribution.paid_in"}),
        ("allocation", {}, {"slice.value", "slice.weight", "check.value", "check.most"}),
        ("positions", {}, {"added.gain", "added.rest_gain", "added.correlation", "gain"}),
    ],
)
def test_each_figure_of_a_page_says_why(browser, lively_portfolio, priced, name, query, figures):
    query = {key: str(priced.pk) if value == "it" else value for key, value in query.items()}
    text = page(browser, name, lively_portfolio.pk, **query)
    assert (
        "&lt;" not in browser.get(reverse(name, args=[lively_portfolio.pk]), query).content.decode()
    )

    links = set(re.findall(r'href="([^"]*/why/[^"]*)"', text))

    assert figures <= {urlsplit(link).path.rstrip("/").rpartition("/")[2] for link in links}
    for link in links:
        part = text_of(browser.get(link, headers={"hx-request": "true"}))
        assert re.match('<div class="why-tree"> <(details open|div class="why-leaf")>', part), link
        assert "</details>" in part or '<small class="muted">' in part, link


def test_a_number_that_is_explained_elsewhere_leads_there(browser, lively_portfolio, priced):
    """From the return of a month to what everything was worth on a day, with the benchmark kept."""
    address = reverse("why", args=[lively_portfolio.pk, "time_weighted"])

    text = text_of(browser.get(address, {"range": "max", "benchmark": str(priced.pk)}))

    link = re.findall(r'href="([^"]*/why/closing_value/[^"]*)"', text)[-1]
    assert f"benchmark={priced.pk}" in link
    assert_shows(text_of(browser.get(link)), "Value of ACME", "USD for one EUR", "Cash")


def test_days_that_can_not_be_explained_say_so(browser, lively_portfolio, monkeypatch):
    monkeypatch.setattr(replaying, "MOST_EVENTS", 2)
    day = clock.now().date() - timedelta(days=10)
    address = reverse("why", args=[lively_portfolio.pk, "closing_value"])

    text = text_of(browser.get(address, {"start": day.isoformat(), "end": day.isoformat()}))

    assert_shows(text, "These days have more than 2 transactions.")


@pytest.mark.parametrize(
    ("figure", "query"),
    [
        ("position.value", {"instrument": "0" * 24}),
        ("position.secret", {}),
        ("attribution.position", {"instrument": "x"}),
        ("slice.value", {"by": "color", "key": "red"}),
        ("slice.value", {"by": "sector", "key": "red"}),
        ("drift.weight", {"key": "x"}),
        ("check.value", {"rule": "luck"}),
        # So much as decides it is classified.
        ("check.most", {"rule": "fees"}),
        ("sales.gain", {"year": "1900"}),
        ("sales.gain", {}),
        ("benchmark.beta", {}),
        ("other.total", {}),
        ("total.total.total", {}),
    ],
)
def test_what_nothing_is_shown_of_is_not_found(browser, lively_portfolio, figure, query):
    address = reverse("why", args=[lively_portfolio.pk, figure])

    assert browser.get(address, query).status_code == 404


def test_a_month_in_which_nothing_was_held_leads_nowhere(browser, ada, today):
    """What isn't there can't be told more of; it says so instead."""
    late = factories.make_instrument("LATE")
    days = [(today - timedelta(days=back)).isoformat() for back in range(200, 0, -1)]
    factories.make_closes(late, dict.fromkeys(days, "10"))
    made = factories.make_portfolio(ada)
    for each in (draft("deposit", days[0], amount="1000"), buy(late, "10", "10", days[150])):
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculation.recalculate(made.pk, today=today, now=clock.now())
    address = reverse("why", args=[made.pk, "added.time_weighted"])

    text = text_of(browser.get(address, {"range": "max", "instrument": str(late.pk)}))

    assert_shows(text, "There was nothing on any of these days.")
    for link in re.findall(r'href="([^"]*/why/[^"]*)"', text):
        assert browser.get(link).status_code == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"start": "2026-11-20", "end": "2026-01-01"}, "The last day is before the first."),
        ({"start": "2025-13-01"}, "valid date"),
        ({"range": "huh"}, "not one of the available choices"),
    ],
)
@pytest.mark.parametrize("figure", ["time_weighted", "attribution.price", "added.rest_gain"])
def test_days_that_can_not_be_are_named(browser, lively_portfolio, figure, query, words):
    text = text_of(browser.get(reverse("why", args=[lively_portfolio.pk, figure]), query))

    assert_shows(text, words)
    assert "From the close of" not in text


@pytest.mark.parametrize("figure", ["volatility", "attribution.price", "added.rest_gain"])
def test_the_days_that_it_is_about_are_told(browser, lively_portfolio, figure, today):
    query = {
        name: (today - timedelta(days=back)).isoformat()
        for name, back in (("start", 30), ("end", 2))
    }

    text = text_of(browser.get(reverse("why", args=[lively_portfolio.pk, figure]), query))

    assert_shows(text, "From the close of")


def test_small_numbers_are_shown_with_the_digits_that_count(browser, lively_portfolio, priced):
    address = reverse("why", args=[lively_portfolio.pk, "benchmark.beta"])

    text = text_of(browser.get(address, {"range": "max", "benchmark": str(priced.pk)}))

    covariance, variance = (
        Decimal(re.search(rf"<span>{name}</span> <span class=\"number\"> ([0-9.]+) ", text)[1])
        for name in ("Covariance", "Variance of the benchmark")
    )
    beta = Decimal(re.search(r"<span>Beta</span> <span class=\"number\"> ([0-9.]+) ", text)[1])
    assert abs(covariance / variance - beta) < Decimal("1e-9")


@pytest.mark.parametrize("today", [date(2026, 11, 27), date(2024, 2, 29), date(2026, 5, 31)])
@pytest.mark.parametrize("name", ["1m", "3m", "1y", "3y"])
def test_a_range_is_measured_from_one_close_on_all_pages(rf, ada, name, today):
    request = rf.get("/", {"range": name})
    request.user = ada
    now = datetime.combine(today, time(12), UTC)

    _, since = chosen_range(request, now=now)

    days = named_range(RangeName(name.upper()), today=today, first_day=date(2000, 1, 1))
    assert since == days.opening_date


def test_each_figure_of_a_holding_opens_its_tree_here_and_at_its_instrument(
    browser_of, ada, portfolio
):
    browser = browser_of(ada)
    shown = page(browser, "portfolio", portfolio.pk)
    links = set(re.findall(r'href="([^"]*/why/position[^"]*)"', shown))
    names = {link.split("/why/position.")[1].partition("/")[0] for link in links}
    assert names == {
        *("value", "value_local", "average_cost", "weight"),
        *("unrealized", "unrealized_rate", "day_change", "day_change_rate"),
    }
    (instrument,) = {link.partition("instrument=")[2] for link in links if "value_local" in link}
    there = set(re.findall(r'href="([^"]*/why/[^"]*)"', page(browser, "instrument", instrument)))

    assert len(there) == 4
    for link in links | there:
        assert browser.get(link).status_code == 200, link
