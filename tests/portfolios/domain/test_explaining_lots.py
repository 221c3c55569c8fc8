"""What open lots cost and are worth is what their trees come to."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.engine import Ledger, Policy, compute
from portfolios.domain.explaining import trees
from portfolios.domain.explaining.lots import Held, LotsTrees, explain_lots
from portfolios.domain.explaining.rows import traded
from portfolios.domain.explaining.trees import leaves
from portfolios.domain.open_lots import OpenLot, value_lots
from tests.portfolios.domain.notation import events
from tests.portfolios.domain.strategies import some_events
from tests.portfolios.domain.test_engine_properties import RATES
from tests.portfolios.domain.test_explaining_disposals import (
    TRADES,
    UNCHARGED,
    assert_comes_to,
    policies,
)

NAMES = ("cost", "cost_base", "value_base", "unrealized_base")
prices = st.none() | st.decimals("0", "99", places=2)


def open_lots(position) -> list[OpenLot]:
    return [
        OpenLot(each.opened_on, each.event_id, each.quantity, each.cost, each.cost_base)
        for each in position.lots
    ]


def explained(position, lots, price, rows, policy, **more) -> LotsTrees:
    by_id = {each.id: each for each in rows}

    def opened(lot):
        return traded(
            by_id[lot.event_id],
            instrument_id=position.instrument_id,
            units={position.currency, "EUR"},
            base="EUR",
            policy=policy,
            rates=lambda: RATES,
        )

    held = Held(
        label="X",
        currency=position.currency,
        base="EUR",
        unit_price=trees.given("Price", price, "price", unit="EUR"),
        lots=lots,
        opened=opened,
    )
    return explain_lots(held, **more)


@given(some_events(currencies=("EUR", "USD")), policies, prices)
def test_every_tree_comes_to_its_figure(rows, policy, price):
    book = compute(Ledger(rows, "EUR", RATES), policy=policy)
    for position in book.positions.values():
        if not position.lots:
            continue
        lots = open_lots(position)
        found, total = value_lots(lots, price)

        tree = explained(position, lots, price, rows, policy)

        for name in NAMES:
            assert_comes_to(getattr(tree, name), getattr(total, name))
        for own, worth in zip(tree.lots.values(), found, strict=True):
            for name in NAMES:
                assert_comes_to(getattr(own, name), getattr(worth, name))


@given(some_events(kinds=TRADES))
def test_trades_are_told_down_to_quantities_prices_and_charges(rows):
    for position in compute(Ledger(rows, "EUR", RATES)).positions.values():
        if not position.lots:
            continue
        lots = open_lots(position)

        tree = explained(position, lots, Decimal(7), rows, Policy())

        found = {each.label for each in leaves(tree.unrealized_base)}
        short = {"Sold short: below zero"}
        named = {"Quantity", "Price", "Fee", "Tax", "Of this lot", "Of all"}
        assert found <= named | UNCHARGED | short


@pytest.mark.parametrize(("wanted", "told"), [("", []), ("1", ["1"]), ("9", [])])
def test_of_many_lots_each_is_told_by_its_amount_unless_it_is_asked_for(monkeypatch, wanted, told):
    monkeypatch.setattr("portfolios.domain.explaining.lots.MOST_LOTS", 1)
    rows = events("10@5 10@7", "EUR")
    (position,) = compute(Ledger(rows, "EUR", RATES)).positions.values()

    tree = explained(position, open_lots(position), Decimal(8), rows, Policy(), wanted=wanted)

    assert list(tree.lots) == told
    assert [each.inputs for each in tree.value_base.inputs] == [(), ()]
    assert tree.unrealized_base.value == 20 * 8 - 10 * 5 - 10 * 7


def test_costs_that_differ_in_one_currency_are_kept_apart():
    """What was paid in a third currency goes by other rates on either side."""
    lot = OpenLot(date(2024, 1, 1), "", Decimal(1), Decimal("1.5"), Decimal("1.25"))
    price = trees.given("Price", Decimal(2), "price", unit="EUR")
    held = Held("X", "EUR", "EUR", price, [lot], lambda _lot: None)

    found = explain_lots(held)

    assert [found.cost.value, found.cost_base.value] == [lot.cost, lot.cost_base]
