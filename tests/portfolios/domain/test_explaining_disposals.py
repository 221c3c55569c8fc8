"""What every sale of every ledger brought is what its trees come to."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.engine import Ledger, Policy, compute
from portfolios.domain.explaining.disposals import (
    Amounts,
    Closed,
    DisposalTrees,
    LotClosed,
    explain_disposal,
)
from portfolios.domain.explaining.rows import traded
from portfolios.domain.explaining.trees import Node, leaves, recomputed
from portfolios.domain.figures import of_ratio
from portfolios.domain.gains import trade_return
from portfolios.domain.kinds import Kind
from portfolios.domain.policy import Charges
from tests.portfolios.domain.notation import FIRST_DAY
from tests.portfolios.domain.strategies import some_events
from tests.portfolios.domain.test_engine_properties import RATES
from tests.portfolios.domain.test_explaining import walk

NAMES = ("proceeds", "cost", "gain", "proceeds_base", "cost_base", "gain_base")
#: Where a row was charged nothing.
UNCHARGED = {f"Charged on {FIRST_DAY + timedelta(days=place)}" for place in range(20)} | {"Charges"}
PARTS = ("price_gain_base", "currency_gain_base", "charges_base")
TRADES = (Kind.BUY, Kind.SELL, Kind.SELL_SHORT, Kind.BUY_TO_COVER)


def closed(disposal, events, policy, base="EUR") -> Closed:
    """Return a disposal with the rows that it was made by."""
    rows = {each.id: each for each in events}
    entry = disposal.proceeds_base if disposal.is_short else disposal.cost_base

    def row(event_id):
        return traded(
            rows[event_id],
            instrument_id=disposal.instrument_id,
            units={disposal.currency, base},
            base=base,
            policy=policy,
            rates=lambda: RATES,
        )

    return Closed(
        label="X",
        currency=disposal.currency,
        base=base,
        is_short=disposal.is_short,
        closed=row(disposal.event_id),
        lots=[
            LotClosed(
                opened_on=lot.opened_on,
                held_days=lot.held_days,
                quantity=lot.quantity,
                opened=row(lot.event_id),
                proceeds=Amounts(lot.proceeds, lot.proceeds_base),
                cost=Amounts(lot.cost, lot.cost_base),
            )
            for lot in disposal.lots
        ],
        gain=Amounts(disposal.gain, disposal.gain_base),
        return_rate=of_ratio(trade_return(disposal.gain_base, entry), disposal.date),
        price_gain=disposal.price_gain_base,
        currency_gain=disposal.currency_gain_base,
        charges=disposal.charges_base,
    )


def explained(disposal, events, policy) -> DisposalTrees:
    return explain_disposal(closed(disposal, events, policy))


def assert_comes_to(tree: Node, value: Decimal | None) -> None:
    assert (tree.value is None) == (value is None), (tree, value)
    if value is not None:
        assert tree.value == pytest.approx(value, rel=Decimal("1e-8"), abs=Decimal("1e-7"))
    for each in walk(tree):
        assert recomputed(each) == each.value


policies = st.sampled_from([Policy(), Policy(fees=Charges.SEPARATE, uses_booked_rates=False)])


@given(some_events(currencies=("EUR", "USD")), policies)
def test_every_tree_comes_to_its_figure(events, policy):
    for disposal in compute(Ledger(events, "EUR", RATES), policy=policy).disposals:
        trees = explained(disposal, events, policy)

        for name in (*NAMES, *PARTS):
            assert_comes_to(getattr(trees, name), getattr(disposal, name))
        for lot, own in zip(disposal.lots, trees.lots.values(), strict=True):
            for name in NAMES:
                assert_comes_to(getattr(own, name), getattr(lot, name))
        rate = trees.return_rate
        assert recomputed(rate) == rate.value


@given(some_events(kinds=TRADES))
def test_trades_are_told_down_to_quantities_prices_and_charges(events):
    for disposal in compute(Ledger(events, "EUR", RATES)).disposals:
        trees = explained(disposal, events, Policy())

        for name in ("gain", *PARTS):
            found = {each.label for each in leaves(getattr(trees, name))}
            assert found <= {"Quantity", "Price", "Fee", "Tax", "Of this lot", "Of all", *UNCHARGED}
