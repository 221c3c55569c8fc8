"""The one door to the portfolio's arithmetic: from a ledger to a book."""

from __future__ import annotations

from portfolios.domain.books import (
    Book,
    ClosedLot,
    Code,
    Disposal,
    Ledger,
    Lot,
    Position,
    Problem,
    Totals,
)
from portfolios.domain.folding import BookMismatch, Fold, OutOfOrder, in_order
from portfolios.domain.policy import (
    Charges,
    CostMethod,
    DayCount,
    OversellRule,
    Policy,
    PoolScope,
    PriceBasis,
)

__all__ = [
    "Book",
    "BookMismatch",
    "Charges",
    "ClosedLot",
    "Code",
    "CostMethod",
    "DayCount",
    "Disposal",
    "Ledger",
    "Lot",
    "OutOfOrder",
    "OversellRule",
    "Policy",
    "PoolScope",
    "Position",
    "PriceBasis",
    "Problem",
    "Totals",
    "compute",
]

_DEFAULT = Policy()


def compute(ledger: Ledger, *, policy: Policy = _DEFAULT) -> Book:
    """Work out positions, cash, gains and totals from everything that happened.

    The order in which the events are given makes no difference. What can't be computed is left
    out of the figures, reported as a problem and named in the status of what it affects; no event
    makes this fail.

    Raises:
        OutOfOrder: the ledger continues a book, and one of its events belongs before that book's
            end: compute from the start then.
        BookMismatch: the book to continue has another currency or policy.
    """
    fold = Fold(ledger, policy)
    fold.run(in_order(ledger.events))
    return fold.book()
