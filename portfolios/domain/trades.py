"""What trades, deliveries and options do to lots.

Whatever comes or goes is a lot: units and what they cost, or, below zero, units given and what was
received for them. A lot that meets others of the opposite side closes them, oldest, newest or
dearest first; what is left of it opens a position.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from common.money import plain
from portfolios.domain.books import ClosedLot, Code, Disposal, Lot
from portfolios.domain.kinds import Kind
from portfolios.domain.lots import DUST, Pool, cut
from portfolios.domain.policy import CostMethod, OversellRule
from portfolios.domain.positions import RunningPosition
from portfolios.domain.state import State
from portfolios.domain.transactions import Event, gross, units_received
from portfolios.domain.unknowns import known_sum, minus, negated, plus, times

_ZERO = Decimal(0)


def buy(state: State, event: Event) -> None:
    """Receive units for money: what was sold short is covered first."""
    position = state.position(event)
    lot = state.lot(event, position, event.quantity or _ZERO, gross(event))
    trade(state, event, position, lot, opens=True)


def cover(state: State, event: Event) -> None:
    """Buy back what was sold short; more than that is a purchase, and reported."""
    short = -state.position(event).pool(state.pool_name(event.account)).quantity
    wanted = event.quantity or _ZERO
    if wanted - max(short, _ZERO) >= DUST:
        reason = (
            f"{plain(wanted)} were bought to cover, "
            f"but only {plain(max(short, _ZERO))} were sold short."
        )
        state.report(event, Code.OVERCOVERED, reason)
    buy(state, event)


def sell(state: State, event: Event) -> None:
    """Give units for money; what happens beyond those held is the policy's choice."""
    opens = state.policy.oversell is OversellRule.SHORT or event.kind is Kind.SELL_SHORT
    position = state.position(event)
    lot = state.lot(event, position, -(event.quantity or _ZERO), -gross(event))
    trade(state, event, position, lot, opens=opens)


def transfer_in(state: State, event: Event) -> None:
    """Receive units that were not paid for, at the cost that the row says."""
    position = state.position(event)
    if event.price is None:
        state.report(event, Code.COST_UNKNOWN, "What the units cost is unknown: no price.")
        lot = Lot(event.trade_date, event.id, event.quantity or _ZERO, None, None)
        lot = lot._replace(account=state.pool_name(event.account))
    else:
        lot = state.lot(event, position, event.quantity or _ZERO, gross(event))
    state.contribute(minus(lot.cost_base, lot.charges_base))
    trade(state, event, position, lot, opens=True)


def transfer_out(state: State, event: Event) -> None:
    """Give units away: their lots go, or by policy are sold at the price that the row says."""
    position, wanted = state.position(event), event.quantity or _ZERO
    if state.policy.deliveries_realize and event.price is not None:
        state.contribute(state.in_base(event, -gross(event)))
        lot = state.lot(event, position, -wanted, -gross(event))
        trade(state, event, position, lot, opens=False)
        return
    pool = position.pool(state.pool_name(event.account))
    held = max(pool.quantity, _ZERO)
    if wanted - held >= DUST:
        _report_oversold(state, event, wanted, held)
    lots = pool.take(min(wanted, held)) if held else []
    state.contribute(
        known_sum(minus(lot.charges_base, lot.cost_base) for lot in lots),
    )
    position.move(event.account, -_units(lots))


def transfer(state: State, event: Event) -> None:
    """Move lots to another account of one's own; they keep their day and their cost."""
    position, wanted = state.position(event), event.quantity or _ZERO
    source, target = state.pool_name(event.account), state.pool_name(event.to_account)
    pool = position.pool(source)
    held = max(pool.quantity, _ZERO)
    if wanted - held >= DUST:
        _report_oversold(state, event, wanted, held)
    moved = min(wanted, held)
    if source != target and moved:
        for lot in pool.take(moved):
            match(state, event, position, lot._replace(account=target), opens=True)
    position.move(event.account, -moved)
    position.move(event.to_account, moved)


