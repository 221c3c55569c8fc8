"""What instruments consist of: their sectors, countries, currencies and classes, as fractions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from common.currencies import CURRENCIES, is_currency
from common.errors import InvalidInput
from common.money import NotADecimal, exact, parse_decimal, plain
from marketdata.domain.countries import COUNTRIES
from marketdata.domain.instruments import AssetClass

#: A sector or country of what has none: gold, coins.
NONE = "none"


class Dimension(StrEnum):
    """A way to divide what an instrument consists of."""

    ASSET_CLASS = "asset_class"
    SECTOR = "sector"
    COUNTRY = "country"
    CURRENCY = "currency"


class Sector(StrEnum):
    """The eleven sectors of the Global Industry Classification Standard, and states as debtors."""

    COMMUNICATION = "communication_services"
    DISCRETIONARY = "consumer_discretionary"
    STAPLES = "consumer_staples"
    ENERGY = "energy"
    FINANCIALS = "financials"
    HEALTH_CARE = "health_care"
    INDUSTRIALS = "industrials"
    TECHNOLOGY = "information_technology"
    MATERIALS = "materials"
    REAL_ESTATE = "real_estate"
    UTILITIES = "utilities"
    GOVERNMENT = "government"


#: Fractions by key, of each dimension that is known; those of one add up to at most 1.
Weights = Mapping[Dimension, Mapping[str, Decimal]]

_MEMBERS: Mapping[Dimension, Any] = {
    Dimension.ASSET_CLASS: {each.value for each in AssetClass if each is not AssetClass.CURRENCY},
    Dimension.SECTOR: {NONE, *(each.value for each in Sector)},
    Dimension.COUNTRY: {NONE, *COUNTRIES},
}
_ONE = Decimal(1)


class WeightsRefused(InvalidInput):
    """The weights can't be those of an instrument."""

    code = "weights-refused"


def check_weights(given: Any) -> Weights:
    """Read weights as somebody typed them: dimension → key → fraction as a text.

    Raises:
        WeightsRefused: a dimension or key isn't one, a fraction isn't above 0, or those of one
            dimension add up to more than 1; each error is under its dimension.
    """
    if not isinstance(given, Mapping):
        raise WeightsRefused('Weights look like {"sector": {"energy": "0.4"}}.')
    checked: dict[Dimension, Mapping[str, Decimal]] = {}
    errors: dict[str, list[str]] = {}
    for name, fractions in given.items():
        try:
            dimension = Dimension(name)
            found = _check_fractions(dimension, fractions)
        except ValueError:
            errors[str(name)] = ["There is no such dimension."]
        except WeightsRefused as error:
            errors[str(name)] = [error.detail]
        else:
            if found:
                checked[dimension] = found
    if errors:
        raise WeightsRefused(errors=errors)
    return checked


def _check_fractions(dimension: Dimension, fractions: Any) -> dict[str, Decimal]:
    if not isinstance(fractions, Mapping):
        raise WeightsRefused('Fractions look like {"energy": "0.4"}.')
    found: dict[str, Decimal] = {}
    for key, text in fractions.items():
        if not _is_member(dimension, key):
            raise WeightsRefused(f"{str(key)[:40]!r} is no {dimension.value.replace('_', ' ')}.")
        try:
            fraction = parse_decimal(text) if isinstance(text, str) else None
        except NotADecimal as error:
            raise WeightsRefused(error.detail) from error
        if fraction is None or not 0 < fraction <= 1:
            raise WeightsRefused(f'The fraction of {key} is a text above "0" and up to "1".')
        found[key] = fraction
    with exact():
        if sum(found.values()) > _ONE:
            raise WeightsRefused("The fractions add up to more than 1.")
    return found


def _is_member(dimension: Dimension, key: Any) -> bool:
    if not isinstance(key, str):
        return False
    members = _MEMBERS.get(dimension)
    return is_currency(key) if members is None else key in members


def members_of(dimension: Dimension) -> tuple[str, ...]:
    """List the keys of a dimension in the order of their labels; what has none comes last."""
    members = set(CURRENCIES) if dimension is Dimension.CURRENCY else _MEMBERS[dimension]
    return tuple(sorted(members, key=lambda key: (key == NONE, label_of(dimension, key))))


def stored_weights(weights: Weights) -> dict[str, dict[str, str]]:
    """Write weights the way they are stored: exact decimals as texts."""
    return {
        dimension.value: {key: plain(fraction) for key, fraction in fractions.items()}
        for dimension, fractions in weights.items()
    }


def read_weights(stored: Mapping[str, Mapping[str, str]] | None) -> Weights:
    """Read weights that were stored."""
    return {
        Dimension(name): {key: Decimal(text) for key, text in fractions.items()}
        for name, fractions in (stored or {}).items()
    }


def label_of(dimension: Dimension, key: str) -> str:
    """Return the name shown to people of one key of a dimension."""
    if dimension is Dimension.CURRENCY:
        return key
    if dimension is Dimension.COUNTRY:
        return "No country" if key == NONE else COUNTRIES.get(key, key)
    if dimension is Dimension.ASSET_CLASS:
        return AssetClass(key).label if key in set(AssetClass) else key
    return "No sector" if key == NONE else key.replace("_", " ").capitalize()
