"""Turns many price changes into few frames: the newest of each instrument, at a steady pace."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable

from realtime.connection import Connection
from realtime.prices import PriceBoard
from realtime.protocol import quotes_frame


class Audience:
    """Connections with equal subscriptions, whose frame is put together once."""

    __slots__ = ("connections", "instruments", "keys")

    def __init__(self, instruments: frozenset[str]) -> None:
        self.connections: set[Connection] = set()
        self.instruments = instruments
        # Gone through ten times a second: a tuple takes a tenth of the memory of a set.
        self.keys = tuple(map(sys.intern, instruments))


class Slot:
    """Connections that get their frames at the same moment.

    All connections of a process are spread over a few slots that take turns, so that the work is
    even.
    """

    def __init__(self) -> None:
        self._audiences: dict[frozenset[str], Audience] = {}
        self._behind: set[Connection] = set()
        self._changed: set[str] = set()

    def place(self, connection: Connection, instruments: Iterable[str]) -> None:
        """Let a connection watch exactly these instruments from now on."""
        self.remove(connection)
        wanted = frozenset(instruments)
        if wanted:
            audience = self._audiences.setdefault(wanted, Audience(wanted))
            audience.connections.add(connection)
            # Equal sets are kept once, however many connections have them.
            wanted = audience.instruments
        connection.instruments = wanted

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        self._behind.discard(connection)
        audience = self._audiences.get(connection.instruments)
        if audience is not None:
            audience.connections.discard(connection)
            if not audience.connections:
                del self._audiences[connection.instruments]

    def count_viewers(self, viewers: Counter[str]) -> None:
        """Add how many connections watch each instrument."""
        for audience in self._audiences.values():
            people = len(audience.connections)
            for key in audience.keys:
                viewers[key] += people

    def note(self, changed: set[str]) -> None:
        """Remember what the next frames must tell."""
        self._changed |= changed

    def fall_behind(self, connection: Connection) -> None:
        """Remember that a connection missed something and needs a snapshot."""
        connection.is_behind = True
        self._behind.add(connection)

    def flush(self, board: PriceBoard, *, at: str) -> None:
        """Send each audience what has changed of what it watches."""
        changed, self._changed = self._changed, set()
        if not changed:
            return
        # What has lost its price can't be told as a price; values that hang on it tell it.
        part_of = board.parts(changed).get
        for audience in self._audiences.values():
            told = ",".join(filter(None, map(part_of, audience.keys)))
            if not told:
                continue
            rest = quotes_frame(at=at, quotes=told)
            for connection in audience.connections:
                if not connection.offer(rest):
                    self.fall_behind(connection)

    def take_recovered(self) -> list[Connection]:
        """Return the connections that were behind and can take a snapshot now."""
        recovered = [each for each in self._behind if each.can_send]
        for connection in recovered:
            connection.is_behind = False
        self._behind.difference_update(recovered)
        return recovered
