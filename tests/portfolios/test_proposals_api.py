"""Proposals that lead to the targets of a portfolio, in the API, on the real database."""

from decimal import Decimal

import pytest

from tests import factories, stored
from tests.factories import buy, draft
from tests.portfolios.conftest import computed
from tests.portfolios.planning import aims, at, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def bond():
    instrument = factories.make_instrument("BOND", asset_class="bond")
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


def assert_comes_to(tree, value):
    assert Decimal(tree["value"]) == pytest.approx(Decimal(value), abs=Decimal("1e-20"))


def test_a_proposal_spends_new_money_and_changes_nothing(api, portfolio, acme, bond):
    put(api, "targets", portfolio, aims(acme, bond))
    before = stored.everything()

    answer = api.post(
        at("rebalancing", portfolio), {"new_cash": "85", "fee_fixed": "1"}, format="json"
    ).json()

    assert answer["outcome"] == "proposed"
    (trade,) = answer["trades"]
    assert (trade["symbol"], trade["side"], trade["quantity"], trade["amount"]) == (
        "BOND",
        "buy",
        "4",
        "80",
    )
    assert (answer["fees"], answer["cash_left"]) == ("1", "4")
    assert [each["weight"] for each in answer["targets_after"]] == ["0.5", "0.5"]
    assert stored.everything() == before


def test_a_proposal_may_spend_the_portfolios_own_cash(api, portfolio, acme, bond):
    put(api, "targets", portfolio, aims(acme, bond))

    answer = api.post(
        at("rebalancing", portfolio), {"uses_cash": True, "keep_cash": "10"}, format="json"
    ).json()

    assert [each["quantity"] for each in answer["trades"]] == ["1"]
    assert answer["cash_left"] == "20"


def test_something_that_is_not_held_yet_can_be_a_target(api, portfolio, acme):
    new = factories.make_instrument("NEW")
    factories.make_closes(new, {"2026-02-27": "6"})
    put(api, "targets", portfolio, aims(acme, new))

    answer = api.post(at("rebalancing", portfolio), {"mode": "buy_and_sell"}, format="json").json()

    assert {each["symbol"]: (each["side"], each["quantity"]) for each in answer["trades"]} == {
        "ACME": ("sell", "5"),
        "NEW": ("buy", "10"),
    }


def test_a_unit_of_what_has_a_multiplier_costs_that_many_times_its_price(api, portfolio, acme):
    option = factories.make_instrument("OPT", asset_class="option", multiplier="100")
    factories.make_closes(option, {"2026-02-27": "0.2"})
    put(api, "targets", portfolio, aims(acme, option))

    answer = api.post(at("rebalancing", portfolio), {"new_cash": "120"}, format="json").json()

    (trade,) = answer["trades"]
    assert [trade[name] for name in ("quantity", "price", "amount")] == ["6", "20", "120"]
    assert [each["weight"] for each in answer["targets_after"]] == ["0.5", "0.5"]


@pytest.mark.parametrize("mode", ["buy_only", "buy_and_sell"])
def test_a_proposal_is_told_from_targets_prices_and_terms(api, portfolio, acme, mode):
    factories.make_closes(factories.make_pair("EUR/USD"), {"2026-02-27": "1.25"})
    new = factories.make_instrument("NEW", currency="EUR")
    factories.make_closes(new, {"2026-02-27": "6"})
    put(api, "targets", portfolio, aims(acme, new))
    wishes = {"mode": mode, "uses_cash": True, "new_cash": "25", "fee_fixed": "1"}

    answer = api.post(at("rebalancing", portfolio, "?explain=1"), wishes, format="json").json()

    trees = answer["explain"]
    for name in ("fees", "cash_left", "deviation_before", "deviation_after", "accuracy"):
        assert_comes_to(trees[name], answer[name])
    assert answer["trades"]
    for trade in answer["trades"]:
        own = trees["trades"][trade["instrument_id"]]
        for name in ("quantity", "price", "amount", "fee"):
            assert_comes_to(own[name], trade[name])
    for each in answer["targets_after"]:
        for name in ("value", "weight", "absolute", "relative", "amount"):
            assert_comes_to(trees["targets_after"][each["key"]][name], each[name])
    bought = trees["trades"][str(new.pk)]["price"]
    assert [each["value"] for each in bought["inputs"]] == ["6", "1.25"]
    cash = trees["cash_left"]["inputs"][0]["inputs"][0]
    assert [each["label"] for each in cash["inputs"]] == ["New money", "Cash"]
    plain = api.post(at("rebalancing", portfolio), wishes, format="json").json()
    assert "explain" not in plain


def test_what_cannot_be_proposed_has_no_trees(api, portfolio, acme, bond):
    put(api, "targets", portfolio, aims(acme, bond))

    answer = api.post(at("rebalancing", portfolio, "?explain=1"), {}, format="json").json()

    assert (answer["outcome"], answer["explain"]) == ("no_cash", {})


def test_a_proposal_that_cannot_be_says_why(api, portfolio, acme, bond, ada):
    def outcome(where=portfolio, **content):
        return api.post(at("rebalancing", where), content, format="json").json()["outcome"]

    untracked = factories.make_portfolio(ada, name="Without cash", tracks_cash=False)

    assert outcome() == "targets_refused"
    put(api, "targets", portfolio, aims(acme, bond))
    assert outcome() == "no_cash"
    assert outcome(untracked, uses_cash=True) == "no_cash"
    dark = factories.make_instrument("DARK")
    put(api, "targets", portfolio, aims(acme, dark))
    assert outcome(new_cash="5") == "unpriced"


@pytest.mark.parametrize(
    "content",
    [
        {"mode": "magic"},
        {"new_cash": "-1"},
        {"keep_cash": 0.5},
        {"least_trade": "NaN"},
        {"fee_rate": "0.6"},
        {"step": "0"},
        {"uses_cash": "perhaps"},
    ],
)
def test_terms_that_make_no_sense_are_refused(api, portfolio, content):
    answer = api.post(at("rebalancing", portfolio), content, format="json")

    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == set(content)
