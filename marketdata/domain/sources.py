"""What sources of market data say, in our words, whoever said it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from common.money import exact
from marketdata.domain.fx import Rates
from marketdata.domain.instruments import AssetClass

Row = TypeVar("Row")


class Need(StrEnum):
    """What a source may be asked for."""

    QUOTE = "quote"
    BARS = "bars"
    FX = "fx"
    ACTIONS = "actions"
    IDENTITY = "identity"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {
            Need.QUOTE: "Quotes",
            Need.BARS: "Daily bars",
            Need.FX: "Exchange rates",
            Need.ACTIONS: "Corporate actions",
            Need.IDENTITY: "Identifiers",
        }[self]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source can tell."""

    needs: frozenset[Need]
    asset_classes: frozenset[AssetClass]
    #: Whether it sends quotes by itself, as they come.
    streams: bool = False
    #: How old its quotes are by agreement: 15 minutes where only paying people get newer ones.
    delay_seconds: int = 0


@dataclass(frozen=True, slots=True)
class RowError:
    """One row that can't be used; the others can."""

    #: Where it stands, such as `2026-11-20 USD`.
    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Row]):
    """What was read from one answer."""

    rows: Sequence[Row]
    errors: Sequence[RowError] = ()


@dataclass(frozen=True, slots=True)
class ReferenceRates:
    """One day's rates: how much of each currency one unit of the base buys."""

    date: date
    base: str
    rates: Mapping[str, Decimal]

    def cross(self, source: str, target: str) -> Decimal | None:
        """Return how much of the target one unit of the source buys, through the base.

        None where the day has no rate for one of them.
        """
        known = Rates({(self.base, currency): rate for currency, rate in self.rates.items()})
        with exact():
            return known.find_rate(source, target)
