"""How a portfolio is spread: over classes of assets, sectors, countries, currencies, accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from common.money import exact
from marketdata.domain.classification import Dimension, Weights
from portfolios.domain.status import Status
from portfolios.domain.unknowns import PartialSum

#: Keys of what isn't an asset class, a sector, …
CASH = "cash"
UNKNOWN = "unknown"

_ZERO, _ONE = Decimal(0), Decimal(1)
#: Rounded quotients of one whole may miss it by their last digits, which stand for nothing.
_NOTHING = Decimal("1e-25")


class By(StrEnum):
    """What a portfolio is divided by."""

    ASSET_CLASS = "asset_class"
    SECTOR = "sector"
    COUNTRY = "country"
    CURRENCY = "currency"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Worth:
    """What one holding is worth in the portfolio's currency; None is unknown."""

    instrument_id: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Classification:
    """What is known of an instrument; `weights` look through it, as into a fund.

    Where the weights of a dimension are missing, the class and the currency are the instrument's
    own, and its sector and country unknown.
    """

    asset_class: str
    currency: str
    weights: Weights = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contribution:
    """How much of a slice one holding, or the cash of one currency, makes up."""

    instrument_id: str | None
    currency: str | None
    value: Decimal


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of an allocation.

    Attributes:
        value: net: what is held less what is owed.
        long: what is held, never below zero.
        short: what is owed (short positions, overdrafts), never above zero.
        weight: value ÷ the net total; below 0 or above 1 where something is owed.
        gross_weight: (long − short) ÷ the gross total, always between 0 and 1.
        contributions: largest first, by size.
    """

    key: str
    value: Decimal
    long: Decimal
    short: Decimal
    weight: Decimal | None
    gross_weight: Decimal | None
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class Allocation:
    """A portfolio in slices, the largest first; all in its own currency.

    Attributes:
        total: net, over what is known; None where nothing is.
        gross: the sizes of everything held and owed.
        missing: holdings without a value, and currencies of cash without a rate.
    """

    by: By
    total: Decimal | None
    gross: Decimal | None
    slices: tuple[Slice, ...]
    missing: tuple[str, ...]
    status: Status


def allocate(
    holdings: Iterable[Worth],
    *,
    by: By,
    classifications: Mapping[str, Classification],
    cash: Mapping[str, Decimal | None] | None = None,
    accounts: Mapping[str, Mapping[str, Decimal]] | None = None,
) -> Allocation:
    """Divide a portfolio; the order of its holdings changes nothing.

    Args:
        holdings: each instrument once.
        cash: each currency's balance, in the portfolio's currency. It is a slice of its own, save
            by currency, where it counts to its currency.
        accounts: how many units of each instrument each account holds; by account only.
    """
    with exact():
        run = _Run()
        for holding in sorted(holdings, key=lambda each: each.instrument_id):
            shares = _shares(holding.instrument_id, by, classifications, accounts or {})
            run.add(holding.instrument_id, holding.value, shares)
        for currency, value in sorted((cash or {}).items()):
            run.add_cash(currency, value, key=currency if by is By.CURRENCY else CASH)
        return run.allocation(by)


def _shares(
    instrument_id: str,
    by: By,
    classifications: Mapping[str, Classification],
    accounts: Mapping[str, Mapping[str, Decimal]],
) -> Mapping[str, Decimal]:
    """Return which fraction of a holding belongs where; together at most 1."""
    if by is By.ACCOUNT:
        units = accounts.get(instrument_id, {})
        held = sum(units.values(), _ZERO)
        return {name: part / held for name, part in sorted(units.items()) if part} if held else {}
    known = classifications.get(instrument_id)
    if known is None:
        return {}
    weights = known.weights.get(Dimension(by.value))
    if weights:
        return weights
    if by is By.ASSET_CLASS:
        return {known.asset_class: _ONE}
    return {known.currency: _ONE} if by is By.CURRENCY else {}


class _Run:
    """One division in the making; arithmetic happens in the caller's context."""

    def __init__(self) -> None:
        self._slices: dict[str, list[Contribution]] = {}
        self._sum = PartialSum()
        self._missing: list[str] = []

    def add(self, instrument_id: str, value: Decimal | None, shares: Mapping[str, Decimal]) -> None:
        if not self._counts(instrument_id, value) or value is None:
            return
        rest = _ONE - sum(shares.values(), _ZERO)
        for key, share in _with_rest(shares, rest):
            self._put(key, Contribution(instrument_id, None, value * share))

    def add_cash(self, currency: str, value: Decimal | None, *, key: str) -> None:
        if self._counts(currency, value) and value:
            self._put(key, Contribution(None, currency, value))

    def allocation(self, by: By) -> Allocation:
        total = self._sum.known()
        sums = {key: _sides(parts) for key, parts in self._slices.items()}
        gross = sum((long - short for long, short in sums.values()), _ZERO)
        slices = [
            Slice(
                key=key,
                value=long + short,
                long=long,
                short=short,
                weight=None if total is None or total <= 0 else (long + short) / total,
                gross_weight=(long - short) / gross if gross else None,
                contributions=tuple(sorted(self._slices[key], key=_by_size)),
            )
            for key, (long, short) in sums.items()
        ]
        return Allocation(
            by=by,
            total=total,
            gross=None if total is None else gross,
            slices=tuple(sorted(slices, key=lambda each: (-each.value, each.key))),
            missing=tuple(self._missing),
            status=self._sum.status(),
        )

    def _counts(self, name: str, value: Decimal | None) -> bool:
        self._sum.add(value)
        if value is None:
            self._missing.append(name)
        return value is not None

    def _put(self, key: str, contribution: Contribution) -> None:
        self._slices.setdefault(key, []).append(contribution)


def _with_rest(shares: Mapping[str, Decimal], rest: Decimal) -> Iterator[tuple[str, Decimal]]:
    yield from shares.items()
    if abs(rest) > _NOTHING:
        yield UNKNOWN, rest


def _sides(parts: Sequence[Contribution]) -> tuple[Decimal, Decimal]:
    """Return what is held and what is owed."""
    long = sum((each.value for each in parts if each.value > 0), _ZERO)
    short = sum((each.value for each in parts if each.value < 0), _ZERO)
    return long, short


def _by_size(part: Contribution) -> tuple[Decimal, str]:
    return -abs(part.value), part.instrument_id or part.currency or ""
