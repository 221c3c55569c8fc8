"""A broker's figures beside those of the ledger: equal, explained, or adrift; never adjusted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

_ZERO = Decimal(0)
_CASH_TOLERANCE = Decimal("0.01")
#: What sums of fractions may differ by; a broker tells at most nine places.
_UNITS_TOLERANCE = Decimal("0.00000001")


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
        measure: `quantity` or `cash`.
        reason: what explains a difference, or what may be looked at; empty for equal figures.
    """

    what: str
    measure: str
    theirs: Decimal
    ours: Decimal
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What is in an account: units by symbol, money by currency."""

    units: Mapping[str, Decimal]
    cash: Mapping[str, Decimal]


def compare(
    *,
    theirs: Account,
    ours: Account,
    unbooked: Collection[str],
    pending: Mapping[str, Decimal],
    missing: str = "",
) -> list[Line]:
    """Compare what a broker says is in an account with what the ledger says.

    Args:
        unbooked: symbols and currencies of events that could not be booked.
        pending: cash that is on its way, by currency.
        missing: what to do about what the ledger lacks, where the broker tells no history.
    """
    lines = []
    for symbol in sorted({*theirs.units, *ours.units}):
        their, our = theirs.units.get(symbol, _ZERO), ours.units.get(symbol, _ZERO)
        if not their and not our:
            continue
        outcome, reason = Outcome.MATCH, ""
        if abs(their - our) > _UNITS_TOLERANCE:
            outcome, reason = _why_units(symbol, their, our, unbooked, missing)
        lines.append(Line(symbol, "quantity", their, our, outcome, reason))
    for currency in sorted(theirs.cash):
        their, our = theirs.cash[currency], ours.cash.get(currency, _ZERO)
        outcome, reason = Outcome.MATCH, ""
        if abs(their - our) > _CASH_TOLERANCE:
            outcome, reason = _why_cash(currency, their - our, unbooked, pending)
        lines.append(Line(currency, "cash", their, our, outcome, reason))
    return lines


def _why_units(
    symbol: str, their: Decimal, our: Decimal, unbooked: Collection[str], missing: str
) -> tuple[Outcome, str]:
    if symbol in unbooked:
        return (
            Outcome.EXPLAINED,
            "An event of it could not be booked; see below, and record it by hand.",
        )
    if our and their:
        ratio = their / our
        for number in (ratio, 1 / ratio):
            if number == number.to_integral_value() and 2 <= number <= 100:
                return (
                    Outcome.DRIFT,
                    "The one is a multiple of the other: is a split missing in the ledger?",
                )
    if missing and abs(our) < abs(their):
        return Outcome.DRIFT, missing
    if not our:
        return Outcome.DRIFT, "The ledger holds none: are transactions older than the account's?"
    return Outcome.DRIFT, "A transaction is missing on one of the sides, or was changed here."


def _why_cash(
    currency: str,
    difference: Decimal,
    unbooked: Collection[str],
    pending: Mapping[str, Decimal],
) -> tuple[Outcome, str]:
    if currency in unbooked:
        return (
            Outcome.EXPLAINED,
            "An event with cash could not be booked; see below, and record it by hand.",
        )
    if pending.get(currency) and abs(abs(difference) - abs(pending[currency])) <= _CASH_TOLERANCE:
        return Outcome.EXPLAINED, "As much is on its way, and will be booked when it is there."
    return Outcome.DRIFT, "A transaction is missing on one of the sides, or was changed here."