def expire(state: State, event: Event) -> None:
    """Let an option end worthless: what was paid for it is lost, what was received is kept."""
    position = state.position(event)
    pool = position.pool(state.pool_name(event.account))
    quantity = event.quantity or _ZERO
    lot = state.lot(event, position, quantity if pool.quantity < 0 else -quantity, _ZERO)
    trade(state, event, position, lot, opens=False)


def exercise(state: State, event: Event) -> None:
    """Trade the underlying at the strike; what the option cost or brought goes into that trade.

    Source: 26 CFR § 1.1234-1, IRS Publication 550: the premium is part of the cost or proceeds.
    """
    option, underlying = state.position(event), state.position_received(event)
    pool = option.pool(state.pool_name(event.account))
    wanted, held = event.quantity or _ZERO, abs(pool.quantity)
    if wanted - held >= DUST:
        _report_oversold(state, event, wanted, held)
    lots = pool.take(min(wanted, held)) if held else []
    option.move(event.account, -_units(lots))
    sign = 1 if event.kind is Kind.EXERCISE_BUY else -1
    lot = state.lot(event, underlying, sign * units_received(event), sign * gross(event))
    trade(state, event, underlying, _with_premium(state, event, option, lots, lot), opens=True)


def _with_premium(
    state: State, event: Event, option: RunningPosition, lots: Sequence[Lot], lot: Lot
) -> Lot:
    currency = state.position_received(event).currency
    premium = known_sum(each.cost for each in lots)
    charges = known_sum(each.charges for each in lots)
    return lot._replace(
        cost=plus(lot.cost, state.between(event, premium, option.currency, currency)),
        cost_base=plus(lot.cost_base, known_sum(each.cost_base for each in lots)),
        charges=plus(lot.charges, state.between(event, charges, option.currency, currency)),
        charges_base=plus(lot.charges_base, known_sum(each.charges_base for each in lots)),
    )


def trade(
    state: State, event: Event, position: RunningPosition, incoming: Lot, *, opens: bool
) -> None:
    """Match a lot with those of the opposite side, and note where its units are."""
    moved = match(state, event, position, incoming, opens=opens)
    position.move(event.account, moved)


def match(
    state: State, event: Event, position: RunningPosition, incoming: Lot, *, opens: bool
) -> Decimal:
    """Close what an incoming lot closes, open what is left; return the units that moved."""
    pool = position.pool(incoming.account)
    is_opposite = bool(pool.quantity) and (pool.quantity > 0) != (incoming.quantity > 0)
    held = abs(pool.quantity) if is_opposite else _ZERO
    wanted = abs(incoming.quantity)
    if not held and opens:
        pool.receive(incoming)
        return incoming.quantity
    if wanted - held < DUST:
        lots = _take(state, event, pool, wanted)
        if not lots:
            # Less than dust, and nothing to take it from.
            return _ZERO
        close(state, event, position, lots, incoming)
        return -_units(lots)
    if opens:
        closing, opening = cut(incoming, held)
        lots = pool.clear()
        close(state, event, position, lots, closing)
        pool.receive(opening)
        return opening.quantity - _units(lots)
    return _oversell(state, event, position, incoming, held)


def _oversell(
    state: State, event: Event, position: RunningPosition, incoming: Lot, held: Decimal
) -> Decimal:
    wanted, pool = abs(incoming.quantity), position.pool(incoming.account)
    _report_oversold(state, event, wanted, held)
    lots = pool.clear() if held else []
    moved = _units(lots)
    if state.policy.oversell is OversellRule.ZERO_COST:
        missing = Lot(event.trade_date, event.id, wanted - held, _ZERO, _ZERO)
        close(state, event, position, [*lots, missing], incoming)
        return -moved
    # The rest of the money came for units that nobody knows of: as if they had just been brought.
    closing, rest = cut(incoming, held)
    state.contribute(minus(rest.charges_base, rest.cost_base))
    if held:
        close(state, event, position, lots, closing)
    return -moved


