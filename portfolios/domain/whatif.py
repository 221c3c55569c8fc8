"""What selling would realize by each cost method, before anything is sold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from common.errors import InvalidInput
from common.money import exact, plain
from portfolios.domain.books import Book, Disposal, Ledger
from portfolios.domain.engine import compute
from portfolios.domain.policy import CostMethod, Policy, PoolScope
from portfolios.domain.tax_years import is_long_term
from portfolios.domain.transactions import Event
from portfolios.domain.unknowns import known_sum

_ZERO = Decimal(0)
#: Selling lots that are named depends on the names, so it is shown only where it is the choice.
_METHODS = (CostMethod.FIFO, CostMethod.LIFO, CostMethod.HIFO, CostMethod.AVERAGE)


class NotEnoughHeld(InvalidInput):
    """More would be sold than is held."""

    code = "not-enough-held"


@dataclass(frozen=True, slots=True)
class Alternative:
    """What one cost method makes of a sale; money in the portfolio's currency.

    Attributes:
        is_chosen: whether it is the portfolio's own method.
        short_term: what of the gain is of lots held no longer than a year; `long_term` the rest.
    """

    method: CostMethod
    is_chosen: bool
    disposal: Disposal
    short_term: Decimal | None
    long_term: Decimal | None


def what_if(ledger: Ledger, sale: Event, *, policy: Policy) -> tuple[Alternative, ...]:
    """Let a sale happen after everything else, once by each method.

    The method is applied to all that happened before, too, as if it had been chosen from the
    beginning: which lots are left depends on it.

    Args:
        ledger: whatever touched the instrument, or one that became it.
        sale: later than all of it.

    Raises:
        NotEnoughHeld: more would be sold than is held where it is sold.
    """
    events = tuple(ledger.events)
    held = _held(compute(replace(ledger, events=events), policy=policy), sale)
    if (sale.quantity or _ZERO) > held:
        message = f"Only {plain(held)} are held there."
        raise NotEnoughHeld(message, errors={"quantity": [message]})
    methods = dict.fromkeys((*_METHODS, policy.cost_method))
    sold = replace(ledger, events=(*events, sale))
    return tuple(_alternative(sold, sale, policy, method) for method in methods)


def _held(book: Book, sale: Event) -> Decimal:
    position = book.positions.get(sale.instrument_id or "")
    pool = sale.account if book.policy.pool_scope is PoolScope.ACCOUNT else ""
    lots = position.lots if position else ()
    with exact():
        return max(sum((lot.quantity for lot in lots if lot.account == pool), _ZERO), _ZERO)


def _alternative(ledger: Ledger, sale: Event, policy: Policy, method: CostMethod) -> Alternative:
    book = compute(ledger, policy=replace(policy, cost_method=method))
    (disposal,) = (each for each in book.disposals if each.event_id == sale.id)
    with exact():
        short, long = (
            known_sum(lot.gain_base for lot in disposal.lots if is_long_term(lot.held_days) is term)
            for term in (False, True)
        )
    return Alternative(
        method=method,
        is_chosen=method is policy.cost_method,
        disposal=disposal,
        short_term=short,
        long_term=long,
    )
