"""Allocation, checks and targets in the API, on the real database."""

from decimal import Decimal

import pytest

from portfolios.models import Plan
from portfolios.services import ledger, portfolios, recalculation
from tests import factories, junk, stored
from tests.factories import NOW, TODAY, buy, draft
from tests.portfolios.conftest import computed
from tests.portfolios.planning import aims, at, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    weights = {"sector": {"energy": "0.75"}, "country": {"US": "1"}}
    instrument = factories.make_instrument("ACME", weights=weights)
    factories.make_closes(instrument, {"2026-02-27": "12"})
    return instrument


@pytest.fixture
def bond():
    instrument = factories.make_instrument("BOND", asset_class="bond", currency="USD")
    factories.make_closes(instrument, {"2026-02-27": "20"})
    return instrument


@pytest.fixture
def portfolio(ada, acme, bond):
    """Ten ACME worth 120, two BOND worth 40, and cash of 40."""
    return computed(
        ada,
        draft("deposit", amount="180"),
        buy(acme, "10", "10"),
        buy(bond, "2", "20"),
    )


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("asset_class", {"stock": "120", "bond": "40", "cash": "40"}),
        ("sector", {"energy": "90", "unknown": "70", "cash": "40"}),
        ("country", {"US": "120", "unknown": "40", "cash": "40"}),
        ("currency", {"USD": "200"}),
    ],
)
def test_a_portfolio_is_divided(api, portfolio, by, expected):
    answer = api.get(at("allocation", portfolio, f"?by={by}")).json()

    assert {each["key"]: each["value"] for each in answer["slices"]} == expected
    assert (answer["total"], answer["currency"], answer["status"]) == ("200", "USD", "complete")
    assert sum(Decimal(each["weight"]) for each in answer["slices"]) == 1


def test_a_slice_names_what_it_is_made_of(api, portfolio, acme):
    answer = api.get(at("allocation", portfolio, "?by=sector")).json()

    (energy,) = [each for each in answer["slices"] if each["key"] == "energy"]
    assert (energy["label"], energy["weight"]) == ("Energy", "0.45")
    assert energy["contributions"] == [
        {"instrument_id": str(acme.pk), "currency": None, "value": "90"}
    ]


def test_what_has_no_price_is_named(api, portfolio):
    dark = factories.make_instrument("DARK")
    ledger.record_transaction(portfolio.pk, draft=buy(dark, "1", "1"), now=NOW)
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    answer = api.get(at("allocation", portfolio, "?by=sector")).json()

    assert (answer["missing"], answer["status"]) == ([str(dark.pk)], "partial")


def test_cash_in_another_currency_is_converted(api, ada, acme):
    pair = factories.make_pair("EUR/USD")
    factories.make_closes(pair, {"2026-02-27": "1.25"})
    made = factories.make_portfolio(ada, name="Two")
    ledger.record_transaction(made.pk, draft=draft("deposit", amount="8", currency="EUR"), now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)

    answer = api.get(at("allocation", made, "?by=currency")).json()

    assert {each["key"]: each["value"] for each in answer["slices"]} == {"EUR": "10"}


@pytest.mark.parametrize("query", ["", "?by=", "?by=color"])
def test_a_dimension_that_does_not_exist_is_refused(api, portfolio, query):
    answer = api.get(at("allocation", portfolio, query))

    assert answer.status_code == 422
    assert "by" in answer.json()["errors"]


def test_checks_use_the_limits_that_were_set(api, portfolio):
    usual = {each["id"]: each for each in api.get(at("checks", portfolio)).json()["checks"]}
    content = {
        "limits": {"largest-position": "0.6", "fees": None},
        "monthly_spending": "10",
    }
    changed = {each["id"]: each for each in put(api, "checks", portfolio, content).json()["checks"]}

    assert usual["largest-position"]["verdict"] == "failed"
    assert usual["emergency-cash"]["verdict"] == "unavailable"
    assert (changed["largest-position"]["verdict"], changed["largest-position"]["value"]) == (
        "passed",
        "0.6",
    )
    assert changed["fees"]["verdict"] == "off"
    assert (changed["emergency-cash"]["value"], changed["emergency-cash"]["verdict"]) == (
        "4",
        "passed",
    )
    # Nobody has said which account anything is in.
    assert usual["account"]["verdict"] == "unavailable"


