"""What may lie behind a difference between a broker's figure and the ledger's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from common.money import plain

_ZERO = Decimal(0)
_SAME_UNITS, _SAME_CASH = Decimal("0.00000001"), Decimal("0.01")
#: Splits that happen: so many for one or one for so many, and a few in between.
_LARGEST_SPLIT, _LARGEST_UNEVEN_SPLIT = 100, 5
#: Of a balance, and in its currency: what brokers charge beside trades is hardly ever more.
_FEE_SHARE, _SMALL_FEE = Decimal("0.01"), Decimal(25)
#: What a broker's reading may close of the ledger's positions, or leave of their value at cost.
_MOST_CLOSED, _LEAST_LEFT = Decimal("0.3"), Decimal("0.5")


class DiscrepancyState(StrEnum):
    """Where a difference stands."""

    OPEN = "open"
    #: Its owner knows of it; it stays so while the numbers stay.
    DISMISSED = "dismissed"
    #: Its owner let the broker's figure hold.
    ACCEPTED = "accepted"
    #: A later sync didn't find it any more.
    RESOLVED = "resolved"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {"accepted": "Broker's figure accepted", "dismissed": "Put aside"}.get(
            self.value, self.value.capitalize()
        )


#: In these a difference is still there.
LIVE = frozenset({DiscrepancyState.OPEN, DiscrepancyState.DISMISSED})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to look for.

    Attributes:
        code: `removed_here`, `split`, `opening_balance`, `missing_trade`, `fee` or `missing_cash`;
            of a cost `unknown_cost`, `changed_here` or `check_cost`.
        message: for people.
        data: the same for programs: dates by ISO, numbers as texts.
    """

    code: str
    message: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Removed:
    """Something the broker told that was taken out of the ledger here.

    Attributes:
        effects: what it changed: units by symbol, money by currency.
    """

    transaction_id: str
    trade_date: date
    effects: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known around the figures.

    Attributes:
        booked: the symbols and currencies that the account's rows in the ledger speak of.
        first_day: of the account's rows; None where there are none.
        missing: what to do about what the ledger lacks, where the broker tells no history.
        matched_at: the day of the last sync, for those whose figures were equal then.
    """

    booked: Collection[str] = ()
    first_day: date | None = None
    matched_at: Mapping[str, date] = field(default_factory=dict)
    removed: Sequence[Removed] = ()
    missing: str = ""


def suggest_for_units(symbol: str, their: Decimal, our: Decimal, hints: Hints) -> Suggestion:
    """Say what may be behind units that differ."""
    difference = their - our
    if found := _removed(symbol, difference, hints, _SAME_UNITS):
        return found
    if not our and symbol not in hints.booked:
        before = hints.first_day.isoformat() if hints.first_day else ""
        asks = f"row of {before}?" if before else "row?"
        return Suggestion(
            "opening_balance",
            hints.missing
            or f"The ledger has no row of it: were {plain(their)} there before the account's first "
            + asks,
            {"quantity": plain(their)} | ({"before": before} if before else {}),
        )
    if ratio := split_ratio(their, our):
        new, old = ratio.numerator, ratio.denominator
        return Suggestion(
            "split",
            f"A split, {new} new for {old} old, would explain it: is one missing in the ledger?",
            {"new": str(new), "old": str(old)},
        )
    side = "purchase" if difference > 0 else "sale"
    advice = hints.missing if abs(our) < abs(their) else ""
    return Suggestion(
        "missing_trade",
        advice
        or f"A {side} of {plain(abs(difference))} may be missing{_since(symbol, hints)}, or a row "
        "was changed here.",
        {"side": side, "quantity": plain(abs(difference))} | _since_data(symbol, hints),
    )


def suggest_for_cash(currency: str, difference: Decimal, our: Decimal, hints: Hints) -> Suggestion:
    """Say what may be behind cash that differs; `difference` is theirs less ours."""
    if found := _removed(currency, difference, hints, _SAME_CASH):
        return found
    amount = {"amount": plain(abs(difference))}
    if not our and currency not in hints.booked:
        return Suggestion(
            "opening_balance",
            f"The ledger has no row in {currency}: was it there before the account's first row?",
            amount,
        )
    since, data = _since(currency, hints), amount | _since_data(currency, hints)
    if difference < 0 and -difference <= max(_SMALL_FEE, abs(our) * _FEE_SHARE):
        return Suggestion(
            "fee", f"A fee of {plain(-difference)} {currency} may be missing{since}.", data
        )
    way = "that came in" if difference > 0 else "that went out"
    return Suggestion(
        "missing_cash",
        f"{plain(abs(difference))} {currency} {way} may be missing{since}, or a row was changed "
        "here.",
        data,
    )


def split_ratio(their: Decimal, our: Decimal) -> Fraction | None:
    """Return new units for old ones where two quantities differ as after a split."""
    if not their or not our or (their > 0) != (our > 0):
        return None
    ratio = Fraction(their) / Fraction(our)
    small, large = sorted((ratio.numerator, ratio.denominator))
    if small == 1 and 2 <= large <= _LARGEST_SPLIT:
        return ratio
    # 9 for 10 is no split; 3 for 2 is one.
    return ratio if 1 < small < large <= _LARGEST_UNEVEN_SPLIT else None


def find_shrinkage(
    *,
    theirs: Mapping[str, Decimal],
    ours: Mapping[str, Decimal],
    costs: Mapping[str, Decimal],
    explained: Collection[str],
) -> str:
    """Say why a reading is too small to be believed at once; empty where it isn't.

    Args:
        theirs: units by symbol, as the broker tells.
        ours: units by symbol after all that the broker told was booked.
        costs: what our units cost, which stands for what they are worth.
        explained: symbols whose difference has its reason.
    """
    held = [symbol for symbol, units in ours.items() if units and symbol not in explained]
    closed = [symbol for symbol in held if not theirs.get(symbol)]
    if held and len(closed) > len(held) * _MOST_CLOSED:
        return f"{len(closed)} of {len(held)} positions are gone"
    whole = sum((abs(costs.get(symbol, _ZERO)) for symbol in held), _ZERO)
    left = sum((_left(symbol, theirs, ours, costs) for symbol in held), _ZERO)
    if whole and left < whole * _LEAST_LEFT:
        return "more than half of what is held is gone"
    return ""


def _left(
    symbol: str,
    theirs: Mapping[str, Decimal],
    ours: Mapping[str, Decimal],
    costs: Mapping[str, Decimal],
) -> Decimal:
    share = theirs.get(symbol, _ZERO) / ours[symbol]
    return abs(costs.get(symbol, _ZERO)) * min(max(share, _ZERO), Decimal(1))


def _removed(what: str, difference: Decimal, hints: Hints, tolerance: Decimal) -> Suggestion | None:
    for row in hints.removed:
        if what in row.effects and abs(row.effects[what] - difference) <= tolerance:
            day = row.trade_date.isoformat()
            return Suggestion(
                "removed_here",
                f"A row of {day} makes up the difference: the broker has it, and it was deleted "
                "here.",
                {"date": day, "transaction_id": row.transaction_id},
            )
    return None


def _since(what: str, hints: Hints) -> str:
    day = hints.matched_at.get(what)
    return f" since {day.isoformat()}" if day else ""


def _since_data(what: str, hints: Hints) -> dict[str, str]:
    day = hints.matched_at.get(what)
    return {"since": day.isoformat()} if day else {}
