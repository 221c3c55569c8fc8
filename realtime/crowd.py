"""All connections of a process: whose they are, and when it is their turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from realtime.conflate import Slot
from realtime.connection import Connection

_SLOTS = 10


class Crowd:
    """The connections, by user and by slot."""

    def __init__(self) -> None:
        self.slots = [Slot() for _ in range(_SLOTS)]
        self._slot_of: dict[Connection, Slot] = {}
        self._by_user: dict[str, set[Connection]] = {}
        self._joined_so_far = 0

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._slot_of

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._slot_of))

    def add(self, connection: Connection) -> None:
        """Take a connection in."""
        self._slot_of[connection] = self.slots[self._joined_so_far % _SLOTS]
        self._joined_so_far += 1
        self._by_user.setdefault(connection.credential.user_id, set()).add(connection)

    def remove(self, connection: Connection) -> None:
        """Let a connection go."""
        self._slot_of.pop(connection).remove(connection)
        user_id = connection.credential.user_id
        self._by_user[user_id].discard(connection)
        if not self._by_user[user_id]:
            del self._by_user[user_id]

    def of_user(self, user_id: str) -> Collection[Connection]:
        """Return one person's connections."""
        return frozenset(self._by_user.get(user_id, ()))

    def place(self, connection: Connection, instruments: frozenset[str]) -> None:
        """Let a connection watch exactly these instruments from now on."""
        self._slot_of[connection].place(connection, instruments)

    def fall_behind(self, connection: Connection) -> None:
        """Remember that a connection missed something and needs a snapshot."""
        if connection in self._slot_of:
            self._slot_of[connection].fall_behind(connection)

    def count_viewers(self, viewers: Counter[str]) -> None:
        """Add how many connections watch each instrument."""
        for slot in self.slots:
            slot.count_viewers(viewers)

    def note(self, changed: set[str]) -> None:
        """Remember what the next frames must tell."""
        for slot in self.slots:
            slot.note(changed)
