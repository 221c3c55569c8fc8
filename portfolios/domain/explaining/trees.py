"""A figure as a tree of the numbers it is made of, down to what was stored or quoted.

Each node says by which formula its value follows from those of its inputs, so that a person can
recompute it by hand, and `recomputed` does so to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from common.money import exact
from portfolios.domain.explaining.formulas import Formula, apply


@dataclass(frozen=True, slots=True)
class Ask:
    """Which figure of which days, the last one counted, says more of a number.

    Attributes:
        start: None where the figure is of now, like `end`.
        instrument: whose figure it is; empty where it is that of the portfolio.
        portfolio: of which, where it is another one than that which the tree is of.
    """

    figure: str
    start: date | None = None
    end: date | None = None
    instrument: str = ""
    portfolio: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One number, and what it is made of.

    Attributes:
        method: the anchor of the methods that explains it.
        value: None is unknown, or what is no number itself: a list of observations.
        unit: a currency, or empty for quantities, rates and fractions.
        note: what else there is to say, such as why there is no number.
        ask: where a number that is given here is explained itself.
    """

    label: str
    formula: Formula
    method: str
    value: Decimal | None
    unit: str = ""
    inputs: tuple[Node, ...] = ()
    note: str = ""
    ask: Ask | None = None


def made(
    label: str,
    formula: Formula,
    method: str,
    inputs: Iterable[Node],
    *,
    unit: str = "",
    ask: Ask | None = None,
) -> Node:
    """Make a node whose value follows from its inputs."""
    found = tuple(inputs)
    value = _evaluate(formula, found)
    return Node(label, formula, method, value, unit, found, ask=ask)


def given(
    label: str,
    value: Decimal | None,
    method: str,
    *,
    unit: str = "",
    note: str = "",
    ask: Ask | None = None,
) -> Node:
    """Make a node that rests on nothing else here."""
    return Node(label, Formula.GIVEN, method, value, unit, note=note, ask=ask)


def listed(label: str, method: str, inputs: Iterable[Node], *, note: str = "") -> Node:
    """Make a list of observations, of which statistics are made."""
    return Node(label, Formula.LIST, method, None, inputs=tuple(inputs), note=note)


def booked(
    label: str,
    method: str,
    total: Decimal | None,
    found: Iterable[tuple[str, Decimal | None]],
    *,
    unit: str,
) -> Node:
    """Explain a sum of what was booked: by what positions brought, and by what none of them did.

    Args:
        found: what positions are called, and what of the total is theirs.
    """
    lines = [
        given(f"{label} of {name}", amount, method, unit=unit)
        for name, amount in found
        if amount != 0
    ]
    rest: Decimal | None = Decimal(0)
    if total is None:
        is_told = any(each.value is None for each in lines)
        rest = Decimal(0) if is_told else None
    else:
        with exact():
            rest = total - sum((each.value or Decimal(0) for each in lines), Decimal(0))
    if rest != 0:
        lines.append(given("On no instrument", rest, method, unit=unit))
    return made(label, Formula.SUM, method, lines, unit=unit)


def told(tree: Node, value: Decimal | None, explanation: str | None) -> Node:
    """Add to a tree why its figure is missing or incomplete.

    Args:
        value: of the figure; where there is none but could be computed, such as a yearly return of
            a few days, the tree is left out.
        explanation: why it is as it is, if that needs saying.
    """
    if value is None and tree.value is not None:
        return given(tree.label, None, tree.method, unit=tree.unit, note=explanation or "")
    return replace(tree, note=explanation or tree.note)


def leaves(node: Node) -> Iterator[Node]:
    """Give the numbers at the bottom of a tree."""
    if not node.inputs:
        yield node
    for each in node.inputs:
        yield from leaves(each)


def recomputed(node: Node) -> Decimal | None:
    """Compute a node's value anew from its inputs; what is given is taken as it is."""
    return node.value if node.formula is Formula.GIVEN else _evaluate(node.formula, node.inputs)


def _evaluate(formula: Formula, inputs: tuple[Node, ...]) -> Decimal | None:
    return apply(
        formula,
        [each.value for each in inputs if each.formula is not Formula.LIST],
        [[leaf.value for leaf in each.inputs] for each in inputs if each.formula is Formula.LIST],
    )
