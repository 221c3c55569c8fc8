"""What a broker's adapter must offer; each is a folder of its own beside this file.

An adapter has two halves. Its *reading* is pure: bytes in, events in our words out, so that what
was fetched once can be read again after a fault is mended. Its *session* asks the broker, and
knows nothing of what the answers mean but how to come to the next page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from brokers.domain.events import Reading, Stream
from brokers.domain.schedule import Hours
from common.remote.http import Budget

#: How far a stream has been read, as it is stored; empty before the first time.
Cursor = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CredentialField:
    """Something a person types to connect."""

    name: str
    label: str
    help_text: str = ""
    #: Never shown again. Of the others the last four characters are.
    is_secret: bool = True


@dataclass(frozen=True, slots=True)
class Environment:
    """One of a broker's addresses; never one that a user typed."""

    name: str
    label: str
    base_url: str
    #: The broker's own page on which people log in, where there is one.
    login_url: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a broker can tell, for people to see before they connect.

    Attributes:
        streams: in the order in which they are asked: what changes the ledger comes before what
            it is compared with.
        hours: when it can have something new to tell.
        tells: in words.
        conceals: in words.
        missing: what to do about positions of which the ledger knows nothing, where that is
            usual because the broker tells no history.
        tells_day_of: in which zone the day is of which alone it tells the trades; None where it
            tells those of earlier days too.
        reading_version: grows with each change of what the reading makes of the same answer, so
            that what failed by an older one can be told from what fails by this one.
    """

    label: str
    environments: tuple[Environment, ...]
    credentials: tuple[CredentialField, ...]
    streams: tuple[Stream, ...]
    hours: Hours
    tells: tuple[str, ...] = ()
    conceals: tuple[str, ...] = ()
    missing: str = ""
    tells_day_of: ZoneInfo | None = None
    reading_version: int = 1

    def environment(self, name: str) -> Environment | None:
        """Find one of its addresses."""
        return next((each for each in self.environments if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the broker's, and how far the stream has been read with it."""

    body: bytes
    #: What was asked, without anything secret.
    request: str
    cursor: Cursor = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountName:
    """Which account a key opens."""

    number: str
    currency: str


@dataclass(frozen=True, slots=True, repr=False)
class Admission:
    """What a login gave.

    Attributes:
        secret: what the session needs besides the credentials; it is sealed with them.
        until: when the broker ends it by itself; None if it doesn't say.
    """

    secret: Mapping[str, str]
    until: datetime | None = None


class Login(Protocol):
    """Lets somebody in on the broker's own page, which sends them back to ours with a ticket."""

    def address(
        self, credentials: Mapping[str, str], *, environment: Environment, state: str
    ) -> str:
        """Return where to send somebody; the broker hands `state` back unchanged."""
        ...

    def admit(
        self,
        credentials: Mapping[str, str],
        *,
        environment: Environment,
        ticket: Mapping[str, str],
        now: datetime,
    ) -> Admission:
        """Exchange what they came back with, once.

        Args:
            ticket: the query of the address they came back to.

        Raises:
            AuthExpired: the ticket is spent, not theirs, or there is none.
            RemoteFailure: the broker can't be asked.
        """
        ...


class Session(Protocol):
    """Asks a broker with somebody's key. Every method raises `RemoteFailure`."""

    @property
    def calls(self) -> int:
        """Return how many questions were asked."""
        ...

    def check(self) -> AccountName:
        """Ask for as little as shows that the key works."""
        ...

    def pages(self, stream: Stream, cursor: Cursor, *, now: datetime) -> Iterator[Page]:
        """Fetch what a stream has since a cursor, page by page."""
        ...


class Broker(Protocol):
    """A broker: what it can tell, how it is asked and what its answers mean."""

    name: str

    @property
    def login(self) -> Login | None:
        """Return the way in; None where the credentials alone open the account."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Say what it can tell."""
        ...

    def open(
        self, credentials: Mapping[str, str], *, environment: Environment, budget: Budget
    ) -> Session:
        """Begin to ask with somebody's key; nothing is sent yet."""
        ...

    def read(self, stream: Stream, body: bytes) -> Reading:
        """Read one answer; a row that can't be read never costs the others.

        Raises:
            Schema: it is no answer of this stream.
        """
        ...
