"""The hub's chores: what has gone stale, who is too slow, who is no longer signed in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from itertools import islice
from time import monotonic
from uuid import uuid4

import structlog
from django.db import DatabaseError

from common import clock
from marketdata.adapters import viewers
from realtime import admission, protocol
from realtime.admission import in_database
from realtime.book import Book
from realtime.connection import Connection
from realtime.crowd import Crowd
from realtime.loading import Loader
from realtime.prices import PriceBoard
from realtime.protocol import CloseCode

log = structlog.get_logger(__name__)

TOO_SLOW_SECONDS = 5.0
_REVIEW_SECONDS = 1.0
_PING_SECONDS = 15.0
_VIEWERS_SECONDS = 2.0
_CREDENTIALS_SECONDS = 60.0
_CREDENTIALS_AT_ONCE = 100
# News can get lost, so holdings are compared with the database now and then, a few at a time.
_HOLDINGS_SECONDS = 60.0
_HOLDINGS_AT_ONCE = 20


class Upkeep:
    """Looks after prices and connections at a leisurely pace."""

    def __init__(self, board: PriceBoard, book: Book, crowd: Crowd, loader: Loader) -> None:
        self._board = board
        self._book = book
        self._crowd = crowd
        self._loader = loader

    async def review_for_ever(self) -> None:
        """Once a second: find stale prices, old holdings, slow and silent connections."""
        while True:
            moment = monotonic()
            changed = self._board.review(now=clock.now(), moment=moment)
            self._book.note(changed)
            self._crowd.note(changed)
            old = self._book.loaded_before(moment - _HOLDINGS_SECONDS)
            self._loader.ask(old[:_HOLDINGS_AT_ONCE])
            for connection in self._crowd:
                _look_at(connection, moment)
            await asyncio.sleep(_REVIEW_SECONDS)

    async def check_credentials_for_ever(self) -> None:
        """Once a minute: close connections whose session or password has ended unannounced."""
        while True:
            await asyncio.sleep(_CREDENTIALS_SECONDS)
            everybody = iter(self._crowd)
            while some := list(islice(everybody, _CREDENTIALS_AT_ONCE)):
                await self.close_ended(some)

    async def tell_viewers_for_ever(self) -> None:
        """Tell the feed what is on screens, so that it streams that first."""
        process = uuid4().hex
        while True:
            viewing: Counter[str] = Counter()
            self._crowd.count_viewers(viewing)
            self._book.count_viewers(viewing)
            await viewers.tell(process, viewing, now=clock.now())
            await asyncio.sleep(_VIEWERS_SECONDS)

    async def close_ended(self, connections: Collection[Connection]) -> None:
        """Close those of some connections that may not stay."""
        try:
            credentials = {each.credential for each in connections}
            ended = await in_database(admission.list_ended, list(credentials))
        except DatabaseError as failure:
            # Nobody stays on doubtful grounds; who may will be let in again.
            log.warning("credentials.unreadable", reason=type(failure).__name__)
            for connection in connections:
                connection.close(CloseCode.TRY_AGAIN_LATER)
            return
        for connection in connections:
            if connection.credential in ended:
                connection.close(CloseCode.NOT_SIGNED_IN)


def _look_at(connection: Connection, moment: float) -> None:
    blocked_since = connection.blocked_since
    if blocked_since is not None and moment - blocked_since > TOO_SLOW_SECONDS:
        connection.close(CloseCode.TOO_SLOW)
    elif moment - connection.sent_at > _PING_SECONDS:
        connection.push_unnumbered(protocol.encode({"type": "ping"}))
