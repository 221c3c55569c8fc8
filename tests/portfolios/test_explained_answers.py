"""With `explain=1` an answer says of each figure what it is made of, and comes to it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from common import clock, manual
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import buy, draft, sell

pytestmark = pytest.mark.django_db
DAYS = 60
BENCHMARK_OF = {
    "performance": {"time_weighted", "time_weighted_yearly", "same_flows_value", "lead"},
    "risk": {"beta", "alpha", "correlation", "tracking_error"},
}


@pytest.fixture
def today():
    return clock.now().date()


@pytest.fixture
def acme(today):
    made = factories.make_instrument("ACME", weights={"sector": {"Technology": "0.6"}})
    prices = {
        (today - timedelta(days=back)).isoformat(): str(100 + (back * 7) % 11)
        for back in range(DAYS + 1)
    }
    factories.make_closes(made, prices)
    return made


@pytest.fixture
def portfolio(ada, acme, today):
    """Two months of prices, with money coming and going and a position in another currency."""
    euro = factories.make_instrument("EURO", currency="EUR")
    days = [(today - timedelta(days=back)).isoformat() for back in range(DAYS, -1, -1)]
    factories.make_closes(euro, {day: str(50 + place % 7) for place, day in enumerate(days)})
    factories.make_closes(
        factories.make_pair(), {day: f"1.{20 + place % 5}" for place, day in enumerate(days)}
    )
    made = factories.make_portfolio(ada)
    for each in (
        draft("deposit", days[0], amount="5000"),
        buy(acme, "20", "100", days[0], fee="3"),
        buy(euro, "10", "50", days[1], fx_rate="1.2"),
        draft("deposit", days[20], amount="500"),
        sell(acme, "4", "105", days[30], tax="2"),
        draft("withdrawal", days[40], amount="300"),
        draft("dividend", days[45], instrument=acme, amount="6"),
        draft("deposit", days[50], amount="100", currency="EUR"),
    ):
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculation.recalculate(made.pk, today=today, now=clock.now())
    return made


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

    assert trees["parts"].keys() == {
        *("contributed", "price", "currency_effect", "cash_currency"),
        *("income", "fees", "taxes", "value", "gain"),
    }
    for name, tree in trees["parts"].items():
        assert_comes_to(tree, found[name])
    for each in found["positions"]:
        assert_comes_to(trees["positions"][each["instrument_id"]], each["total"])
        assert each["total"] is not None


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


def test_a_portfolio_without_a_day_has_nothing_to_explain(api, ada):
    empty = factories.make_portfolio(ada, name="Empty")

    assert ask(api, "performance", empty)[0] == {"figures": {}, "benchmark": {}}
    assert ask(api, "returns", empty)[0] == {}
