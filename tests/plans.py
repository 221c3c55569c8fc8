"""Proof that queries use indexes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bson import json_util
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.test import RequestFactory

from common.api.pagination import page_of

_SCAN = "reads the whole collection"
_SORT = "sorts in memory"
_JOIN = "joins by reading the whole other collection"
#: Stages that a plan must not have, and what they mean.
_REFUSED = {"COLLSCAN": _SCAN, "SORT": _SORT, "$sort": _SORT}


def explain_uses_index(queryset: QuerySet[Any, Any], *, may_sort: bool = False) -> None:
    """Assert that a query, joins included, neither reads a whole collection nor sorts in memory.

    Args:
        queryset: what to ask the server about; it runs once.
        may_sort: let a sort pass, where an index finds the few rows that are sorted.
    """
    try:
        answer = queryset.explain(verbosity="executionStats")
    except EmptyResultSet as error:
        raise AssertionError("The query is known to be empty, so it never runs.") from error
    database = connections[queryset.db].database  # type: ignore[attr-defined]
    problems = set(_problems(json_util.loads(answer), database))
    if may_sort:
        problems.discard(_SORT)
    assert not problems, f"{queryset.model.__name__} {', '.join(sorted(problems))}: {answer}"


@contextmanager
def watched(*, may_sort: tuple[str, ...] = ()) -> Iterator[None]:
    """Assert of every command sent meanwhile that it neither reads a collection nor sorts.

    A single document is not sorted, though the plan says so of each `first()`.

    Args:
        may_sort: collections in which the few rows that an index finds may be sorted.
    """
    database = connections["default"].database  # type: ignore[attr-defined]
    database.command("profile", 2)
    try:
        yield
    finally:
        database.command("profile", 0)
        commands = list(database["system.profile"].find({"planSummary": {"$exists": True}}))
        database.drop_collection("system.profile")
    problems = []
    for command in commands:
        name = command["ns"].partition(".")[2]
        if "COLLSCAN" in command["planSummary"]:
            problems.append(f"{name} {_SCAN}: {command['command']}")
        is_sorted = command.get("hasSortStage") and command["docsExamined"] > 1
        if is_sorted and name not in may_sort:
            problems.append(f"{name} {_SORT}: {command['command']}")
    assert commands, "Nothing was asked."
    assert not problems, problems


def _problems(plan: Mapping[str, Any], database: Any) -> Iterator[str]:
    for stage in plan.get("stages", [{"$cursor": plan}]):
        yield from (_REFUSED[name] for name in stage if name in _REFUSED)
        if cursor := stage.get("$cursor"):
            yield from _problems_of_tree(cursor["queryPlanner"]["winningPlan"])
        if (lookup := stage.get("$lookup")) and not _joins_by_index(stage, lookup, database):
            yield _JOIN


def _problems_of_tree(stage: Mapping[str, Any]) -> Iterator[str]:
    if stage.get("stage") in _REFUSED:
        yield _REFUSED[stage["stage"]]
    if stage.get("strategy") in {"NestedLoopJoin", "HashJoin"}:
        yield _JOIN
    children = [stage.get("inputStage"), stage.get("queryPlan"), *stage.get("inputStages", ())]
    for child in filter(None, children):
        yield from _problems_of_tree(child)


def _joins_by_index(stage: Mapping[str, Any], lookup: Mapping[str, Any], database: Any) -> bool:
    """Tell whether a join finds its rows by an index.

    The server counts the scans of some joins only, so where the joining field is known the
    indexes themselves are asked.
    """
    field = lookup.get("foreignField")
    if field is None:
        return not int(stage.get("collectionScans", 0))
    indexes = database[lookup["from"]].index_information().values()
    return any(
        index["key"][0][0] == field and "partialFilterExpression" not in index for index in indexes
    )


def assert_paged_by_index(rows: QuerySet[Any, Any], key: tuple[str, ...]) -> None:
    """Assert that the first page, the next and the way back each follow an index."""
    visit = RequestFactory().get
    first = page_of(visit("/", {"limit": "5"}), rows, key=key)
    with watched():
        second = page_of(visit(f"/{first.next_url}"), rows, key=key)
        back = page_of(visit(f"/{second.previous_url}"), rows, key=key)
    assert back.rows == first.rows
    explain_uses_index(rows.order_by(*key)[:6])
