"""What Alpaca reads from a question, and how it refuses one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from brokers.sandbox.faults import answer


class Refused(Exception):
    """A question that is answered with an error."""

    def __init__(self, status: int, content: Mapping[str, Any]) -> None:
        super().__init__(content)
        self.answer = answer(dict(content), status)


def size_of(query: Mapping[str, str], name: str, *, usual: int, largest: int) -> int:
    """Return how many rows are wanted."""
    text = query.get(name, str(usual))
    if not text.isdecimal() or not 1 <= int(text) <= largest:
        message = f"{name} must be between 1 and {largest}"
        raise Refused(422, {"code": 40010001, "message": message})
    return int(text)


def moment_of(query: Mapping[str, str], name: str) -> datetime | None:
    """Return a moment, or the beginning of a day in UTC; None where none is said."""
    text = query.get(name)
    if not text:
        return None
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time.min, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(422, {"code": 40010001, "message": f"invalid {name}"}) from error
    if moment.tzinfo is None:
        raise Refused(422, {"code": 40010001, "message": f"invalid {name}"})
    return moment
