"""Stories that the sandbox can play, each in a file beside this one, with what is there at its end.

A file names the account, what happens in it (`steps`), when a sync is worth while (`syncs`), and
what is `expected` afterwards, worked out by hand. Times are a day, counted from 0, and a time in
UTC, so that a story can begin on any day.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
#: Without a day to begin on, a story is over for so long: by then every broker tells all of it.
_REST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story.

    Attributes:
        account: the key of the account in which it happens.
        steps: when something happens, since midnight of the first day, and the control API's order.
        syncs: when a sync is worth while, likewise.
        expected: `positions`, `cash` and the number of `events` in the end.
    """

    name: str
    title: str
    broker: str
    account: str
    steps: tuple[tuple[timedelta, Mapping[str, Any]], ...]
    syncs: tuple[timedelta, ...]
    expected: Mapping[str, Any]

    def first_midnight(self, begins_on: date | None, *, now: datetime) -> datetime:
        """Return when it begins: on a day that is given, or so that it is over by now."""
        if begins_on is None:
            begins_on = (now - self.syncs[-1] - _REST).date()
        return datetime.combine(begins_on, time.min, tzinfo=UTC)


def names() -> list[str]:
    """Return the names of all stories, in their order."""
    found = [path.stem for path in _FOLDER.glob("*.toml")]
    return sorted(found, key=lambda name: int(name.removeprefix("S")))


def load(name: str) -> Scenario:
    """Read one.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in names():
        raise ValueError(f"There is no scenario {name}; there are {', '.join(names())}.")
    content = tomllib.loads((_FOLDER / f"{name}.toml").read_text())
    account = content["account"]
    steps = (step for each in content["steps"] for step in _steps(each, account))
    return Scenario(
        name=name,
        title=content["title"],
        broker=content["broker"],
        account=account,
        steps=tuple(sorted(steps, key=lambda step: step[0])),
        syncs=tuple(_moment(each) for each in content["syncs"]),
        expected=content["expected"],
    )


class Play:
    """A story that is being played."""

    def __init__(self, scenario: Scenario, *, begins_at: datetime) -> None:
        self._begins_at = begins_at
        self._left = list(scenario.steps)

    def due(self, now: datetime) -> Iterator[dict[str, Any]]:
        """Walk through the orders whose time has come, each once."""
        while self._left and self._begins_at + self._left[0][0] <= now:
            since, order = self._left.pop(0)
            # Something may be dated earlier than it is told.
            at = self._begins_at + order.get("dated", since)
            told = {"created_at": self._begins_at + since} if "dated" in order else {}
            known = {name: value for name, value in order.items() if name != "dated"}
            moments = {name: moment.isoformat() for name, moment in {"at": at, **told}.items()}
            yield known | moments


def _steps(given: Mapping[str, Any], account: str) -> Iterator[tuple[timedelta, dict[str, Any]]]:
    known = dict(given)
    since = timedelta(days=known.pop("day")) + _since_midnight(known.pop("time"))
    times, hours = known.pop("times", 1), known.pop("every_hours", 0)
    if "dated" in known:
        known["dated"] = _moment(known["dated"])
    for number in range(times):
        yield since + number * timedelta(hours=hours), {"account": account, **known}


def _moment(given: Mapping[str, Any]) -> timedelta:
    return timedelta(days=given["day"]) + _since_midnight(given["time"])


def _since_midnight(told: time) -> timedelta:
    return datetime.combine(date.min, told) - datetime.combine(date.min, time.min)
