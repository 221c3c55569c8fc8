"""Performance, risk and returns in the API, on the real database."""

from datetime import timedelta

import pytest
from django.urls import reverse

from common import clock
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import buy, draft

pytestmark = pytest.mark.django_db

NAMES = ("performance", "risk", "returns")


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


@pytest.fixture
def portfolio(ada, acme):
    """1,000 that became 1,200 yesterday."""
    today = clock.now().date()
    begun = (today - timedelta(days=2)).isoformat()
    prices = {begun: "100", (today - timedelta(days=1)).isoformat(): "120"}
    factories.make_closes(acme, prices)
    made = factories.make_portfolio(ada)
    for each in (draft("deposit", begun, amount="1000"), buy(acme, "10", "100", begun)):
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculation.recalculate(made.pk, today=today, now=clock.now())
    return made


def ask(api, name, portfolio, **query):
    answer = api.get(reverse(f"api-{name}", args=[portfolio.pk]), query)
    return answer.status_code, answer.json()


def test_performance_is_shown_beside_a_benchmark(api, portfolio, acme):
    _, found = ask(api, "performance", portfolio, range="max", benchmark=str(acme.pk))

    assert found["figures"]["time_weighted"] | {"as_of": None} == {
        "value": "0.2",
        "unit": "fraction",
        "status": "complete",
        "as_of": None,
        "denominator": "daily-capital",
        "method": None,
        "observations": None,
        "reason": None,
        "explanation": None,
        "missing": [],
        "missing_count": 0,
    }
    assert found["figures"]["gain"]["value"] == "200"
    assert found["benchmark"]["symbol"] == "ACME"
    assert found["index"][-1]["portfolio"] == "0.2"
    assert found["policy"]["day_count"] == "act/365"
    assert found["range"] == "MAX"


def test_risk_that_too_few_days_say_nothing_about_is_explained(api, portfolio, acme):
    _, found = ask(api, "risk", portfolio, range="max", benchmark=str(acme.pk))

    assert {each["status"] for name, each in found["figures"].items() if "day" not in name} == {
        "unavailable"
    }
    assert "are needed" in found["figures"]["sharpe"]["explanation"]
    assert found["drawdown"]["depth"]["value"] == "0"
    assert found["benchmark"]["beta"]["value"] is None


@pytest.mark.parametrize(("by", "letters"), [("month", 7), ("year", 4)])
def test_returns_are_listed_by_month_and_by_year(api, portfolio, by, letters):
    _, found = ask(api, "returns", portfolio, by=by)

    whole = 1.0
    for each in found["returns"]:
        assert len(each["period"]) == letters
        whole *= 1 + float(each["return"]["value"])
    assert whole == pytest.approx(1.2)


@pytest.mark.parametrize("name", NAMES)
def test_a_portfolio_without_a_day_has_no_figures(api, ada, name):
    status, found = ask(api, name, factories.make_portfolio(ada, name="Empty"))

    assert (status, found["status"], found["days"]) == (200, "unavailable", 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"range": "2Y"}, "range"),
        ({"range": "1y", "start": "2026-01-01"}, "range"),
        ({"start": "tomorrow"}, "start"),
        ({"end": "2026-02-30"}, "end"),
    ],
)
def test_a_range_that_does_not_exist_is_refused(api, portfolio, name, query, field):
    status, problem = ask(api, name, portfolio, **query)

    assert status == 422
    assert field in problem["errors"]


@pytest.mark.parametrize("name", NAMES)
def test_a_range_that_ends_before_it_starts_is_refused(api, portfolio, name):
    status, problem = ask(api, name, portfolio, start="2026-02-02", end="2026-02-01")

    assert (status, problem["type"]) == (422, "/problems/invalid-range")


@pytest.mark.parametrize("field", ["range", "start", "end", "benchmark"])
def test_junk_is_refused_and_never_fails(api, portfolio, field):
    texts = ("\x00", "{}", "$ne", "a\u202eb", "x" * 10_000)

    answers = {text: ask(api, "performance", portfolio, **{field: text})[0] for text in texts}

    assert answers == dict.fromkeys(texts, 422)


def test_a_blend_goes_beside_a_portfolio_with_its_weights(api, portfolio, acme):
    other = factories.make_instrument("OTHER")
    parts = f"{acme.pk}:0.6,{other.pk}:0.4"

    _, found = ask(api, "performance", portfolio, benchmark=parts, rebalancing="never")

    assert found["benchmark"]["symbol"] == "60% ACME + 40% OTHER"
    assert found["benchmark"]["rebalancing"] == "never"
    assert found["benchmark"]["parts"][0] == {
        "instrument_id": str(acme.pk),
        "symbol": "ACME",
        "name": "ACME Inc.",
        "weight": "0.6",
    }
    assert str(other.pk) in found["benchmark"]["time_weighted"]["missing"]


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ("A:0.6,B:0.3", "invalid-blend"),
        ("A:0.6", "invalid-blend"),
        ("A:1,B:0", "invalid-blend"),
        ("A,B", "invalid-blend"),
        ("A:0.5,A:0.5", "invalid-input"),
        ("A:0.5,B:0.5,", "invalid-input"),
        ("A:60,B:40", "invalid-input"),
        ("A:-1,B:2", "invalid-input"),
        ("A:\u0660.\u0665,B:0.5", "invalid-input"),
    ],
)
def test_a_blend_that_is_none_is_refused(api, portfolio, acme, parts, kind):
    ids = {"A": str(acme.pk), "B": str(factories.make_instrument("B").pk)}
    benchmark = parts.replace("A", ids["A"]).replace("B", ids["B"])

    status, problem = ask(api, "risk", portfolio, benchmark=benchmark)

    assert (status, problem["type"]) == (422, f"/problems/{kind}")


def test_a_blend_has_no_more_than_five_instruments(api, portfolio):
    made = [factories.make_instrument(f"PART{number}") for number in range(6)]
    benchmark = ",".join(
        f"{each.pk}:{weight}" for each, weight in zip(made, ["0.5", *["0.1"] * 5], strict=True)
    )

    status, problem = ask(api, "performance", portfolio, benchmark=benchmark)

    assert (status, problem["type"]) == (422, "/problems/invalid-blend")


def test_a_blend_with_an_instrument_of_others_is_refused(api, portfolio, acme, bo):
    theirs = factories.make_instrument("HOUSE", owner=bo, mic="")

    status, _ = ask(api, "risk", portfolio, benchmark=f"{acme.pk}:0.5,{theirs.pk}:0.5")

    assert status == 404


@pytest.mark.parametrize("name", ["performance", "risk"])
def test_the_instruments_of_others_are_no_benchmark(api, portfolio, bo, name):
    theirs = factories.make_instrument("HOUSE", owner=bo, mic="")

    status, problem = ask(api, name, portfolio, benchmark=str(theirs.pk))

    assert (status, problem["type"]) == (404, "/problems/instrument-not-found")


@pytest.mark.parametrize("name", [*NAMES, "positions"])
@pytest.mark.parametrize("start", ["2026-01-01", "9999-12-31"])
def test_an_open_end_may_be_the_last_day_there_is(api, portfolio, name, start):
    status, _ = ask(api, name, portfolio, start=start, end="9999-12-31")

    assert status in (200, 422)
    until_today, _ = ask(api, name, portfolio, start="2020-01-01", end="9999-12-31")
    assert until_today == 200
