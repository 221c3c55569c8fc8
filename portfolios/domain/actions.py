"""What corporate actions do to lots: splits, spin-offs, mergers, returned and added capital."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from portfolios.domain.books import Code, Disposal, Lot
from portfolios.domain.lots import DUST, Pool, cut, scaled, share, units
from portfolios.domain.policy import PoolScope
from portfolios.domain.positions import RunningPosition
from portfolios.domain.state import TOO_LARGE, State
from portfolios.domain.trades import close, match
from portfolios.domain.transactions import Event
from portfolios.domain.unknowns import known_sum, minus, plus

_ZERO = Decimal(0)
_ONE = Decimal(1)


def split(state: State, event: Event) -> None:
    """Multiply the units of every lot; what they cost stays. Cash in lieu pays for fractions."""
    # What was paid counts even where nothing is known to have been held.
    found = state.position(event) if event.amount else state.find_position(event.instrument_id)
    if found is None:
        return
    if not _is_reported_again(state, event, found) and not _multiply(state, event, found):
        _realize_payment(state, event, found, event.amount or _ZERO)
    elif event.amount:
        _pay_fractions(state, event, found, event.amount)


def _multiply(state: State, event: Event, position: RunningPosition) -> bool:
    """Multiply the units of every lot; say whether they can be."""
    ratio = event.ratio or _ZERO
    if abs(position.quantity) * ratio >= TOO_LARGE:
        state.report(event, Code.TOO_LARGE, "The split makes too many units to compute with.")
        return False
    for _, pool in _pools(state, event, position):
        pool.change(lambda lot: lot._replace(quantity=units(lot.quantity * ratio)))
    for account in _accounts(state, event, position):
        position.accounts[account] = units(position.accounts[account] * ratio)
    return True


def _is_reported_again(state: State, event: Event, position: RunningPosition) -> bool:
    """Say whether another account that shares the lots has reported this event already.

    Args:
        position: the one that units are added to: of a spin-off that of the instrument received.
    """
    if state.policy.pool_scope is PoolScope.ACCOUNT or not event.account:
        return False
    seen = position.last_split
    key = (event.trade_date, event.ratio or _ZERO)
    accounts = seen[2] if seen and seen[:2] == key else ()
    position.last_split = (*key, (*accounts, event.account))
    return bool(accounts) and event.account not in accounts


def _pay_fractions(state: State, event: Event, position: RunningPosition, amount: Decimal) -> None:
    """Sell what isn't a whole unit for the cash that was paid in lieu of it.

    An account is paid for its own fraction, also where it shares its lots with others.
    """
    paid = set(_accounts(state, event, position))
    fractions = {
        account: position.accounts[account] % 1
        for account in sorted({event.account} & paid or paid)
        if abs(position.accounts[account] % 1) >= DUST
    }
    total = sum(fractions.values(), _ZERO)
    if not total:
        _realize_payment(state, event, position, amount)
        return
    for account, fraction in fractions.items():
        lot = state.lot(
            event,
            position,
            -fraction,
            -(amount * fraction / total),
            charges=state.included_charges(event) * fraction / total,
        )
        lot = lot._replace(account=state.pool_name(account))
        position.move(account, match(state, event, position, lot, opens=False))


def spin_off(state: State, event: Event) -> None:
    """Give units of a new instrument for each held; a share of the cost goes over with them."""
    position, ratio, part = state.position(event), event.ratio or _ZERO, event.cost_share
    received = state.position_received(event)
    if _is_reported_again(state, event, received):
        return
    if abs(position.quantity) * ratio >= TOO_LARGE:
        state.report(event, Code.TOO_LARGE, "There are too many new units to compute with.")
        return
    if part is None:
        reason = "Which share of the cost goes over to the new units is unknown."
        state.report(event, Code.COST_UNKNOWN, reason)
    rest = None if part is None else _ONE - part
    for _, pool in _pools(state, event, position):
        for lot in pool.lots:
            new = _turned(state, event, position, received, _part_of(lot, part))
            new = new._replace(quantity=units(lot.quantity * ratio))
            match(state, event, received, new, opens=True)
        pool.change(lambda lot: _part_of(lot, rest))
    for account in _accounts(state, event, position):
        received.move(account, units(position.accounts[account] * ratio))


def merge(state: State, event: Event) -> None:
    """Give up an instrument for another one, for cash, or for both.

    Each account is paid for its own units, also where it shares their lots with others.
    """
    position = state.position(event)
    with _others_aside(state, event, position):
        _merge(state, event, position, event.amount or _ZERO)


def _merge(state: State, event: Event, position: RunningPosition, cash: Decimal) -> None:
    """Give up all units that are there.

    Where both were received and the worth of the new shares is known, the cash sells the part of
    each lot that it is of everything received; where it is unknown, the cash is capital returned.
    """
    ratio = event.ratio if event.to_instrument_id and event.ratio else _ZERO
    held = sum((pool.quantity for _, pool in _pools(state, event, position)), _ZERO)
    shares_worth = held * ratio * (event.price or _ZERO) * event.to_multiplier
    if abs(position.quantity) * ratio >= TOO_LARGE or abs(shares_worth) >= TOO_LARGE:
        state.report(event, Code.TOO_LARGE, "There are too many new units to compute with.")
        _realize_payment(state, event, position, cash)
    elif not ratio:
        _sell_part(state, event, position, cash, _ONE)
        for account in list(_accounts(state, event, position)):
            del position.accounts[account]
    else:
        kept = _ONE
        if cash and shares_worth > 0:
            sold = cash / (cash + shares_worth)
            _sell_part(state, event, position, cash, sold)
            kept -= sold
        elif cash:
            _return_capital(state, event, position, cash)
        _exchange(state, event, position, ratio / kept)


def _sell_part(
    state: State, event: Event, position: RunningPosition, cash: Decimal, part: Decimal
) -> None:
    """Sell the same part of every lot; the cash is shared by units."""
    total = sum((pool.quantity for _, pool in _pools(state, event, position)), _ZERO)
    if not total:
        _realize_payment(state, event, position, cash)
        return
    for _, pool in _pools(state, event, position):
        if not pool.quantity:
            continue
        of_pool = pool.quantity / total
        sold, kept = [], []
        for lot in pool.clear():
            taken, rest = (lot, None) if part == 1 else cut(lot, units(abs(lot.quantity) * part))
            sold.append(taken)
            if rest is not None:
                kept.append(rest)
        gone = sum((lot.quantity for lot in sold), _ZERO)
        charges = state.included_charges(event) * of_pool
        closing = state.lot(event, position, -gone, -cash * of_pool, charges=charges)
        close(state, event, position, sold, closing)
        for lot in kept:
            pool.receive(lot)


def _exchange(state: State, event: Event, position: RunningPosition, ratio: Decimal) -> None:
    """Turn every lot into one of the instrument received; day and cost stay."""
    received = state.position_received(event)
    for _, pool in _pools(state, event, position):
        for lot in pool.clear():
            new = _turned(state, event, position, received, lot)
            new = new._replace(quantity=units(lot.quantity * ratio))
            match(state, event, received, new, opens=True)
    for account in list(_accounts(state, event, position)):
        received.move(account, units(position.accounts.pop(account) * (event.ratio or _ZERO)))


def return_capital(state: State, event: Event) -> None:
    """Take what was paid back off the cost of each lot; what is more than that is a gain.

    Source: IRS Publication 550, nondividend distributions; for Canada Income Tax Act s. 40(3).
    """
    _return_capital(state, event, state.position(event), event.amount or _ZERO)


def add_capital(state: State, event: Event) -> None:
    """Count income that was kept inside a fund: the units cost as much more."""
    position, amount = state.position(event), event.amount or _ZERO
    pools = list(_pools(state, event, position))
    total = sum((pool.quantity for _, pool in pools), _ZERO)
    if not total:
        state.report(event, Code.OVERSOLD, "Nothing was held that the income could be kept in.")
        return
    state.add_income(event, amount)
    local, base = state.converted(event, amount, position.currency), state.in_base(event, amount)

    def grown(lot: Lot) -> Lot:
        return lot._replace(
            cost=plus(lot.cost, share(local, lot.quantity, total)),
            cost_base=plus(lot.cost_base, share(base, lot.quantity, total)),
        )

    for _, pool in pools:
        pool.change(grown)


def _return_capital(state: State, event: Event, position: RunningPosition, amount: Decimal) -> None:
    pools = list(_pools(state, event, position))
    total = sum((pool.quantity for _, pool in pools), _ZERO)
    if total <= 0:
        _realize_payment(state, event, position, amount)
        return
    local, base = state.converted(event, amount, position.currency), state.in_base(event, amount)
    excess: list[tuple[Decimal | None, Decimal | None]] = []

    def reduced(lot: Lot) -> Lot:
        paid, paid_base = (share(each, lot.quantity, total) for each in (local, base))
        cost, more = _less(lot.cost, lot.charges, paid)
        cost_base, more_base = _less(lot.cost_base, lot.charges_base, paid_base)
        excess.append((more, more_base))
        return lot._replace(cost=cost, cost_base=cost_base)

    for _, pool in pools:
        pool.change(reduced)
    gain = known_sum(each for each, _ in excess)
    _realize(state, event, position, gain, known_sum(each for _, each in excess))


def _less(
    cost: Decimal | None, charges: Decimal | None, paid: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """Take a payment off a cost, of which no less than the charges stays; return the excess too."""
    if cost is None or charges is None or paid is None:
        return None, None
    most = max(cost - charges, _ZERO)
    return cost - min(paid, most), max(paid - most, _ZERO)


def _realize_payment(
    state: State, event: Event, position: RunningPosition, amount: Decimal
) -> None:
    local = state.converted(event, amount, position.currency)
    _realize(state, event, position, local, state.in_base(event, amount))


def _realize(
    state: State,
    event: Event,
    position: RunningPosition,
    gain: Decimal | None,
    gain_base: Decimal | None,
) -> None:
    """Record a gain that a payment alone brought, without any units going."""
    if gain == 0 and gain_base == 0:
        return
    price_gain = state.between(event, gain, position.currency, state.base)
    disposal = Disposal(
        event_id=event.id,
        instrument_id=position.instrument_id,
        date=event.trade_date,
        currency=position.currency,
        quantity=_ZERO,
        proceeds=gain,
        cost=_ZERO,
        gain=gain,
        proceeds_base=gain_base,
        cost_base=_ZERO,
        gain_base=gain_base,
        price_gain_base=price_gain,
        currency_gain_base=minus(gain_base, price_gain),
        charges_base=_ZERO,
        lots=(),
        account=event.account,
    )
    state.disposals.append(disposal)
    position.realize(disposal)


def _part_of(lot: Lot, part: Decimal | None) -> Lot:
    """Return a lot with all of its units and part of its cost, which may be unknown."""
    if part is None:
        return lot._replace(cost=None, cost_base=None)
    return scaled(lot, part)


def _turned(
    state: State, event: Event, position: RunningPosition, received: RunningPosition, lot: Lot
) -> Lot:
    """Return a lot with its cost in the currency of the instrument that it becomes one of."""
    source, target = position.currency, received.currency
    return lot._replace(
        cost=state.between(event, lot.cost, source, target),
        charges=state.between(event, lot.charges, source, target),
    )


def _pools(state: State, event: Event, position: RunningPosition) -> Iterator[tuple[str, Pool]]:
    """Give the lots that an action is about: those of its account, or all where it names none."""
    if _is_about_one_account(state, event, position):
        pool = position.pools.get(event.account)
        if pool is not None:
            yield event.account, pool
    else:
        yield from position.pools.items()


def _accounts(state: State, event: Event, position: RunningPosition) -> Iterator[str]:
    if _is_about_one_account(state, event, position):
        yield from {event.account} & position.accounts.keys()
    else:
        yield from position.accounts


def _is_about_one_account(state: State, event: Event, position: RunningPosition) -> bool:
    """Say whether an action leaves the lots of other accounts alone.

    One without a name is an account too, where it holds something.
    """
    if state.policy.pool_scope is not PoolScope.ACCOUNT:
        return False
    pool = position.pools.get(event.account)
    return bool(event.account) or (pool is not None and bool(pool.quantity))


@contextmanager
def _others_aside(state: State, event: Event, position: RunningPosition) -> Iterator[None]:
    """Leave among shared lots as many units as an event's own account holds, for the time being.

    Which these are the method says, as for a sale. All stay where the event names no account, or
    one that nothing is known to be in.
    """
    pool, own = position.pool(""), position.accounts.get(event.account, _ZERO)
    others = pool.quantity - own
    shares_lots = state.policy.pool_scope is PoolScope.PORTFOLIO and bool(event.account)
    if not shares_lots or own * others <= 0 or abs(others) < DUST:
        yield
        return
    taken = pool.take(abs(own))
    lots, accounts = pool.lots, dict(position.accounts)
    pool.clear()
    position.accounts = {event.account: accounts.pop(event.account)}
    for lot in taken:
        pool.receive(lot)
    yield
    position.accounts |= accounts
    for lot in lots:
        pool.receive(lot)
