"""Ask how the slices of an allocation come about, how far targets are off, and what rules find."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from common.errors import InvalidInput
from portfolios.domain.allocation import By
from portfolios.domain.explaining.allocation import (
    DriftTrees,
    Held,
    SliceTrees,
    explain_drifts,
    explain_slices,
)
from portfolios.domain.explaining.checks import (
    CheckTrees,
    Examination,
    Examined,
    explain_checks,
)
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.rebalancing import Known, ProposalTrees, explain_proposal
from portfolios.domain.explaining.summary import Unit, explain_unit
from portfolios.domain.explaining.trees import given, made
from portfolios.domain.rebalancing import Proposal
from portfolios.models import Portfolio
from portfolios.selectors.allocation import FUNDS, Spread, Wishes, slice_label
from portfolios.selectors.explanations import explain_summary

_REBALANCING = "rebalancing"


class NotProposed(InvalidInput):
    """There is no such trade, or nothing that could be proposed."""

    code = "not-proposed"


class ExplainedSpread:
    """A portfolio at one moment, with what everything is worth as trees."""

    def __init__(self, portfolio: Portfolio, *, now: datetime) -> None:
        """Load it."""
        summary, trees = explain_summary(portfolio, now=now)
        self.spread = Spread(portfolio, now=now, summary=summary)
        self._trees = trees
        self._held = Held(
            currency=portfolio.base_currency,
            total=trees.total,
            values={key: each.value for key, each in trees.positions.items()},
            cash=trees.balances,
            labels={key: each.symbol for key, each in self.spread.instruments.items()},
        )

    def slices(self, by: By) -> Mapping[str, SliceTrees]:
        """Explain all slices of a division, by their keys."""
        allocation = self.spread.allocation(by)
        labels = {each.key: slice_label(by, each.key) for each in allocation.slices}
        return explain_slices(allocation, self._held, labels)

    def drifts(self) -> Mapping[str, DriftTrees]:
        """Explain how all targets stand, by their keys."""
        targets = self.spread.targets().targets
        labels = {each.key: self.spread.target_label(each.key) for each in targets}
        return explain_drifts(targets, self._held, labels)

    def proposal(self, wishes: Wishes) -> tuple[Proposal, ProposalTrees | None]:
        """Find the trades that lead to the targets, and explain them; None where there is nothing.

        What can't be proposed says why itself.
        """
        spread, unit = self.spread, self._held.currency
        proposal = spread.proposal(wishes)
        if proposal.deviation_before is None:
            return proposal, None
        assets = spread.assets(wishes.step)
        cash = [given("New money", wishes.new_cash, _REBALANCING, unit=unit)]
        if wishes.uses_cash and self._trees.cash:
            cash.append(self._trees.cash)
        targets = spread.targets().targets
        known = Known(
            currency=unit,
            targets=targets,
            assets=assets,
            terms=spread.terms(wishes),
            prices={key: explain_unit(self._unit(key), unit) for key in assets},
            cash=made("Cash to be spent", Formula.SUM, _REBALANCING, cash, unit=unit),
            labels={key: spread.symbol(key) for key in assets},
            names={each.key: spread.target_label(each.key) for each in targets},
        )
        return proposal, explain_proposal(proposal, known)

    def _unit(self, key: str) -> Unit:
        found = self.spread.unit_price(key)
        symbol = self.spread.symbol(key)
        return Unit(symbol, found.price, found.currency, found.multiplier, found.rate)

    def checks(self) -> Mapping[str, CheckTrees]:
        """Explain what all rules measure, by their ids."""
        trees, spread = self._trees, self.spread
        examination = Examination(
            currency=self._held.currency,
            positions=[
                Examined(
                    label=each.instrument.symbol,
                    quantity=each.quantity,
                    value=trees.positions[each.instrument.id].value,
                    cost=trees.positions[each.instrument.id].cost,
                    is_spread=each.instrument.asset_class in FUNDS,
                )
                for each in spread.summary.positions
            ],
            total=trees.total,
            cash=trees.cash,
            fees=trees.fees,
            spending=spread.plan.monthly_spending,
            slices={by: self.slices(by) for by in spread.dimensions},
        )
        return explain_checks(examination, spread.checks())
