"""Trees of figures as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from rest_framework import serializers

from common.api.bodies import Query
from common.money import plain
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node


class ExplainQuery(Query):
    """Whether the figures are to be explained."""

    explain = serializers.BooleanField(
        default=False, help_text="Whether to add what each figure is made of."
    )


class ExplainedOutput(serializers.Serializer[object]):
    """An answer that may say of its figures what they are made of."""

    explain = serializers.DictField(
        required=False,
        help_text=(
            "With `explain=1`: each figure as a tree. Observations that many of them are made of "
            "stand once, in `lists`, by the label that the trees name."
        ),
    )


def plain_trees(trees: Any) -> dict[str, Any]:
    """Write trees by their names: those of a mapping, or the fields of a dataclass."""
    writer = _Writer()
    written: dict[str, Any] = writer.write(trees)
    return written | ({"lists": writer.lists} if writer.lists else {})


class _Writer:
    """Trees in the making, and the lists of observations in them."""

    def __init__(self) -> None:
        self.lists: dict[str, Any] = {}

    def write(self, trees: Any) -> Any:
        if trees is None:
            return None
        if isinstance(trees, Node):
            return self._node(trees)
        if not isinstance(trees, Mapping):
            trees = {each.name: getattr(trees, each.name) for each in fields(trees)}
        return {name: self.write(each) for name, each in trees.items()}

    def _node(self, node: Node) -> dict[str, Any]:
        inputs = [self._node(each) for each in node.inputs] if self._is_new(node) else []
        if node.formula is Formula.LIST:
            self.lists.setdefault(node.label, inputs)
            inputs = []
        ask = node.ask
        return {
            "label": node.label,
            "formula": node.formula.value,
            "method": node.method,
            "value": None if node.value is None else plain(node.value),
            "unit": node.unit,
            "note": node.note,
            "ask": ask and asdict(ask),
            "inputs": inputs,
        }

    def _is_new(self, node: Node) -> bool:
        return node.formula is not Formula.LIST or node.label not in self.lists
