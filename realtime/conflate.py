"""Turns many price changes into few frames: the newest of each instrument, at a steady pace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial

from realtime.connection import Connection
from realtime.prices import PriceBoard
from realtime.protocol import quotes_frame


class Slot:
    """Connections that get their frames at the same moment.

    All connections of a process are spread over a few slots that take turns, so that the work is
    even. Those with equal subscriptions are one audience, whose frame is put together once.
    """

    def __init__(self) -> None:
        self._audiences: dict[frozenset[str], set[Connection]] = {}
        self._behind: set[Connection] = set()
        self._changed: set[str] = set()

    def place(self, connection: Connection, instruments: Iterable[str]) -> None:
        """Let a connection watch exactly these instruments from now on."""
        self.remove(connection)
        wanted = frozenset(instruments)
        if wanted:
            audience = self._audiences.setdefault(wanted, set())
            # Equal sets are kept once, however many connections have them.
            wanted = next(iter(audience)).instruments if audience else wanted
            audience.add(connection)
        connection.instruments = wanted

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        self._behind.discard(connection)
        audience = self._audiences.get(connection.instruments)
        if audience is not None:
            audience.discard(connection)
            if not audience:
                del self._audiences[connection.instruments]

    def count_viewers(self, viewers: Counter[str]) -> None:
        """Add how many connections watch each instrument."""
        for instruments, audience in self._audiences.items():
            people = len(audience)
            for key in instruments:
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
        parts = board.parts(changed)
        for instruments, audience in self._audiences.items():
            told = [parts[key] for key in instruments if key in parts]
            if not told:
                continue
            write = partial(quotes_frame, at=at, quotes=",".join(told))
            for connection in audience:
                if connection.can_send and not connection.is_behind:
                    connection.push(write)
                else:
                    self.fall_behind(connection)

    def take_recovered(self) -> list[Connection]:
        """Return the connections that were behind and can take a snapshot now."""
        recovered = [each for each in self._behind if each.can_send]
        for connection in recovered:
            connection.is_behind = False
        self._behind.difference_update(recovered)
        return recovered
