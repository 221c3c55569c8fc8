"""The live hub: one per event loop, between the channel layer and all its connections.

It hears every batch of quotes once, however many clients there are, and sends each client one
frame at a time. Textbook groups, one for each instrument and client, cost many times as much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from itertools import chain
from time import monotonic
from weakref import WeakKeyDictionary

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from common import clock
from realtime import admission, groups, protocol
from realtime.admission import in_database
from realtime.book import Book, Watched, portfolio_part
from realtime.catchup import CatchUp
from realtime.conflate import Slot
from realtime.connection import Connection
from realtime.crowd import Crowd
from realtime.loading import Loader
from realtime.membership import Membership
from realtime.news import NewsDesk, on_new_revision
from realtime.prices import PriceBoard
from realtime.protocol import Subscribe, Unsubscribe
from realtime.upkeep import Upkeep

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 0.1
# Valuing portfolios may take this much of each turn; the rest waits, longest first.
_VALUING_SECONDS = 0.004
_RESTART_SECONDS = 1.0
_STOP_SECONDS = 0.5


class TooManyConnections(protocol.BadMessage):
    """You have too many live connections; close some."""

    code = "too-many-connections"


class TooManyWatched(protocol.BadMessage):
    """One connection can't watch that much."""

    code = "too-many-watched"


class Hub:
    """Sends prices, portfolio values and news to the connections of this event loop."""

    def __init__(self) -> None:
        self._board = PriceBoard(
            stale_after_seconds=settings.FEED_STALE_SECONDS, moment=monotonic()
        )
        self._book = Book()
        self._crowd = Crowd()
        self._loader = Loader(self._board, self._book, self._crowd, on_new_revision=on_new_revision)
        self._upkeep = Upkeep(self._board, self._book, self._crowd, self._loader)
        self._catchup = CatchUp(self._crowd)
        self._news = NewsDesk(
            self._board, self._book, self._crowd, self._loader, self._upkeep, self._catchup
        )
        self._membership = Membership(get_channel_layer(), on_joined=self._on_joined)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work; waits for nothing, and for no server."""
        self._membership.want(groups.quotes())
        works = (
            partial(self._membership.listen, self._news.take),
            self._membership.keep_joined,
            self._take_turns,
            self._loader.work,
            self._catchup.work,
            self._upkeep.review_for_ever,
            self._upkeep.check_credentials_for_ever,
            self._upkeep.tell_viewers_for_ever,
        )
        self._tasks = [asyncio.create_task(_keep_going(work)) for work in works]

    async def stop(self) -> None:
        """End all work."""
        pending = set(self._tasks)
        while pending:
            # Once is not always enough: a Redis client at work can lose a cancellation.
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=_STOP_SECONDS)
        await self._membership.leave()

    def join(self, connection: Connection) -> None:
        """Take a connection in.

        Raises:
            TooManyConnections: its user has as many as are allowed.
        """
        user_id = connection.credential.user_id
        if len(self._crowd.of_user(user_id)) >= protocol.MAX_CONNECTIONS_PER_USER:
            raise TooManyConnections
        self._crowd.add(connection)
        self._membership.want(groups.user(user_id))

    def leave(self, connection: Connection) -> None:
        """Let a connection go."""
        if connection in self._crowd:
            self._book.unwatch(connection, connection.portfolios)
            self._crowd.remove(connection)
            user_id = connection.credential.user_id
            if not self._crowd.of_user(user_id):
                self._membership.unwant(groups.user(user_id))

    async def subscribe(self, connection: Connection, wanted: Subscribe) -> list[str]:
        """Let a connection watch more, and send it a snapshot of that.

        Returns:
            The ids that, for this user, don't exist.

        Raises:
            TooManyWatched: the connection would watch more than it may.
        """
        _check_limits(connection, wanted)
        asked = (wanted["instruments"], wanted["portfolios"], wanted["jobs"])
        allowed = await in_database(admission.find_watchable, connection.credential.user_id, *asked)
        if connection in self._crowd:
            # Watched first and loaded then, so that no change falls between the two.
            self._crowd.place(connection, connection.instruments | allowed.instruments)
            self._book.watch(connection, allowed.portfolios)
            await self._loader.load_missing(allowed.instruments, allowed.portfolios)
            self._send_snapshot(connection, allowed.instruments, allowed.portfolios)
            connection.jobs |= allowed.jobs
            connection.watches_inbox |= wanted["inbox"]
            self.catch_up(connection)
        found = allowed.instruments | allowed.portfolios | allowed.jobs
        return [key for key in chain(*asked) if key not in found]

    def unsubscribe(self, connection: Connection, unwanted: Unsubscribe) -> None:
        """Let a connection watch less."""
        connection.watches_inbox &= not unwanted["inbox"]
        connection.jobs = connection.jobs.difference(unwanted["jobs"])
        self._book.unwatch(connection, unwanted["portfolios"])
        self._crowd.place(connection, connection.instruments.difference(unwanted["instruments"]))

    def send_snapshot(self, connection: Connection) -> None:
        """Send a connection the present state of all that it watches."""
        self._send_snapshot(connection, connection.instruments, connection.portfolios)

    def catch_up(self, connection: Connection) -> None:
        """Have a connection told soon how its jobs and its inbox stand, if it watches them."""
        self._catchup.ask(connection)

    def _send_snapshot(
        self, connection: Connection, instruments: Collection[str], portfolio_ids: Collection[str]
    ) -> None:
        if not connection.can_send:
            self._crowd.fall_behind(connection)
            return
        at = _now_text()
        watched = (self._book.find(key) for key in portfolio_ids)
        parts = (portfolio_part(each, board=self._board, at=at) for each in watched if each)
        connection.push(
            protocol.snapshot_frame(
                at=at,
                quotes=",".join(self._board.parts(instruments).values()),
                portfolios=",".join(part for part in parts if part),
            )
        )

    async def _take_turns(self) -> None:
        turn_seconds = FLUSH_SECONDS / len(self._crowd.slots)
        next_at = monotonic()
        while True:
            for slot in self._crowd.slots:
                self._take_turn(slot)
                # A turn that was late is made up for, unless it was so late that all would rush.
                next_at = max(next_at + turn_seconds, monotonic() - FLUSH_SECONDS)
                await asyncio.sleep(max(next_at - monotonic(), 0))

    def _take_turn(self, slot: Slot) -> None:
        slot.flush(self._board, at=_now_text())
        for connection in slot.take_recovered():
            self.send_snapshot(connection)
        until = monotonic() + _VALUING_SECONDS
        for watched in self._book.due(moment=monotonic()):
            self._send_value(watched)
            if monotonic() >= until:
                break

    def _send_value(self, watched: Watched) -> None:
        at = _now_text()
        self._book.mark_valued(watched, moment=monotonic())
        part = portfolio_part(watched, board=self._board, at=at)
        if part is None:
            return
        rest = protocol.portfolio_frame(at=at, portfolio=part)
        for connection in watched.watchers:
            if not connection.offer(rest):
                self._crowd.fall_behind(connection)

    def _on_joined(self, group: str) -> None:
        # What was said before the group was joined was not heard.
        user_id = groups.user_of(group)
        if user_id is not None:
            for connection in self._crowd.of_user(user_id):
                self._loader.ask(connection.portfolios)
                self.catch_up(connection)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def running_hub() -> Hub:
    """Return the hub of the running event loop; the first call starts it."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
        _hubs[loop].start()
    return _hubs[loop]


