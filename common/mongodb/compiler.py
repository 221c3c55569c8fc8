"""Queries on their way to the server: rows are sorted while the index still knows their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_mongodb_backend import compiler, query
from django_mongodb_backend.compiler import (
    SQLAggregateCompiler,
    SQLDeleteCompiler,
    SQLInsertCompiler,
    SQLUpdateCompiler,
)

__all__ = [
    "SQLAggregateCompiler",
    "SQLCompiler",
    "SQLDeleteCompiler",
    "SQLInsertCompiler",
    "SQLUpdateCompiler",
]

Stage = Mapping[str, Any]


class MongoQuery(query.MongoQuery):
    """A query whose `$sort` stands before the stages that don't change what is sorted by.

    Upstream puts a stage between the match and the sort that rewrites each field as itself
    (`{"$addFields": {"name": "$name"}}`), or picks the fields to return. The server takes
    neither for nothing: it would read every row that matches and sort them all in memory, also
    where an index has them in order and ten are wanted.
    """

    def get_pipeline(self) -> list[dict[str, Any]]:
        """Return the stages, the sort as early as it may come."""
        pipeline: list[dict[str, Any]] = super().get_pipeline()  # type: ignore[no-untyped-call]
        for place in range(1, len(pipeline)):
            before, sort = pipeline[place - 1], pipeline[place]
            if "$sort" in sort and _leaves_alone(before, sort["$sort"]):
                pipeline[place - 1], pipeline[place] = sort, before
        return pipeline


class SQLCompiler(compiler.SQLCompiler):
    """Upstream's compiler of selects, with our query."""

    query_class = MongoQuery


def _leaves_alone(stage: Stage, sort: Stage) -> bool:
    """Say whether a stage hands on what is sorted by as it was."""
    added, projected = stage.get("$addFields"), stage.get("$project")
    for path in sort:
        name = path.partition(".")[0]
        if added is not None:
            kept = all(key.partition(".")[0] != name or _is_itself(added, key) for key in added)
        else:
            kept = projected is not None and _is_itself(projected, name)
        if not kept:
            return False
    return True


def _is_itself(fields: Stage, name: str) -> bool:
    return fields.get(name) in (1, f"${name}")
