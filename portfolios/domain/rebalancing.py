"""Which trades bring a portfolio closer to its targets: proposed, never carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from common.money import exact
from portfolios.domain.optimization import Candidate, Found, Problem, search
from portfolios.domain.targets import (
    Bands,
    Drift,
    Target,
    TargetsRefused,
    check_targets,
    drifts,
)

_ZERO = Decimal(0)
#: The scaled whole has so many digits before the point; see `optimization`.
_SCALE_DIGITS = 5
#: Solutions that differ by less than a cent, or this part of all there is, are equally good.
_RESOLUTION = Decimal("1e-5")


class Mode(StrEnum):
    """What may be done."""

    BUY_ONLY = "buy_only"
    BUY_AND_SELL = "buy_and_sell"


class Outcome(StrEnum):
    """What became of a proposal; all but the first two say what is to be mended."""

    PROPOSED = "proposed"
    NOTHING_TO_DO = "nothing_to_do"
    TARGETS_REFUSED = "targets_refused"
    UNPRICED = "unpriced"
    NO_CASH = "no_cash"
    IMPOSSIBLE = "impossible"


class Side(StrEnum):
    """Whether a trade buys or sells."""

    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True, slots=True)
class Asset:
    """An instrument that a target names.

    Attributes:
        quantity: how much is held; 0 for what isn't yet.
        price: of one unit in the portfolio's currency; None is unknown.
        step: the smallest quantity that can be traded: 1 for whole shares.
    """

    instrument_id: str
    quantity: Decimal
    price: Decimal | None
    step: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a proposal must keep to; money in the portfolio's currency.

    Attributes:
        cash: all that is there to be spent, old and new.
        keep_cash: how much of it stays.
        least_trade: what a trade is worth at least, before fees.
        fee_fixed: of each trade.
        fee_rate: of what a trade is worth: 0.001 is a thousandth.
        cent: the smallest amount that the currency can pay.
    """

    mode: Mode
    cash: Decimal = _ZERO
    keep_cash: Decimal = _ZERO
    least_trade: Decimal = _ZERO
    fee_fixed: Decimal = _ZERO
    fee_rate: Decimal = _ZERO
    cent: Decimal = Decimal("0.01")

    @property
    def budget(self) -> Decimal:
        """Return what may be spent; below 0 where money is to be raised."""
        return self.cash - self.keep_cash


@dataclass(frozen=True, slots=True)
class Trade:
    """One thing to buy or sell; `amount` is quantity × price, before the fee."""

    instrument_id: str
    side: Side
    quantity: Decimal
    price: Decimal
    amount: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Proposal:
    """The trades, and what they lead to.

    Attributes:
        reason: why there are none, in words.
        cash_left: what is there afterwards, including what is to be kept.
        deviation_before: what the targets are missed by now, in money, all together.
        deviation_after: the same after the trades.
        proven: nothing within the terms misses the targets by less than this, all together.
        accuracy: so that nothing comes closer by more than this, in whole cents.
    """

    outcome: Outcome
    reason: str = ""
    trades: tuple[Trade, ...] = ()
    fees: Decimal = _ZERO
    cash_left: Decimal | None = None
    deviation_before: Decimal | None = None
    deviation_after: Decimal | None = None
    drift_after: tuple[Drift, ...] = ()
    proven: Decimal = _ZERO
    accuracy: Decimal = _ZERO


def propose(
    targets: Sequence[Target],
    *,
    assets: Mapping[str, Asset],
    terms: Terms,
    bands: Bands | None = None,
) -> Proposal:
    """Find the trades that come closest to the targets within the terms.

    The targets' amounts are their weights of what the members are worth now and what may be
    spent. The sum of what they are missed by is made as small as possible, then the number of
    trades. The order of targets and assets changes nothing.

    Args:
        assets: every member of every target.
    """
    with exact():
        refused = _refusal(targets, assets, terms)
        if refused is not None:
            return refused
        run = _Run(sorted(targets, key=lambda each: each.key), assets, terms)
        if run.whole <= 0:
            return Proposal(Outcome.IMPOSSIBLE, "There is nothing of value to divide.")
        found = search(run.problem())
        trades = None if found is None else run.trades(found)
        if found is None or trades is None:
            return Proposal(Outcome.IMPOSSIBLE, "Not enough can be sold to keep so much cash.")
        return run.proposal(trades, targets, bands=bands, lowest=found.lowest)


