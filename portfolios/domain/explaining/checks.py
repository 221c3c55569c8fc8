"""How it comes about what the rules measure of a portfolio: down to what each position is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portfolios.domain.allocation import UNKNOWN, By
from portfolios.domain.explaining.allocation import SliceTrees
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, given, listed, made, told
from portfolios.domain.measures import NO_CLUSTERS
from portfolios.domain.rules import Check, Verdict

_METHOD = "checks"


@dataclass(frozen=True, slots=True)
class Examined:
    """One position as the rules see it, with its trees.

    Attributes:
        is_spread: a fund, which holds many things itself.
    """

    label: str
    quantity: Decimal
    value: Node
    cost: Node
    is_spread: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that the rules look at, as trees.

    Attributes:
        cash: None where it isn't tracked.
        spending: what the owner spends in a month, if they said so.
        slices: of each division that there is, by their keys.
    """

    currency: str
    positions: Sequence[Examined]
    total: Node
    cash: Node | None
    fees: Node
    spending: Decimal | None
    slices: Mapping[By, Mapping[str, SliceTrees]]


@dataclass(frozen=True, slots=True)
class CheckTrees:
    """The trees of one check.

    Attributes:
        most: what the value could be, for so much isn't classified that it may be above the limit;
            None where that decides nothing.
        limit: what the value is compared with; None where the rule is switched off.
    """

    value: Node
    most: Node | None
    limit: Node | None


def explain_checks(examination: Examination, checks: Sequence[Check]) -> dict[str, CheckTrees]:
    """Build the trees of all checks, by their rules.

    Args:
        checks: what the rules found, which say why a value is missing.
    """
    measured = _measured(examination)
    unclassified = _unclassified(examination)
    return {
        each.id: _check(each, measured.get(each.id), unclassified.get(each.id)) for each in checks
    }


def _check(check: Check, tree: Node | None, unclassified: Node | None) -> CheckTrees:
    if tree is None or not tree.inputs:
        # An input is missing, or there is nothing of what it measures.
        tree = given(check.title, check.value, _METHOD)
    value, most, limit = told(tree, check.value, check.explanation), None, None
    if unclassified and check.verdict is Verdict.UNAVAILABLE and check.value is not None:
        label = f"{check.title}, at most"
        most = made(label, Formula.SUM, _METHOD, (value, unclassified))
    if check.limit is not None:
        label = f"Limit: {'at least' if check.is_least else 'at most'}"
        limit = given(label, check.limit, _METHOD)
    return CheckTrees(value, most, limit)


def _measured(of: Examination) -> dict[str, Node]:
    """Explain what each rule measures; one without anything to measure may be missing."""
    found = {
        **{rule: _cluster(of, by) for rule, by in _CLUSTERS.items() if by in of.slices},
        "fees": _share("Fees", of.fees, _invested(of)),
        "concentration": _concentration(of),
    }
    if single := [each.value for each in of.positions if not each.is_spread]:
        largest = _greatest("Largest of those that are no funds", single, unit=of.currency)
        found["largest-position"] = _share("Largest single position", largest, of.total)
    if of.positions:
        found["positions"] = made("Number of positions", Formula.COUNT, _METHOD, (_held(of),))
        found["unpriced"] = _unpriced(of)
    if By.CURRENCY in of.slices:
        foreign = _sizes(of, By.CURRENCY, {of.currency, UNKNOWN})
        found["foreign-currencies"] = made("Foreign currencies", Formula.SUM, _METHOD, foreign)
        found["foreign-currency"] = _greatest("Largest foreign currency", foreign)
    if of.cash is not None:
        found["cash"] = _share("Cash", of.cash, of.total)
        spending = given("Spent in a month", of.spending, _METHOD, unit=of.currency)
        inputs = (of.cash, spending)
        found["emergency-cash"] = made("Emergency cash, months", Formula.QUOTIENT, _METHOD, inputs)
    return found


_CLUSTERS = {
    "asset-class": By.ASSET_CLASS,
    "sector": By.SECTOR,
    "country": By.COUNTRY,
    "account": By.ACCOUNT,
}


def _unclassified(of: Examination) -> dict[str, Node]:
    """Explain by rule how large a part isn't classified."""
    rules = _CLUSTERS | dict.fromkeys(("foreign-currencies", "foreign-currency"), By.CURRENCY)
    return {
        rule: _size(of.slices[by][UNKNOWN].weight)
        for rule, by in rules.items()
        if UNKNOWN in of.slices.get(by, {})
    }


def _cluster(of: Examination, by: By) -> Node:
    label = f"Largest {by.value.replace('_', ' ')}"
    return _greatest(label, _sizes(of, by, NO_CLUSTERS))


def _sizes(of: Examination, by: By, left_out: Iterable[str]) -> list[Node]:
    apart = set(left_out)
    return [_size(each.weight) for key, each in of.slices[by].items() if key not in apart]


def _size(node: Node) -> Node:
    """Take what is owed by its size."""
    if node.value is None or node.value >= 0:
        return node
    return made(f"Size of {node.label}", Formula.SIZE, _METHOD, (node,), unit=node.unit)


def _greatest(label: str, nodes: Iterable[Node], *, unit: str = "") -> Node:
    """Find the greatest of what is known, by its size."""
    known = [_size(each) for each in nodes if each.value is not None]
    return made(label, Formula.GREATEST, _METHOD, known, unit=unit)


def _share(label: str, part: Node, whole: Node) -> Node:
    return made(label, Formula.SHARE, _METHOD, (part, whole))


def _invested(of: Examination) -> Node:
    costs = (each.cost for each in of.positions)
    return made("Cost of what is held", Formula.SUM, "cost", costs, unit=of.currency)


def _concentration(of: Examination) -> Node:
    sizes = [_size(each.value) for each in of.positions if each.value.value is not None]
    together = made("Together", Formula.SUM, _METHOD, sizes, unit=of.currency)
    weights = (
        _share(f"Weight of {each.label}, of all positions", each, together) for each in sizes
    )
    squares = (
        made(f"Square of the {each.label.lower()}", Formula.PRODUCT, _METHOD, (each, each))
        for each in weights
    )
    return made("Concentration", Formula.SUM, _METHOD, squares)


def _held(of: Examination) -> Node:
    quantities = (given(each.label, each.quantity, "quantity") for each in of.positions)
    return listed("Positions", "quantity", quantities)


def _unpriced(of: Examination) -> Node:
    missing = [each for each in of.positions if each.value.value is None]
    quantities = (given(each.label, each.quantity, "quantity") for each in missing)
    without = listed("Positions without a value", "quantity", quantities)
    number = (
        made("How many have no value", Formula.COUNT, _METHOD, (without,))
        if missing
        else given("How many have no value", Decimal(0), _METHOD)
    )
    whole = made("How many are held", Formula.COUNT, _METHOD, (_held(of),))
    return _share("Positions without a value", number, whole)
