"""The choices that a result depends on, kept with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from marketdata.domain.fx import MAX_AGE_DAYS

#: A rate that is older than a year is none.
MAX_RATE_AGE_DAYS = 366


class CostMethod(StrEnum):
    """Which lots a sale takes."""

    #: The oldest.
    FIFO = "fifo"
    #: The newest.
    LIFO = "lifo"
    #: Those that cost most a unit; of equal ones the oldest.
    HIFO = "hifo"
    #: All are one lot: a sale takes the same share of the units and of what they cost.
    AVERAGE = "average"
    #: Those that the sale names; the oldest where it names none.
    SPECIFIC = "specific"


class PoolScope(StrEnum):
    """Among which lots a sale chooses."""

    #: All of the portfolio's.
    PORTFOLIO = "portfolio"
    #: Those in the account that the sale was made in.
    ACCOUNT = "account"


class Charges(StrEnum):
    """Whether what a trade was charged belongs to its cost and proceeds."""

    INCLUDED = "included"
    #: Counted by itself only.
    SEPARATE = "separate"


class OversellRule(StrEnum):
    """What selling more than is held means."""

    #: What is held is sold with its share of the money; the rest is reported.
    REPORT = "report"
    #: The rest is sold short.
    SHORT = "short"
    #: The rest is sold as if it had cost nothing, and reported.
    ZERO_COST = "zero_cost"


class DayCount(StrEnum):
    """How many years some days are."""

    ACTUAL_365 = "act/365"
    ACTUAL_365_25 = "act/365.25"
    ACTUAL_360 = "act/360"

    @property
    def days_a_year(self) -> float:
        """Return the length of its year."""
        return float(self.value.partition("/")[2])


class PriceBasis(StrEnum):
    """What the closes are that a ledger is valued with."""

    #: As traded on their day.
    RAW = "raw"
    #: Adjusted for all later splits, as many sources give them.
    SPLIT_ADJUSTED = "split_adjusted"


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices that a result depends on.

    Attributes:
        max_rate_age_days: how old an exchange rate may be to be taken for a day.
        uses_booked_rates: whether the rate booked with a row beats the one of its day.
        deliveries_realize: whether units delivered out at a price count as sold at it.
        zone: the time zone whose days the portfolio is valued at the end of (IANA name).
    """

    cost_method: CostMethod = CostMethod.FIFO
    pool_scope: PoolScope = PoolScope.PORTFOLIO
    fees: Charges = Charges.INCLUDED
    taxes: Charges = Charges.INCLUDED
    oversell: OversellRule = OversellRule.REPORT
    day_count: DayCount = DayCount.ACTUAL_365
    price_basis: PriceBasis = PriceBasis.RAW
    max_rate_age_days: int = MAX_AGE_DAYS
    uses_booked_rates: bool = True
    deliveries_realize: bool = False
    zone: str = "UTC"

    @classmethod
    def chosen(cls, choices: Mapping[str, Any]) -> Policy:
        """Return the policy with some choices made, which are as `choices` returns them.

        Raises:
            ValueError: there is no such choice.
        """
        unknown = choices.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"There is no choice “{min(unknown)}”.")
        kinds = {name: _ENUMS[name](value) for name, value in choices.items() if name in _ENUMS}
        return cls(**(dict(choices) | kinds))

    def choices(self) -> dict[str, Any]:
        """Return what is chosen otherwise than by default, as plain values."""
        default = Policy()
        chosen = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value.value if isinstance(value, StrEnum) else value
            for name, value in chosen.items()
            if value != getattr(default, name)
        }

    def differences(self, other: Policy) -> tuple[str, ...]:
        """Name the choices that another policy makes otherwise."""
        names = (field.name for field in fields(self))
        return tuple(name for name in names if getattr(self, name) != getattr(other, name))


_ENUMS: Mapping[str, type[StrEnum]] = {
    "cost_method": CostMethod,
    "pool_scope": PoolScope,
    "fees": Charges,
    "taxes": Charges,
    "oversell": OversellRule,
    "day_count": DayCount,
    "price_basis": PriceBasis,
}
