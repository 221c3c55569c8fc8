"""Trees of figures as plain values."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from common.money import plain
from portfolios.domain.explain import Node, PositionTrees, Trees

_FIGURES = tuple(each.name for each in fields(Trees) if each.name != "positions")
_POSITION_FIGURES = tuple(each.name for each in fields(PositionTrees))


def plain_trees(trees: Trees) -> dict[str, Any]:
    """Write the trees of a summary, those of positions by instrument."""
    return {name: _written(getattr(trees, name)) for name in _FIGURES} | {
        "positions": {
            key: {name: _written(getattr(each, name)) for name in _POSITION_FIGURES}
            for key, each in trees.positions.items()
        }
    }


def _written(node: Node | None) -> dict[str, Any] | None:
    if node is None:
        return None
    return {
        "label": node.label,
        "formula": node.formula.value,
        "method": node.method,
        "value": None if node.value is None else plain(node.value),
        "unit": node.unit,
        "inputs": [_written(each) for each in node.inputs],
    }
