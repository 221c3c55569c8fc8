"""How the slices of an allocation come about, and how far targets are off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.money import exact
from portfolios.domain.allocation import Allocation, Contribution, Slice
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, given, made
from portfolios.domain.targets import Target

_SLICES, _DRIFT = "slices", "drift"


@dataclass(frozen=True, slots=True)
class Held:
    """What everything is worth, as trees.

    Attributes:
        values: of each holding, by instrument.
        cash: of each balance, by currency.
        labels: what instruments are called.
    """

    currency: str
    total: Node
    values: Mapping[str, Node]
    cash: Mapping[str, Node]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SliceTrees:
    """The trees of one slice."""

    value: Node
    weight: Node
    gross_weight: Node


@dataclass(frozen=True, slots=True)
class DriftTrees:
    """The trees of how one target stands."""

    value: Node
    weight: Node
    absolute: Node
    relative: Node
    amount: Node


def explain_slices(
    allocation: Allocation, held: Held, labels: Mapping[str, str]
) -> dict[str, SliceTrees]:
    """Build the trees of all slices, by their keys.

    Args:
        labels: what the slices are called.
    """
    gross = given("All that is held and owed", allocation.gross, _SLICES, unit=held.currency)
    return {each.key: _slice(each, held, labels[each.key], gross) for each in allocation.slices}


def _slice(part: Slice, held: Held, label: str, gross: Node) -> SliceTrees:
    parts = [_contribution(each, held) for each in part.contributions]
    value = made(label, Formula.SUM, _SLICES, parts, unit=held.currency)
    with exact():
        size = given("Its size", part.long - part.short, _SLICES, unit=held.currency)
    return SliceTrees(
        value=value,
        weight=made(f"Weight of {label}", Formula.SHARE, _SLICES, (value, held.total)),
        gross_weight=made(
            f"Part of all that is held and owed: {label}", Formula.SHARE, _SLICES, (size, gross)
        ),
    )


def _contribution(part: Contribution, held: Held) -> Node:
    """Explain a part of a slice by the holding, and which share of it belongs there."""
    worths = held.values if part.instrument_id else held.cash
    worth = worths.get(part.instrument_id or part.currency or "")
    label = held.labels.get(part.instrument_id or "", part.instrument_id or part.currency or "")
    if worth is None or not worth.value:
        return given(label, part.value, _SLICES, unit=held.currency)
    with exact():
        share = part.value / worth.value
    if share == 1:
        return worth
    inputs = (worth, given("Share", share, _SLICES))
    return made(label, Formula.PRODUCT, _SLICES, inputs, unit=held.currency)


def explain_drifts(
    targets: Sequence[Target], held: Held, labels: Mapping[str, str]
) -> dict[str, DriftTrees]:
    """Build the trees of how targets stand, by their keys.

    Args:
        labels: what the targets are called.
    """
    unit = held.currency
    values = {
        each.key: made(labels[each.key], Formula.SUM_KNOWN, _DRIFT, _members(each, held), unit=unit)
        for each in targets
    }
    whole = made("All that targets name", Formula.SUM_KNOWN, _DRIFT, values.values(), unit=unit)
    return {each.key: _drift(each, values[each.key], whole) for each in targets}


def _members(target: Target, held: Held) -> Iterator[Node]:
    nothing = given("Nothing of it is held", Decimal(0), _DRIFT, unit=held.currency)
    found = [held.values[key] for key in target.members if key in held.values]
    yield from found or [nothing]


def _drift(target: Target, value: Node, whole: Node) -> DriftTrees:
    label, unit = value.label, value.unit
    goal = given("Target", target.weight, _DRIFT)
    weight = made(f"Weight of {label}", Formula.SHARE, _DRIFT, (value, whole))
    off = made(f"{label} is off by", Formula.DIFFERENCE, _DRIFT, (weight, goal))
    should = made("Should be", Formula.PRODUCT, _DRIFT, (goal, whole), unit=unit)
    return DriftTrees(
        value=value,
        weight=weight,
        absolute=off,
        relative=made(f"{label} is off by, of it", Formula.QUOTIENT, _DRIFT, (off, goal)),
        amount=made(
            f"To be moved: {label}", Formula.DIFFERENCE, _DRIFT, (should, value), unit=unit
        ),
    )