def _take(state: State, event: Event, pool: Pool, wanted: Decimal) -> list[Lot]:
    if state.policy.cost_method is not CostMethod.SPECIFIC or not event.lots:
        return pool.take(wanted)
    lots = pool.take_named(event.lots)
    missing = wanted - abs(_units(lots))
    if missing >= DUST:
        reason = f"The lots named hold {plain(missing)} units less than were sold: the oldest went."
        state.report(event, Code.LOTS_UNKNOWN, reason)
    return [*lots, *pool.take(missing)] if missing > 0 or abs(pool.quantity) < DUST else lots


def close(
    state: State, event: Event, position: RunningPosition, lots: Sequence[Lot], closing: Lot
) -> None:
    """Record the disposal of lots against what was received, or paid, for them."""
    closed, rest = [], closing
    for lot in lots[:-1]:
        part, rest = cut(rest, abs(lot.quantity))
        closed.append(_closed(event, lot, part))
    closed.append(_closed(event, lots[-1], rest))
    price_gain, currency_gain, charges = _split_gain(state, event, position, lots, closing)
    disposal = Disposal(
        event_id=event.id,
        instrument_id=position.instrument_id,
        date=event.trade_date,
        currency=position.currency,
        quantity=sum((each.quantity for each in closed), _ZERO),
        proceeds=known_sum(each.proceeds for each in closed),
        cost=known_sum(each.cost for each in closed),
        gain=known_sum(each.gain for each in closed),
        proceeds_base=known_sum(each.proceeds_base for each in closed),
        cost_base=known_sum(each.cost_base for each in closed),
        gain_base=known_sum(each.gain_base for each in closed),
        price_gain_base=price_gain,
        currency_gain_base=currency_gain,
        charges_base=charges,
        lots=tuple(closed),
        account=event.account,
        is_short=lots[0].quantity < 0,
    )
    state.disposals.append(disposal)
    position.realize(disposal)


def _closed(event: Event, lot: Lot, part: Lot) -> ClosedLot:
    """Return how one lot was closed by its part of the other side."""
    bought, sold = (lot, part) if lot.quantity > 0 else (part, lot)
    proceeds, proceeds_base = negated(sold.cost), negated(sold.cost_base)
    return ClosedLot(
        opened_on=lot.opened_on,
        event_id=lot.event_id,
        quantity=abs(lot.quantity),
        cost=bought.cost,
        cost_base=bought.cost_base,
        proceeds=proceeds,
        proceeds_base=proceeds_base,
        gain=minus(proceeds, bought.cost),
        gain_base=minus(proceeds_base, bought.cost_base),
        held_days=(event.trade_date - lot.opened_on).days,
    )


def _split_gain(
    state: State, event: Event, position: RunningPosition, lots: Sequence[Lot], closing: Lot
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Part a gain in what the price made, what the rate made, and the charges.

    With c the cost, v the value and r the rates, without charges: (v − c) × r1 + c × (r1 − r0).
    """
    charges = plus(known_sum(lot.charges_base for lot in lots), closing.charges_base)
    opened_base = known_sum(minus(lot.cost_base, lot.charges_base) for lot in lots)
    closed_base = minus(closing.cost_base, closing.charges_base)
    total = negated(plus(opened_base, closed_base))
    if position.currency == state.base:
        return total, (None if total is None else _ZERO), charges
    opened = known_sum(minus(lot.cost, lot.charges) for lot in lots)
    closed = minus(closing.cost, closing.charges)
    if closed and closed_base is not None:
        rate: Decimal | None = closed_base / closed
    else:
        rate = state.between(event, Decimal(1), position.currency, state.base)
    price_gain = times(negated(plus(opened, closed)), rate)
    return price_gain, minus(total, price_gain), charges


def _units(lots: Sequence[Lot]) -> Decimal:
    return sum((lot.quantity for lot in lots), _ZERO)


def _report_oversold(state: State, event: Event, wanted: Decimal, held: Decimal) -> None:
    reason = (
        f"{plain(wanted)} went out, but only {plain(held)} were held: "
        f"where {plain(wanted - held)} came from is unknown."
    )
    state.report(event, Code.OVERSOLD, reason)
