"""With `explain=1` an answer says of each figure what it is made of, and comes to it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from common import manual
from portfolios.domain.explaining import sales as explaining_sales
from tests import factories
from tests.portfolios.browsing import assert_shows, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def portfolio(lively_portfolio):
    return lively_portfolio


@pytest.fixture
def acme(priced):
    return priced


BENCHMARK_OF = {
    "performance": {"time_weighted", "time_weighted_yearly", "same_flows_value", "lead"},
    "risk": {"beta", "alpha", "correlation", "tracking_error"},
}


def ask(api, name, portfolio, **query):
    """Return the trees of an answer, and the answer that is the same without them."""
    answer = api.get(reverse(f"api-{name}", args=[portfolio.pk]), {**query, "explain": "1"})
    assert answer.status_code == 200, answer.content
    found = answer.json()
    return found.pop("explain"), found


def walk(tree):
    yield tree
    for each in tree["inputs"]:
        yield from walk(each)


def assert_comes_to(tree, value):
    assert (tree["value"] is None) == (value is None), tree
    if value is not None:
        assert float(tree["value"]) == pytest.approx(float(value), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("name", ["performance", "risk"])
def test_the_trees_of_a_range_come_to_its_figures(api, portfolio, acme, name):
    trees, found = ask(api, name, portfolio, range="max", benchmark=str(acme.pk))

    assert trees["figures"].keys() == found["figures"].keys()
    for figure, tree in trees["figures"].items():
        assert_comes_to(tree, found["figures"][figure]["value"])
        assert tree["value"] is not None
    for figure in BENCHMARK_OF[name]:
        assert_comes_to(trees["benchmark"][figure], found["benchmark"][figure]["value"])
    known = {each.anchor for each in manual.read("methods").headings}
    for part in ("figures", "benchmark"):
        for tree in trees[part].values():
            assert {each["method"] for each in walk(tree)} <= known
    if name == "risk":
        assert_comes_to(trees["drawdown"], found["drawdown"]["depth"]["value"])
        assert len(trees["lists"]["Returns"]) == found["figures"]["volatility"]["observations"]


def test_a_live_value_at_the_end_is_made_of_positions_and_cash(api, portfolio):
    trees, _ = ask(api, "performance", portfolio, range="1m")

    closing = trees["figures"]["closing_value"]
    assert [each["label"] for each in closing["inputs"]] == ["Holdings", "Cash"]
    assert trees["figures"]["gain"]["inputs"][0]["inputs"][0] == closing


def test_what_a_number_refers_to_can_be_asked_for(api, portfolio, today):
    """From a month to its days, and from a day to what everything was worth on it."""
    whole, _ = ask(api, "performance", portfolio, range="max")
    months = whole["figures"]["time_weighted"]["inputs"]
    day = max(months, key=lambda month: len(month["inputs"]))["inputs"][5]
    worth = [each for each in walk(day) if each["label"].startswith("Worth on")][-1]
    asked = worth["ask"]

    trees, found = ask(api, "performance", portfolio, start=asked["start"], end=asked["end"])

    tree = trees["figures"][asked["figure"]]
    assert_comes_to(tree, found["figures"][asked["figure"]]["value"])
    assert_comes_to(tree, worth["value"])
    labels = {each["label"] for each in walk(tree)}
    assert {"Holdings", "Value of ACME", "USD for one EUR"} <= labels


@pytest.mark.parametrize("by", ["month", "year"])
def test_each_period_of_the_grid_is_explained(api, portfolio, by):
    trees, found = ask(api, "returns", portfolio, by=by)

    for each in found["returns"]:
        assert_comes_to(trees[each["period"]], each["return"]["value"])


@pytest.mark.parametrize("days", [None, (40, 3)])
def test_the_parts_of_a_gain_come_to_it_on_both_bases(api, portfolio, today, days):
    query = {}
    if days:
        query = {
            name: (today - timedelta(days=back)).isoformat()
            for name, back in zip(("start", "end"), days, strict=True)
        }

    trees, found = ask(api, "attribution", portfolio, **query)

    names = {
        *("contributed", "price", "currency_effect", "cash_currency"),
        *("income", "fees", "taxes", "value", "gain"),
    }
    of_days = {"opening_value", "paid_in", "realized_tax_basis"} if days else set()
    assert trees["parts"].keys() == names | of_days
    for name in names | (of_days - {"paid_in"}):
        assert_comes_to(trees["parts"][name], found[name])
    for each in found["positions"]:
        assert_comes_to(trees["positions"][each["instrument_id"]], each["total"])
        assert each["total"] is not None


@pytest.mark.parametrize("query", [{"range": "max"}, {"range": "1m"}])
def test_what_each_position_added_comes_to_what_is_shown(api, portfolio, query):
    trees, found = ask(api, "positions", portfolio, **query)

    assert_comes_to(trees["gain"], found["gain"]["value"])
    for each in found["positions"]:
        for name, tree in trees["positions"][each["instrument_id"]].items():
            assert_comes_to(tree, each[name]["value"])
            assert tree["value"] is not None
    for name, tree in trees["rest"].items():
        assert_comes_to(tree, found["rest"][name]["value"])
    for name, tree in trees["concentration"].items():
        assert_comes_to(tree, found["concentration"][name]["value"])
    assert_comes_to(trees["diversification"], found["diversification"]["value"])
    assert float(found["diversification"]["value"]) > 1


@pytest.mark.parametrize("by", ["asset_class", "sector", "country", "currency"])
def test_slices_come_to_what_is_shown(api, portfolio, by):
    trees, found = ask(api, "allocation", portfolio, by=by)

    assert found["slices"]
    for each in found["slices"]:
        for name, tree in trees["slices"][each["key"]].items():
            assert_comes_to(tree, each[name])


def test_drifts_come_to_what_is_shown(api, portfolio):
    address = reverse("api-targets", args=[portfolio.pk])
    held = [each["instrument_id"] for each in ask(api, "attribution", portfolio)[1]["positions"]]
    keys = dict(zip(held, ("0.4", "0.6"), strict=True))
    body = {"by": "holding", "targets": [{"key": k, "weight": w} for k, w in keys.items()]}
    assert api.put(address, body, format="json").status_code == 200

    trees, found = ask(api, "targets", portfolio)

    for each in found["targets"]:
        for name, tree in trees["targets"][each["key"]].items():
            assert_comes_to(tree, each[name])
            assert each[name] is not None


def test_checks_come_to_what_is_shown(api, portfolio):
    address = reverse("api-checks", args=[portfolio.pk])
    body = {"limits": {"foreign-currency": None}, "monthly_spending": "250"}
    assert api.put(address, body, format="json").status_code == 200

    trees, found = ask(api, "checks", portfolio)

    measured = set()
    for each in found["checks"]:
        tree = trees["checks"][each["id"]]
        assert_comes_to(tree["value"], each["value"])
        assert (tree["limit"] and tree["limit"]["value"]) == each["limit"]
        measured |= {each["id"]} if tree["value"]["inputs"] else set()
    assert measured >= {"largest-position", "asset-class", "fees", "emergency-cash", "positions"}
    assert trees["checks"]["foreign-currency"]["value"]["note"] == "This rule is switched off."


def test_a_portfolio_without_a_day_has_nothing_to_explain(api, ada):
    empty = factories.make_portfolio(ada, name="Empty")

    assert ask(api, "performance", empty)[0] == {"figures": {}, "benchmark": {}}
    assert ask(api, "returns", empty)[0] == {}


def test_what_too_few_days_say_nothing_about_has_no_tree_but_a_reason(
    api, browser, portfolio, acme, today
):
    days = {"start": (today - timedelta(days=9)).isoformat()}
    trees, found = ask(api, "positions", portfolio, **days)
    held = [each["instrument_id"] for each in found["positions"]]

    text = text_of(
        browser.get(
            reverse("why", args=[portfolio.pk, "added.correlation"]),
            {**days, "instrument": held[0], "other": held[1]},
            headers={"hx-request": "true"},
        )
    )

    assert (trees["diversification"]["value"], trees["diversification"]["inputs"]) == (None, [])
    assert "are needed" in trees["diversification"]["note"]
    assert_shows(text, "Correlation of", "Some returns don't vary, or are too few.")
    assert "<details" not in text


@pytest.mark.parametrize("most", [300, 0])
def test_what_sales_brought_in_a_year_comes_to_what_is_shown(api, portfolio, monkeypatch, most):
    """Also where there are too many sales to tell each by its proceeds and cost."""
    monkeypatch.setattr(explaining_sales, "MOST_SALES", most)
    answer = api.get(reverse("api-tax-years", args=[portfolio.pk]), {"explain": "1"}).json()

    (year,) = answer["years"]
    trees = answer["explain"][f"{year['year']}"]
    (own,) = year["by_currency"]
    for name, tree in trees.pop("by_currency")[own["currency"]].items():
        assert_comes_to(tree, own[name])
    for name, tree in trees.items():
        assert_comes_to(tree, year[name])
    assert [each["label"][:7] for each in trees["gain"]["inputs"]] == ["ACME on"]
    assert float(trees["gain"]["value"]) != 0
    assert bool(trees["gain"]["inputs"][0]["inputs"]) is bool(most)
