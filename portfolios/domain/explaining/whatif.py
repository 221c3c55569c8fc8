"""How it comes about what a sale would realize that isn't made."""

from __future__ import annotations

from dataclasses import dataclass

from common.money import exact
from portfolios.domain.explaining.disposals import Closed, SaleTrees, explain_disposal
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, given, made
from portfolios.domain.tax_years import LONG_TERM_DAYS, is_long_term
from portfolios.domain.unknowns import minus


@dataclass(frozen=True, slots=True)
class AlternativeTrees(SaleTrees):
    """The trees of what one cost method makes of a sale."""

    short_term: Node
    long_term: Node


def explain_alternative(sale: Closed) -> AlternativeTrees:
    """Build the trees of what a sale would bring by one cost method."""
    trees = explain_disposal(sale)

    def gain_of(place: int) -> Node:
        if f"{place}" in trees.lots:
            return trees.lots[f"{place}"].gain_base
        lot = sale.lots[place]
        with exact():
            gain = minus(lot.proceeds.base, lot.cost.base)
        label = f"{lot.held_days} days since {lot.opened_on.isoformat()}"
        return given(label, gain, "realized-gain", unit=sale.base)

    def held(label: str, *, long: bool) -> Node:
        gains = (
            gain_of(place)
            for place, lot in enumerate(sale.lots)
            if is_long_term(lot.held_days) is long
        )
        return made(label, Formula.SUM, "gains-by-year", gains, unit=sale.base)

    return AlternativeTrees(
        proceeds=trees.proceeds,
        cost=trees.cost,
        gain=trees.gain,
        proceeds_base=trees.proceeds_base,
        cost_base=trees.cost_base,
        gain_base=trees.gain_base,
        short_term=held(f"Gain of lots held up to {LONG_TERM_DAYS} days", long=False),
        long_term=held("Gain of lots held longer", long=True),
        lots=trees.lots,
    )
