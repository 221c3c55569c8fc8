"""Stories that the sandbox can play, each in a file beside this one, with what is there at its end.

A file names the account, what happens in it (`steps`), when a sync is worth while (`syncs`), and
what is `expected` afterwards, worked out by hand. Times are a day, counted from 0, and a time in
UTC, so that a story can begin on any day. A step may be `named`, for later ones that speak `of` it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
#: Without a day to begin on, a story is over for so long: by then every broker tells all of it.
_REST = timedelta(days=2)
_WHEN = frozenset({"day", "time", "times", "every_hours"})


@dataclass(frozen=True, slots=True)
class Visit:
    """When a sync is worth while.

    Attributes:
        since: midnight of the first day.
        leaves: the state in which it leaves the connection, where that isn't the usual one.
    """

    since: timedelta
    leaves: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story.

    Attributes:
        account: the key of the account in which it happens.
        steps: when something happens, since midnight of the first day, and the control API's order.
        syncs: when a sync is worth while, likewise.
        expected: `positions`, `cash` and the number of `events` in the end; `rows`, where a ledger
            has another number of them.
        has_history: its broker tells afterwards what happened; else it is seen only as it happens.
    """

    name: str
    title: str
    broker: str
    account: str
    steps: tuple[tuple[timedelta, Mapping[str, Any]], ...]
    syncs: tuple[Visit, ...]
    expected: Mapping[str, Any]
    has_history: bool = True

    @property
    def rows(self) -> int:
        """Return how many rows a ledger has in the end."""
        return int(self.expected.get("rows", self.expected["events"]))

    def first_midnight(self, begins_on: date | None, *, now: datetime) -> datetime:
        """Return when it begins: on a day that is given, or so that it is over by now."""
        if begins_on is None:
            begins_on = (now - self.syncs[-1].since - _REST).date()
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
        syncs=tuple(
            Visit(since, each.get("leaves", ""))
            for each in content["syncs"]
            for since in _moments(each)
        ),
        expected=content["expected"],
        has_history=content.get("has_history", True),
    )


class Play:
    """A story that is being played."""

    def __init__(self, scenario: Scenario, *, begins_at: datetime) -> None:
        self._begins_at = begins_at
        self._left = list(scenario.steps)
        #: By name: the id of what a step made.
        self._made: dict[str, str] = {}

    def go_on(self, now: datetime, order: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
        """Give the orders whose time has come, each once."""
        while self._left and self._begins_at + self._left[0][0] <= now:
            since, step = self._left.pop(0)
            known = dict(step)
            name, of = known.pop("named", ""), known.pop("of", "")
            # Something may be dated earlier than it is told.
            moments = {"at": self._begins_at + known.pop("dated", since)}
            if "dated" in step:
                moments["created_at"] = self._begins_at + since
            if of:
                known["key"] = self._made[of]
            made = order(known | {key: moment.isoformat() for key, moment in moments.items()})
            if name:
                self._made[name] = str(made["id"])


def _steps(given: Mapping[str, Any], account: str) -> Iterator[tuple[timedelta, dict[str, Any]]]:
    known = {name: value for name, value in given.items() if name not in _WHEN}
    if "dated" in known:
        known["dated"] = _moment(known["dated"])
    for since in _moments(given):
        yield since, {"account": account, **known}


def _moments(given: Mapping[str, Any]) -> Iterator[timedelta]:
    """Walk through when something is: once, or again and again."""
    for number in range(given.get("times", 1)):
        yield _moment(given) + number * timedelta(hours=given.get("every_hours", 0))


def _moment(given: Mapping[str, Any]) -> timedelta:
    return timedelta(days=given["day"]) + _since_midnight(given["time"])


def _since_midnight(told: time) -> timedelta:
    return datetime.combine(date.min, told) - datetime.combine(date.min, time.min)
