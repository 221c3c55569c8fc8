"""The states of a connection and of its syncs."""

from __future__ import annotations

from enum import StrEnum


class ConnectionState(StrEnum):
    """Where a connection stands."""

    ACTIVE = "active"
    #: The key lacks a right; the rest is synced.
    LIMITED = "limited"
    #: The broker refuses the key; nothing is synced until there is another.
    NEEDS_KEY = "needs_key"
    #: Nobody is logged in at the broker, or no longer; nothing is synced until somebody is.
    NEEDS_LOGIN = "needs_login"
    PAUSED = "paused"
    #: Its rows are being taken out of the ledger.
    REMOVING = "removing"
    DISCONNECTED = "disconnected"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {"needs_key": "Needs a new key", "needs_login": "Needs you to log in"}.get(
            self.value, self.value.capitalize()
        )


#: In these a sync may run.
SYNCABLE = frozenset({ConnectionState.ACTIVE, ConnectionState.LIMITED})
#: In these stored answers may be read again.
REPLAYABLE = SYNCABLE | {
    ConnectionState.NEEDS_KEY,
    ConnectionState.NEEDS_LOGIN,
    ConnectionState.PAUSED,
}


class SyncState(StrEnum):
    """Where a sync stands."""

    QUEUED = "queued"
    RUNNING = "running"
    #: It goes on by itself at `retry_at`.
    WAITING = "waiting"
    OK = "ok"
    #: Some streams failed.
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {"ok": "Done", "partial": "Done in part", "waiting": "Waiting to go on"}.get(
            self.value, self.value.capitalize()
        )


#: In these a sync is yet to end; a connection has one such at most.
OPEN = frozenset({SyncState.QUEUED, SyncState.RUNNING, SyncState.WAITING})


class Trigger(StrEnum):
    """What a sync was begun by."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    CONNECT = "connect"
    #: By staff, to read what is stored once more; the broker isn't asked.
    REPLAY = "replay"
    #: To fetch everything anew beside what is booked; nothing is booked by it.
    RESYNC = "resync"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {
            "manual": "by you",
            "schedule": "scheduled",
            "connect": "first",
            "replay": "from stored answers",
            "resync": "all anew, to compare",
        }[self.value]