def test_a_portfolio_is_divided_by_its_accounts(api, ada, acme, bond):
    """Ten ACME worth 120 are in two accounts, two BOND worth 40 in one of them, cash is 60."""
    made = factories.make_portfolio(ada, name="Two accounts")
    for each in (
        draft("deposit", amount="200"),
        buy(acme, "9", "10", account="Broker A"),
        buy(acme, "1", "10", account="Broker B"),
        buy(bond, "2", "20", account="Broker B"),
    ):
        ledger.record_transaction(made.pk, draft=each, now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)

    answer = api.get(at("allocation", made, "?by=account")).json()
    found = {each["key"]: (each["label"], each["value"]) for each in answer["slices"]}
    checks = {each["id"]: each for each in api.get(at("checks", made)).json()["checks"]}

    assert found == {
        "Broker A": ("Broker A", "108"),
        "cash": ("Cash", "60"),
        "Broker B": ("Broker B", "52"),
    }
    # 108 of 220.
    assert (checks["account"]["verdict"], checks["account"]["value"][:6]) == ("passed", "0.4909")


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"limits": []},
        {"limits": {"magic": "1"}},
        {"limits": {"sector": "1.5"}},
        {"limits": {"sector": 0.5}},
        {"limits": {"sector": "-1"}},
        {"limits": {}, "monthly_spending": "-1"},
    ],
)
def test_limits_that_make_no_sense_are_refused(api, portfolio, content):
    before = stored.everything()

    assert put(api, "checks", portfolio, content).status_code == 422
    assert stored.everything() == before


def test_targets_are_kept_and_the_drift_from_them_shown(api, portfolio, acme, bond):
    saved = put(api, "targets", portfolio, aims(acme, bond))
    read = api.get(at("targets", portfolio)).json()

    assert saved.status_code == 200
    assert read["targets"] == saved.json()["targets"]
    first, second = read["targets"]
    assert (first["label"], first["value"], first["weight"]) == ("ACME", "120", "0.75")
    assert (first["absolute"], first["relative"], first["amount"]) == ("0.25", "0.5", "-40")
    assert (second["amount"], second["is_outside"]) == ("40", True)
    assert read["bands"] == {"absolute": "0.05", "relative": "0.25"}


def test_setting_targets_leaves_the_limits_alone_and_the_other_way_round(
    api, portfolio, acme, bond
):
    put(api, "checks", portfolio, {"limits": {"fees": "0.5"}})
    put(api, "targets", portfolio, aims(acme, bond))
    put(api, "checks", portfolio, {"limits": {"cash": "0.5"}})

    assert len(api.get(at("targets", portfolio)).json()["targets"]) == 2
    assert Plan.objects.get().content["limits"] == {"cash": "0.5"}


def test_a_class_of_assets_takes_all_that_is_held_of_it(api, portfolio, acme, bond):
    content = {
        "by": "asset_class",
        "targets": [{"key": "stock", "weight": "0.6"}, {"key": "bond", "weight": "0.4"}],
    }

    answer = put(api, "targets", portfolio, content).json()

    assert [each["members"] for each in answer["targets"]] == [[str(acme.pk)], [str(bond.pk)]]
    assert [each["label"] for each in answer["targets"]] == ["Stock", "Bond"]


def test_targets_that_cannot_be_are_refused(api, portfolio, acme, bond, bo):
    own = factories.make_instrument("HOUSE", owner=bo, mic="")
    before = stored.everything()
    refused = [
        {},
        {"by": "holding"},
        {"by": "color", "targets": []},
        aims(acme, bond, "0.5", "0.4"),
        aims(acme, bond, "0.5", "0.6"),
        aims(acme, acme),
        aims(acme, own),
        aims(acme, bond, "1.5", "-0.5"),
        aims(acme, bond, bands={"absolute": "2"}),
        {"by": "holding", "targets": [{"key": "ACME", "weight": "1"}]},
        {"by": "asset_class", "targets": [{"key": "magic", "weight": "1"}]},
        {"by": "asset_class", "targets": [{"key": "currency", "weight": "1"}]},
        {
            "by": "holding",
            "targets": [{"key": str(acme.pk), "weight": "1", "members": [str(bond.pk)]}],
        },
        {"by": "holding", "targets": [{"key": str(acme.pk), "weight": "0.01"}] * 201},
    ]

    for content in refused:
        answer = put(api, "targets", portfolio, content)
        assert answer.status_code == 422, content
        assert answer["Content-Type"] == "application/problem+json"
    assert stored.everything() == before


JUNK = junk.ANYWHERE | junk.NUMBERS


@pytest.mark.parametrize("value", JUNK.values(), ids=JUNK.keys())
def test_junk_is_refused_wherever_it_stands(api, portfolio, acme, value):
    before = stored.everything()
    target = {"key": str(acme.pk), "weight": "1"}
    bodies = [
        ("targets", {"by": "holding", "targets": [target | {"weight": value}]}),
        ("targets", {"by": "holding", "targets": [target | {"key": value}]}),
        ("targets", {"by": "holding", "targets": [target | {"members": [value]}]}),
        ("targets", {"by": value, "targets": []}),
        ("checks", {"limits": {"fees": value}}),
        ("checks", {"limits": {}, "monthly_spending": value}),
    ]

    statuses = {
        api.put(
            at(name, portfolio), junk.as_json(body), content_type="application/json"
        ).status_code
        for name, body in bodies
    }

    assert statuses <= {400, 422}
    assert stored.everything() == before


def test_a_plan_goes_with_its_portfolio(api, portfolio, acme, bond):
    put(api, "targets", portfolio, aims(acme, bond))

    portfolios.delete_portfolio(portfolio.pk)

    assert not Plan.objects.exists()
