"""A broker's figures beside those of the ledger: equal, explained, or adrift; never adjusted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from brokers.domain.discrepancies import (
    Hints,
    Suggestion,
    suggest_for_cash,
    suggest_for_units,
)

_ZERO = Decimal(0)
_CASH_TOLERANCE = Decimal("0.01")
#: What sums of fractions may differ by; a broker tells at most nine places.
_UNITS_TOLERANCE = Decimal("0.00000001")
_NO_HINTS = Hints()
#: What is left of cash that counts as gone suddenly, and what is too little to ask again for.
_LEAST_LEFT, _LEAST_GONE = Decimal("0.5"), Decimal(1)


class Outcome(StrEnum):
    """How two figures compare."""

    MATCH = "match"
    EXPLAINED = "explained"
    DRIFT = "drift"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {"match": "Equal", "drift": "Differs"}.get(self.value, self.value.capitalize())


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of the broker's beside ours.

    Attributes:
        what: a symbol, or a currency code.
        measure: `quantity`, `cost` or `cash`.
        theirs: None where the broker doesn't tell; `ours` where the ledger doesn't know.
        reason: what explains a difference, or what may be looked at; empty for equal figures.
        suggestion: what to look for, or what can be done.
        currency: of a cost.
    """

    what: str
    measure: str
    theirs: Decimal | None
    ours: Decimal | None
    outcome: Outcome
    reason: str = ""
    suggestion: Suggestion | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What is in an account: units by symbol, money by currency.

    Attributes:
        is_cash_whole: whether nothing is held of a currency that isn't in `cash`; else it isn't
            known.
    """

    units: Mapping[str, Decimal]
    cash: Mapping[str, Decimal]
    is_cash_whole: bool = True


def compare(
    *,
    theirs: Account,
    ours: Account,
    unbooked: Collection[str],
    pending: Mapping[str, Decimal],
    hints: Hints = _NO_HINTS,
) -> list[Line]:
    """Compare what a broker says is in an account with what the ledger says.

    Args:
        unbooked: symbols and currencies of events that could not be booked.
        pending: cash that is on its way, by currency.
        hints: what is known around the figures, for those that differ.
    """
    lines = []
    for symbol in sorted({*theirs.units, *ours.units}):
        their, our = theirs.units.get(symbol, _ZERO), ours.units.get(symbol, _ZERO)
        if their or our:
            lines.append(_units_line(symbol, their, our, unbooked, hints))
    for currency in sorted({*theirs.cash, *ours.cash}):
        our = ours.cash.get(currency, _ZERO)
        if currency in theirs.cash or (theirs.is_cash_whole and our):
            their, on_its_way = theirs.cash.get(currency, _ZERO), pending.get(currency, _ZERO)
            lines.append(_cash_line(currency, their, our, unbooked, on_its_way, hints))
        elif abs(our) > _CASH_TOLERANCE:
            why = "How much of it is there isn't told."
            lines.append(Line(currency, "cash", None, our, Outcome.EXPLAINED, why))
    return lines


def find_shrunk_cash(lines: Iterable[Line], *, before: Mapping[str, Decimal | None]) -> str:
    """Say of which cash suddenly less than half is told; empty where there is none.

    Args:
        before: what the broker told the last time, by currency; None where it left one out.
    """
    for line in lines:
        was, told = before.get(line.what, line.ours), line.theirs or _ZERO
        is_open = line.outcome is Outcome.DRIFT or line.theirs is None
        if line.measure != "cash" or was is None or line.ours is None or not is_open:
            continue
        # Where it was told as little before, nothing of it has gone since.
        held = min(was, line.ours)
        if held > 0 and told < held * _LEAST_LEFT and held - told >= _LEAST_GONE:
            return f"{'less than half of the' if told else 'no'} {line.what} is left"
    return ""


def is_shrunk(line: Mapping[str, Any]) -> bool:
    """Say of a line as it is stored whether the broker told less than half of what is here."""
    ours, theirs = (abs(Decimal(line[name] or 0)) for name in ("ours", "theirs"))
    return theirs < ours * _LEAST_LEFT


def _units_line(
    symbol: str, their: Decimal, our: Decimal, unbooked: Collection[str], hints: Hints
) -> Line:
    if abs(their - our) <= _UNITS_TOLERANCE:
        return Line(symbol, "quantity", their, our, Outcome.MATCH)
    if symbol in unbooked:
        why = "An event of it could not be booked; see below, and record it by hand."
        return Line(symbol, "quantity", their, our, Outcome.EXPLAINED, why)
    found = suggest_for_units(symbol, their, our, hints)
    return Line(symbol, "quantity", their, our, Outcome.DRIFT, found.message, found)


def _cash_line(
    currency: str,
    their: Decimal,
    our: Decimal,
    unbooked: Collection[str],
    pending: Decimal,
    hints: Hints,
) -> Line:
    difference = their - our
    if abs(difference) <= _CASH_TOLERANCE:
        return Line(currency, "cash", their, our, Outcome.MATCH)
    why = ""
    if currency in unbooked:
        why = "An event with cash could not be booked; see below, and record it by hand."
    elif pending and abs(abs(difference) - abs(pending)) <= _CASH_TOLERANCE:
        why = "As much is on its way, and will be booked when it is there."
    if why:
        return Line(currency, "cash", their, our, Outcome.EXPLAINED, why)
    found = suggest_for_cash(currency, difference, our, hints)
    return Line(currency, "cash", their, our, Outcome.DRIFT, found.message, found)
