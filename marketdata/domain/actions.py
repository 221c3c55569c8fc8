"""What companies do to their shares, and what prices become by it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from common.money import exact, plain

_Number = TypeVar("_Number", Decimal, float)


class ActionKind(StrEnum):
    """What was done."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    STOCK_DIVIDEND = "stock_dividend"
    SPIN_OFF = "spin_off"
    MERGER = "merger"
    REDEMPTION = "redemption"
    RENAMING = "renaming"
    RIGHTS = "rights"
    REMOVAL = "removal"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        names = {
            "spin_off": "Spin-off",
            "rights": "Rights issue",
            "removal": "Removed as worthless",
        }
        return names.get(self.value, self.value.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One corporate action, as a source tells it.

    Attributes:
        symbol: whose, as the source spells it.
        source_id: the source's own, by which the same action is known again.
        ex_date: the first day on which shares are traded without what it gives.
        ratio: new units for each old one, of a split; units given for each one held, of a stock
            dividend, a spin-off or a merger into shares.
        cash: paid for each unit, in the currency of the instrument.
        other_symbol: what is given, or what it is called afterwards.
    """

    symbol: str
    kind: ActionKind
    source_id: str
    ex_date: date
    record_date: date | None = None
    pay_date: date | None = None
    ratio: Decimal | None = None
    cash: Decimal | None = None
    other_symbol: str = ""


def split_words(ratio: Decimal) -> str:
    """Write a split as people do: 2 for 1, or 1 for 10."""
    with exact():
        if ratio < 1:
            return f"1 for {plain((1 / ratio).quantize(Decimal('0.0001')))}"
        return f"{plain(ratio)} for 1"


def adjusted(
    series: Sequence[tuple[date, _Number]], splits: Sequence[tuple[date, Decimal]]
) -> list[tuple[date, _Number]]:
    """Write prices as traded in units of the last day: those before a split are divided by it.

    Args:
        series: oldest first.
        splits: first day and ratio of each that the last day has behind it.
    """
    if not splits or not series:
        return list(series)
    days = [day for day, _ in series]
    found = list(series)
    number = type(series[0][1])
    with exact():
        for first_day, ratio in splits:
            for place in range(bisect_right(days, first_day) - (first_day in days)):
                day, price = found[place]
                found[place] = (day, price / number(ratio))
    return found