async def stop_hub() -> None:
    """Stop the hub of the running event loop, if there is one."""
    hub = _hubs.pop(asyncio.get_running_loop(), None)
    if hub is not None:
        await hub.stop()


async def _keep_going(work: Callable[[], Awaitable[None]]) -> None:
    """Begin a work again and again, whatever happens: one fault mustn't freeze all prices."""
    while True:
        try:
            await work()
        except (RedisError, DatabaseError, OSError) as failure:
            log.warning("hub.interrupted", reason=type(failure).__name__)
        except Exception:
            log.exception("hub.faltered")
        await asyncio.sleep(_RESTART_SECONDS)


def _check_limits(connection: Connection, wanted: Subscribe) -> None:
    if (
        len(connection.instruments.union(wanted["instruments"])) > protocol.MAX_INSTRUMENTS
        or len(connection.portfolios.union(wanted["portfolios"])) > protocol.MAX_PORTFOLIOS
        or len(connection.jobs.union(wanted["jobs"])) > protocol.MAX_JOBS
    ):
        raise TooManyWatched(
            f"A connection can watch {protocol.MAX_INSTRUMENTS} instruments, "
            f"{protocol.MAX_PORTFOLIOS} portfolios and {protocol.MAX_JOBS} jobs."
        )


def _now_text() -> str:
    return clock.now().isoformat().replace("+00:00", "Z")
