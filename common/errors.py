"""The four kinds of failure; concrete errors inherit one, beside the code that raises them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class Failure(Exception):
    """Something anticipated went wrong; `code` is stable, for machines."""

    code: ClassVar[str] = "failure"

    def __init__(self, detail: str = "", *, errors: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(detail or (self.__doc__ or "").strip().splitlines()[0])
        #: Field name → what is wrong with it.
        self.errors: Mapping[str, list[str]] = errors or {}

    @property
    def detail(self) -> str:
        """Return the sentence for people."""
        return str(self.args[0])


class InvalidInput(Failure):
    """The request can't be carried out as it was given; change it."""

    code = "invalid-input"


class NotFound(Failure):
    """There is no such thing, or it isn't yours."""

    code = "not-found"


class Conflict(Failure):
    """The thing has changed or is busy; look again, then retry."""

    code = "conflict"


class Unavailable(Failure):
    """Something we depend on doesn't answer; retry later."""

    code = "unavailable"
