"""Asks one source after the other until one answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from common.remote.errors import RemoteFailure

log = structlog.get_logger(__name__)


class Named(Protocol):
    """Whoever has a name."""

    @property
    def name(self) -> str:
        """Shown beside what it says."""


SourceT = TypeVar("SourceT", bound=Named)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value]):
    """What was said, and by whom."""

    value: Value
    source: str
    #: The sources that were asked before it, and how they failed.
    failures: Sequence[tuple[str, RemoteFailure]] = ()


class AllFailed(RemoteFailure):
    """No source could answer."""

    code = "sources-failed"

    def __init__(self, failures: Sequence[tuple[str, RemoteFailure]]) -> None:
        reasons = "; ".join(f"{name}: {failure.detail}" for name, failure in failures)
        super().__init__(reasons or "No source is switched on for this.")
        self.failures = failures


def chosen(sources: Sequence[SourceT], names: Sequence[str] | None) -> list[SourceT]:
    """Return those of the sources that are named, in the order of the names; None means all."""
    if names is None:
        return list(sources)
    by_name = {source.name: source for source in sources}
    return [by_name[name] for name in names if name in by_name]


def first_answer(
    sources: Sequence[SourceT], ask: Callable[[SourceT], Value | None]
) -> Answer[Value]:
    """Return the first answer; a source that fails, or knows nothing (None), is passed over.

    Raises:
        AllFailed: none of them answered.
    """
    failures: list[tuple[str, RemoteFailure]] = []
    for source in sources:
        try:
            value = ask(source)
        except RemoteFailure as failure:
            log.warning(
                "source.failed",
                source=source.name,
                failure=type(failure).__name__,
                reason=failure.detail,
            )
            failures.append((source.name, failure))
            continue
        if value is not None:
            return Answer(value=value, source=source.name, failures=failures)
    raise AllFailed(failures)
