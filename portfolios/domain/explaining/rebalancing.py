"""How it comes about which trades are proposed, and what they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from common.money import exact
from portfolios.domain.explaining.allocation import DriftTrees, Held, explain_drifts
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Ask, Node, given, made
from portfolios.domain.rebalancing import Asset, Proposal, Side, Terms, Trade
from portfolios.domain.targets import Target

_METHOD = "rebalancing"
_CHOSEN = "So that all trades together, each of whole steps, come closest to the targets."
_SEVERAL = f"{_CHOSEN} Several instruments share this target."
_PROVEN = "Proven by the search: no choice of whole steps within the terms misses them by less."


@dataclass(frozen=True, slots=True)
class Known:
    """What a proposal was made of.

    Attributes:
        prices: of one unit in the portfolio's currency, by instrument.
        cash: all that is there to be spent, old and new.
        labels: what instruments are called, and `names` what targets are.
    """

    currency: str
    targets: Sequence[Target]
    assets: Mapping[str, Asset]
    terms: Terms
    prices: Mapping[str, Node]
    cash: Node
    labels: Mapping[str, str]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TradeTrees:
    """The trees of one trade."""

    quantity: Node
    price: Node
    amount: Node
    fee: Node


@dataclass(frozen=True, slots=True)
class ProposalTrees:
    """The trees of a proposal.

    Attributes:
        whole: what is to be divided, which others name by its amount.
        trades: by instrument.
        targets_after: how each target stands afterwards, by its key.
    """

    whole: Node
    fees: Node
    cash_left: Node
    deviation_before: Node
    deviation_after: Node
    accuracy: Node
    trades: Mapping[str, TradeTrees]
    targets_after: Mapping[str, DriftTrees]


def explain_proposal(proposal: Proposal, known: Known) -> ProposalTrees:
    """Build the trees of what was proposed, which may be to do nothing."""
    return _Explanation(proposal, known).trees()


class _Explanation:
    """One proposal, with what its numbers have in common."""

    def __init__(self, proposal: Proposal, known: Known) -> None:
        self._proposal, self._known = proposal, known
        self._unit = known.currency
        self._worths = {
            key: self._product(
                f"Worth of {known.labels[key]}",
                given("Quantity", asset.quantity, "quantity"),
                known.prices[key],
            )
            for key, asset in known.assets.items()
        }
        self._sums = {
            each.key: self._sum(known.names[each.key], (self._worths[key] for key in each.members))
            for each in known.targets
        }
        budget = self._difference("To be spent", known.cash, self._money("To be kept", "keep_cash"))
        self._whole = self._sum("What is to be divided", (*self._sums.values(), budget))
        # As often as there are targets: the tree of it stands once.
        whole = replace(self._whole, formula=Formula.GIVEN, inputs=(), ask=Ask("proposal.whole"))
        self._goals = {
            each.key: self._product(
                f"Should be: {known.names[each.key]}",
                given("Target", each.weight, _METHOD),
                whole,
            )
            for each in known.targets
        }
        self._trades = {each.instrument_id: self._trade(each) for each in proposal.trades}

    def trees(self) -> ProposalTrees:
        """Build all of them."""
        after = {key: self._after(key) for key in self._worths}
        sums = {
            each.key: self._sum(self._known.names[each.key], (after[key] for key in each.members))
            for each in self._known.targets
        }
        missed = self._missed("Off target afterwards", sums)
        held = Held(self._unit, self._whole, after, {}, self._known.labels)
        return ProposalTrees(
            whole=self._whole,
            fees=self._fees(),
            cash_left=self._cash_left(),
            deviation_before=self._missed("Off target now", self._sums),
            deviation_after=missed,
            accuracy=self._accuracy(missed),
            trades=self._trades,
            targets_after=explain_drifts(self._known.targets, held, self._known.names),
        )

    def _trade(self, trade: Trade) -> TradeTrees:
        key, terms = trade.instrument_id, self._known.terms
        label = f"{trade.side.value.capitalize()} {self._known.labels[key]}"
        quantity, price = self._quantity(trade, label), self._known.prices[key]
        amount = self._product(f"{label}: amount", quantity, price)
        part = self._product("In proportion", given("Fee rate", terms.fee_rate, _METHOD), amount)
        fee = self._sum(f"{label}: fee", (self._money("Of each trade", "fee_fixed"), part))
        return TradeTrees(quantity, price, amount, fee)

    def _quantity(self, trade: Trade, label: str) -> Node:
        """Explain a quantity by what would meet the target exactly, and what differs from that."""
        asset = self._known.assets[trade.instrument_id]
        (target,) = (each for each in self._known.targets if asset.instrument_id in each.members)
        ends = (self._goals[target.key], self._sums[target.key])
        words, between = ("Missing", ends) if trade.side is Side.BUY else ("Too much", ends[::-1])
        gap = self._difference(f"{words}: {self._known.names[target.key]}", *between)
        step = given("Smallest quantity", asset.step, _METHOD)
        price = self._product("Price of it", self._known.prices[asset.instrument_id], step)
        exactly = made("Steps that would meet it exactly", Formula.QUOTIENT, _METHOD, (gap, price))
        with exact():
            chosen = trade.quantity / asset.step
            rest = None if exactly.value is None else chosen - exactly.value
        note = _SEVERAL if len(target.members) > 1 else _CHOSEN
        rounding = given("More or less than that", rest, _METHOD, note=note)
        steps = made("Steps", Formula.SUM, _METHOD, (exactly, rounding))
        return made(f"{label}: quantity", Formula.PRODUCT, _METHOD, (steps, step))

    def _after(self, key: str) -> Node:
        """Explain what of an instrument is held after the trades."""
        trade = next((each for each in self._proposal.trades if each.instrument_id == key), None)
        worth = self._worths[key]
        if trade is None:
            return worth
        inputs = (worth, self._trades[key].amount)
        formula = Formula.SUM if trade.side is Side.BUY else Formula.DIFFERENCE
        label = f"{self._known.labels[key]} afterwards"
        return made(label, formula, _METHOD, inputs, unit=self._unit)

    def _missed(self, label: str, sums: Mapping[str, Node]) -> Node:
        """Explain what the targets are missed by, all together."""
        found = []
        for key, goal in self._goals.items():
            name = self._known.names[key]
            gap = self._difference(f"Missing: {name}", goal, sums[key])
            found.append(made(f"Missed: {name}", Formula.SIZE, _METHOD, (gap,), unit=self._unit))
        return self._sum(label, found)

    def _accuracy(self, missed: Node) -> Node:
        proven = given(
            "The least that is possible",
            self._proposal.proven,
            _METHOD,
            unit=self._unit,
            note=_PROVEN,
        )
        closer = self._difference("More than that", missed, proven)
        nothing = given("Nothing", Decimal(0), _METHOD, unit=self._unit)
        least = (closer, nothing)
        rest = made("Not below 0", Formula.GREATEST, _METHOD, least, unit=self._unit)
        inputs = (rest, self._money("A cent", "cent"))
        label = "What could be closer at most"
        return made(label, Formula.ROUNDED_UP, _METHOD, inputs, unit=self._unit)

    def _fees(self) -> Node:
        return self._sum("Fees", (each.fee for each in self._trades.values()))

    def _cash_left(self) -> Node:
        sold, bought = (
            [
                self._trades[each.instrument_id].amount
                for each in self._proposal.trades
                if each.side is side
            ]
            for side in (Side.SELL, Side.BUY)
        )
        there = self._sum("Cash and what is sold", (self._known.cash, *sold))
        return self._difference("Cash left", there, *bought, self._fees())

    def _money(self, label: str, name: str) -> Node:
        return given(label, getattr(self._known.terms, name), _METHOD, unit=self._unit)

    def _sum(self, label: str, inputs: Iterable[Node]) -> Node:
        return made(label, Formula.SUM, _METHOD, inputs, unit=self._unit)

    def _product(self, label: str, *inputs: Node) -> Node:
        return made(label, Formula.PRODUCT, _METHOD, inputs, unit=self._unit)

    def _difference(self, label: str, *inputs: Node) -> Node:
        return made(label, Formula.DIFFERENCE, _METHOD, inputs, unit=self._unit)
