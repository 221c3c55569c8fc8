"""The instruments that come with the platform, and how the simulation moves them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

from marketdata.domain.classification import Weights, check_weights
from marketdata.domain.instruments import AssetClass, identity_of

_FOLDER = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, slots=True)
class Entry:
    """One instrument everybody gets."""

    symbol: str
    name: str
    isin: str
    mic: str
    currency: str
    asset_class: AssetClass
    #: Its price at the end of 2022, from which the simulation starts.
    anchor_price: Decimal
    #: Standard deviation and mean of a year's returns: 0.2 is 20 %.
    volatility: float
    drift: float
    #: What it consists of, and where that comes from.
    weights: Weights = field(default_factory=dict)
    weights_source: str = ""

    @property
    def identity(self) -> str:
        """Return the text that makes it unique."""
        return identity_of(symbol=self.symbol, mic=self.mic, currency=self.currency)


@cache
def entries() -> tuple[Entry, ...]:
    """Read the shipped directory, in the order of its file."""
    weights = _weights()
    return tuple(_entry(row, weights) for row in _rows("instruments.csv"))


def _entry(row: Mapping[str, str], weights: Mapping[str, tuple[Weights, str]]) -> Entry:
    identity = identity_of(symbol=row["symbol"], mic=row["mic"], currency=row["currency"])
    found, source = weights.get(identity, ({}, ""))
    return Entry(
        symbol=row["symbol"],
        name=row["name"],
        isin=row["isin"],
        mic=row["mic"],
        currency=row["currency"],
        asset_class=AssetClass(row["asset_class"]),
        anchor_price=Decimal(row["anchor_price"]),
        volatility=float(row["volatility"]),
        drift=float(row["drift"]),
        weights=found,
        weights_source=source,
    )


def _weights() -> dict[str, tuple[Weights, str]]:
    """Read what the instruments consist of, by their identities."""
    fractions: dict[str, dict[str, dict[str, str]]] = {}
    sources: dict[str, str] = {}
    for row in _rows("weights.csv"):
        mine = fractions.setdefault(row["identity"], {})
        mine.setdefault(row["dimension"], {})[row["key"]] = row["weight"]
        sources[row["identity"]] = row["source"]
    return {
        identity: (check_weights(mine), sources[identity]) for identity, mine in fractions.items()
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
