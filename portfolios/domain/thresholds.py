"""Many alerts against many prices: the levels of each in order, so that few are read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from portfolios.domain.alerts import AlertState, Line, Measure, Side

#: Where a level stands: what is measured of what.
Place = tuple[str, Measure]
_Rung = tuple[Decimal, str]
#: Greater than every id, whose digits are hexadecimal.
_AFTER_ALL = "g"


@dataclass(frozen=True, slots=True)
class _Waiting:
    place: Place
    side: Side
    rung: _Rung


@dataclass(slots=True)
class _Ladder:
    """Levels in order: those that are reached from below, and those reached from above."""

    ups: list[_Rung] = field(default_factory=list)
    downs: list[_Rung] = field(default_factory=list)

    def of(self, side: Side) -> list[_Rung]:
        return self.ups if side is Side.UP else self.downs


class Thresholds:
    """What each alert waits for: its line while it is armed, the way back once it has fired."""

    def __init__(self) -> None:
        self._ladders: dict[Place, _Ladder] = {}
        self._waiting: dict[str, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, key: str, place: Place, line: Line, state: AlertState) -> None:
        """Have an alert wait for what moves it on; it waits for nothing else any more."""
        self.remove(key)
        side, level = line.side, line.level
        if state is AlertState.FIRED:
            side, level = (Side.DOWN if side is Side.UP else Side.UP), line.back
        waiting = _Waiting(place, side, (level, key))
        ladder = self._ladders.setdefault(place, _Ladder())
        insort(ladder.of(side), waiting.rung)
        self._waiting[key] = waiting

    def remove(self, key: str) -> None:
        """Let an alert wait no longer, if it does."""
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return
        ladder = self._ladders[waiting.place]
        rungs = ladder.of(waiting.side)
        del rungs[bisect_left(rungs, waiting.rung)]
        if not ladder.ups and not ladder.downs:
            del self._ladders[waiting.place]

    def instruments(self) -> set[str]:
        """Return the instruments that anything waits for."""
        return {instrument for instrument, _ in self._ladders}

    def reached(self, values: Mapping[Place, Decimal]) -> Iterator[tuple[str, Decimal]]:
        """List the alerts that values move on, each with its value."""
        for place, value in values.items():
            ladder = self._ladders.get(place)
            if ladder is None:
                continue
            for _, key in ladder.ups[: bisect_right(ladder.ups, (value, _AFTER_ALL))]:
                yield key, value
            for _, key in ladder.downs[bisect_left(ladder.downs, (value, "")) :]:
                yield key, value
