"""Every figure of a proposal is what its tree comes to, down to worths, targets and terms."""

from decimal import Decimal

import pytest
from hypothesis import given

from portfolios.domain.explaining import trees
from portfolios.domain.explaining.rebalancing import Known, ProposalTrees, explain_proposal
from portfolios.domain.explaining.trees import leaves
from portfolios.domain.rebalancing import Mode, propose
from tests.portfolios.domain.test_explaining import walk
from tests.portfolios.domain.test_explaining_disposals import assert_comes_to
from tests.portfolios.domain.test_rebalancing import a_case, assets, targets, terms

FIGURES = ("fees", "cash_left", "deviation_before", "deviation_after", "accuracy")


def explained(proposal, aims, held, on) -> ProposalTrees:
    names = {each.key: f"target {each.key}" for each in aims}
    return explain_proposal(
        proposal,
        Known(
            currency="USD",
            targets=aims,
            assets=held,
            terms=on,
            prices={
                key: trees.given("Price", each.price, "price", unit="USD")
                for key, each in held.items()
            },
            cash=trees.given("Cash", on.cash, "cash", unit="USD"),
            labels={key: key for key in held},
            names=names,
        ),
    )


def assert_explained(aims, held, on):
    proposal = propose(aims, assets=held, terms=on)
    if proposal.deviation_before is None:
        return
    found = explained(proposal, aims, held, on)
    for name in FIGURES:
        assert_comes_to(getattr(found, name), getattr(proposal, name))
    assert found.trades.keys() == {each.instrument_id for each in proposal.trades}
    for each in proposal.trades:
        own = found.trades[each.instrument_id]
        for name in ("quantity", "price", "amount", "fee"):
            assert_comes_to(getattr(own, name), getattr(each, name))
    assert list(found.targets_after) == [each.key for each in proposal.drift_after]
    for each in proposal.drift_after:
        own = found.targets_after[each.key]
        for name in ("value", "weight", "absolute", "relative", "amount"):
            assert_comes_to(getattr(own, name), getattr(each, name))


@given(a_case())
def test_every_tree_of_a_proposal_comes_to_its_figure(case):
    assert_explained(*case)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("step", ["1", "0.001"])
def test_targets_of_several_instruments_and_fractions_are_told(mode, step):
    held = assets("A 10@50, B 3@70, C 9@33", step=step)

    assert_explained(
        targets("A 0.3, B+C 0.7"), held, terms("500", mode, keep_cash="20", fee_fixed="1")
    )


def test_a_trade_is_told_from_target_worth_price_and_step():
    aims, held, on = targets("A 0.6, B 0.4"), assets("A 10@12, B 0@6"), terms("81", fee_fixed="1")
    (trade,) = propose(aims, assets=held, terms=on).trades

    found = explained(propose(aims, assets=held, terms=on), aims, held, on)

    tree = found.trades["B"].quantity
    # 40 % of 201 are 80.40, which 13.4 units would meet; the money is enough for 13 with the fee.
    steps, step = tree.inputs
    assert [each.value for each in steps.inputs] == [Decimal("13.4"), Decimal("-0.4")]
    assert (tree.value, step.value, trade.quantity) == (13, 1, 13)
    told = {(each.label, each.value) for each in leaves(tree)}
    assert {("Target", Decimal("0.4")), ("What is to be divided", 201), ("Price", 6)} <= told
    whole = {(each.label, each.value) for each in leaves(found.whole)}
    assert {("Quantity", 10), ("Price", 12), ("Cash", 81), ("To be kept", 0)} <= whole
    assert [each.value for each in found.deviation_before.inputs] == [
        Decimal("0.6"),
        Decimal("80.4"),
    ]
    assert any(each.note.startswith("Proven by the search") for each in walk(found.accuracy))


def test_what_is_sold_is_told_by_what_is_too_much():
    aims, held = targets("A 0.5, B 0.5"), assets("A 10@12, B 4@10")
    on = terms(mode=Mode.BUY_AND_SELL)

    found = explained(propose(aims, assets=held, terms=on), aims, held, on)

    labels = {each.label for each in walk(found.trades["A"].quantity)}
    assert {"Too much: target A", "Should be: target A"} <= labels