def _refusal(
    targets: Sequence[Target], assets: Mapping[str, Asset], terms: Terms
) -> Proposal | None:
    """Return why nothing can be proposed, or None."""
    try:
        check_targets(targets)
    except TargetsRefused as error:
        return Proposal(Outcome.TARGETS_REFUSED, error.detail)
    members = {member for each in targets for member in each.members}
    bare = [each.key for each in targets if each.weight and not each.members]
    if bare:
        return Proposal(Outcome.TARGETS_REFUSED, f"No instrument counts for {', '.join(bare)}.")
    if any(not _is_priced(assets.get(member)) for member in members):
        return Proposal(Outcome.UNPRICED, "An instrument that the targets name has no price.")
    if terms.mode is Mode.BUY_ONLY and terms.budget <= 0:
        return Proposal(Outcome.NO_CASH, "There is no money to buy for, beyond what is to be kept.")
    return None


def _is_priced(asset: Asset | None) -> bool:
    return asset is not None and asset.price is not None and asset.price > 0


class _Run:
    """One proposal in the making; arithmetic happens in the caller's context."""

    def __init__(
        self, targets: Sequence[Target], assets: Mapping[str, Asset], terms: Terms
    ) -> None:
        self._targets = targets
        self._terms = terms
        #: The place of its target, and each asset with its price, in an order of their own.
        self._assets: list[tuple[int, Asset, Decimal]] = []
        for place, target in enumerate(targets):
            for member in sorted(target.members):
                price = assets[member].price
                if price is not None:
                    self._assets.append((place, assets[member], price))
        self._values = [_ZERO] * len(targets)
        for place, asset, price in self._assets:
            self._values[place] += asset.quantity * price
        self.whole = sum(self._values, _ZERO) + terms.budget
        self._goals = [target.weight * self.whole for target in targets]
        sizes = [abs(each) for each in (*self._values, *self._goals, terms.cash, terms.budget)]
        self._size = max(*sizes, terms.cent)
        self._factor = Decimal(1).scaleb(_SCALE_DIGITS - self._size.adjusted())

    def problem(self) -> Problem:
        """Return the search's form of it, in scaled floats."""
        terms = self._terms

        def scaled(money: Decimal) -> float:
            return float(money * self._factor)

        gaps = [goal - held for goal, held in zip(self._goals, self._values, strict=True)]
        return Problem(
            candidates=[
                Candidate(
                    place,
                    scaled(price * asset.step),
                    float(self._most_bought(asset, price, gaps[place])),
                    float(self._most_sold(asset)),
                )
                for place, asset, price in self._assets
            ],
            gaps=[scaled(gap) for gap in gaps],
            budget=scaled(terms.budget),
            least=scaled(terms.least_trade),
            fee_fixed=scaled(terms.fee_fixed),
            fee_rate=float(terms.fee_rate),
            resolution=scaled(max(terms.cent, self._size * _RESOLUTION)),
            lowest=scaled(self._lowest()),
        )

    def _lowest(self) -> Decimal:
        """Return what the targets are missed by at least when all the money is spent on them."""
        terms = self._terms
        if terms.mode is Mode.BUY_AND_SELL:
            return _ZERO
        most_spent = max(terms.budget - terms.fee_fixed, _ZERO) / (1 + terms.fee_rate)
        return max(self._deviation(()) - most_spent, _ZERO)

    def _accuracy(self, deviation: Decimal, proven: Decimal) -> Decimal:
        """Return how much closer something could be, in whole cents."""
        return max(deviation - proven, _ZERO).quantize(self._terms.cent, rounding=ROUND_CEILING)

    def _most_bought(self, asset: Asset, price: Decimal, gap: Decimal) -> Decimal:
        """Return how many steps it can make sense to buy: one past the target at most."""
        if gap <= 0:
            # Past the target already; only the step around it could be nearer.
            return _ZERO
        steps = max(gap, self._terms.least_trade) / (price * asset.step)
        return steps.to_integral_value(ROUND_CEILING)

    def _most_sold(self, asset: Asset) -> Decimal:
        if self._terms.mode is Mode.BUY_ONLY or asset.quantity <= 0:
            return _ZERO
        # All of it: where steps are large, selling past its target can pay for another's step.
        return (asset.quantity / asset.step).to_integral_value(ROUND_FLOOR)

    def trades(self, found: Found) -> list[Trade] | None:
        """Turn what was found into exact trades within the terms; None where there are none."""
        quantities = [
            asset.step * _whole(steps)
            for (_, asset, _), steps in zip(self._assets, found.steps, strict=True)
        ]
        trades = [
            self._trade(asset, price, quantity)
            for (_, asset, price), quantity in zip(self._assets, quantities, strict=True)
            if quantity
        ]
        trades = [each for each in trades if self._keeps_terms(each)]
        return self._within_budget(trades)

    def _trade(self, asset: Asset, price: Decimal, quantity: Decimal) -> Trade:
        held = (asset.quantity / asset.step).to_integral_value(ROUND_FLOOR) * asset.step
        size = abs(quantity) if quantity > 0 else min(-quantity, max(held, _ZERO))
        amount = size * price
        return Trade(
            instrument_id=asset.instrument_id,
            side=Side.BUY if quantity > 0 else Side.SELL,
            quantity=size,
            price=price,
            amount=amount,
            fee=self._terms.fee_fixed + self._terms.fee_rate * amount,
        )

    def _keeps_terms(self, trade: Trade) -> bool:
        return trade.quantity > 0 and trade.amount >= self._terms.least_trade

    def _within_budget(self, trades: list[Trade]) -> list[Trade] | None:
        """Take steps off the purchases until the budget is kept to the last digit.

        The search is right but for its last digits, so that this takes a step at most, if any.
        """
        assets = {asset.instrument_id: (asset, price) for _, asset, price in self._assets}
        while self._left(trades) < 0:
            buys = [each for each in trades if each.side is Side.BUY]
            if not buys:
                return None
            # The cheapest step that is enough, else the dearest.
            missing = -self._left(trades)
            costs = {each.instrument_id: _step_cost(each, assets) for each in buys}
            enough = [each for each in buys if costs[each.instrument_id] >= missing]
            chosen = (
                min(enough, key=lambda each: (costs[each.instrument_id], each.instrument_id))
                if enough
                else max(buys, key=lambda each: (costs[each.instrument_id], each.instrument_id))
            )
            asset, price = assets[chosen.instrument_id]
            smaller = self._trade(asset, price, chosen.quantity - asset.step)
            trades = [smaller if each is chosen else each for each in trades]
            trades = [each for each in trades if self._keeps_terms(each)]
        return trades

    def _left(self, trades: Sequence[Trade]) -> Decimal:
        """Return what is left of the budget after trades and their fees."""
        left = self._terms.budget
        for each in trades:
            left += each.amount if each.side is Side.SELL else -each.amount
            left -= each.fee
        return left

    def proposal(
        self,
        trades: list[Trade],
        targets: Sequence[Target],
        *,
        bands: Bands | None,
        lowest: float,
    ) -> Proposal:
        """Measure what the trades lead to; those that lead nowhere aren't proposed."""
        before = self._deviation(())
        if self._terms.budget >= 0 and self._deviation(trades) >= before:
            trades = []
        after = self._deviation(trades)
        proven = max(self._lowest(), Decimal(lowest) / self._factor)
        made = Proposal(
            outcome=Outcome.PROPOSED if trades else Outcome.NOTHING_TO_DO,
            reason="" if trades else "No trade within these terms comes closer to the targets.",
            trades=tuple(sorted(trades, key=lambda each: (each.side.value, -each.amount))),
            fees=sum((each.fee for each in trades), _ZERO),
            cash_left=self._left(trades) + self._terms.keep_cash,
            deviation_before=before,
            deviation_after=after,
            proven=proven,
            accuracy=self._accuracy(after, proven),
        )
        return replace(made, drift_after=drifts(targets, values=self._after(trades), bands=bands))

    def _after(self, trades: Sequence[Trade]) -> dict[str, Decimal | None]:
        signed = {
            each.instrument_id: each.amount if each.side is Side.BUY else -each.amount
            for each in trades
        }
        return {
            asset.instrument_id: asset.quantity * price + signed.get(asset.instrument_id, _ZERO)
            for _, asset, price in self._assets
        }

    def _deviation(self, trades: Sequence[Trade]) -> Decimal:
        """Add up what the targets are missed by, in money."""
        values = self._after(trades)
        sums = [_ZERO] * len(self._targets)
        for place, asset, _ in self._assets:
            sums[place] += values[asset.instrument_id] or _ZERO
        return sum((abs(goal - held) for goal, held in zip(self._goals, sums, strict=True)), _ZERO)


def _whole(steps: float) -> Decimal:
    """Round what is a whole number but for the solver's last digits; cut what isn't one."""
    number = Decimal(steps)
    nearest = number.to_integral_value(ROUND_HALF_EVEN)
    if abs(number - nearest) <= Decimal("1e-4"):
        return nearest
    return number.to_integral_value(ROUND_FLOOR if number > 0 else ROUND_CEILING)


def _step_cost(trade: Trade, assets: Mapping[str, tuple[Asset, Decimal]]) -> Decimal:
    asset, price = assets[trade.instrument_id]
    return asset.step * price
