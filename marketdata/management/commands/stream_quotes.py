"""The live feed: one process leads, records the newest quotes and announces them."""

from __future__ import annotations

import asyncio
import random
import signal
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from redis.exceptions import RedisError

from common import clock, redis
from common.connections import renewed_connections
from common.errors import Unavailable
from marketdata import selectors
from marketdata.adapters import quote_cache
from marketdata.adapters.base import Listing, PriceSource
from marketdata.adapters.lease import FeedLease
from marketdata.adapters.registry import get_source
from marketdata.domain.quotes import Quote
from marketdata.events import feed_leads, feed_rests, quotes_recorded

log = structlog.get_logger(__name__)

_BATCH_SECONDS = 0.1
_BEAT_SECONDS = 1.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 5.0


class SourceEnded(Unavailable):
    """The source has stopped sending."""

    code = "source-ended"


class Command(BaseCommand):
    """Run the live feed until told to stop."""

    help = "Stream quotes into Redis; start as many as you like, one of them works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take nothing but Django's own options."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or Ctrl-C."""
        asyncio.run(_run_until_signal())


async def _run_until_signal() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await Feed(get_source(), list_listings=_load_listings).run(stopped)


def _load_listings() -> list[Listing]:
    with renewed_connections():
        return selectors.list_listings()


class Feed:
    """Streams from a source while it leads; waits for its turn while another does."""

    def __init__(
        self,
        source: PriceSource,
        *,
        list_listings: Callable[[], Sequence[Listing]],
        listings_seconds: float = 30.0,
    ) -> None:
        """Set the feed up.

        Args:
            source: where the quotes come from.
            list_listings: asked for what to quote; may ask the database.
            listings_seconds: how often it is asked.
        """
        self._source = source
        self._listings_seconds = listings_seconds
        self._list_listings = sync_to_async(list_listings)
        self._lease = FeedLease()

    async def run(self, stopped: asyncio.Event) -> None:
        """Lead or wait until `stopped` is set; failures of servers are waited out."""
        pause = _FIRST_PAUSE_SECONDS
        log.info("feed.started", source=self._source.name)
        while not stopped.is_set():
            try:
                number = await self._lease.acquire()
                if number is not None:
                    await self._lead(number, stopped)
                pause = _FIRST_PAUSE_SECONDS
                await _wait(stopped, seconds=_BEAT_SECONDS)
            except quote_cache.Replaced:
                log.warning("feed.replaced")
            except (RedisError, DatabaseError, Unavailable) as failure:
                log.warning("feed.interrupted", reason=type(failure).__name__, pause=pause)
                await _wait(stopped, seconds=pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        with suppress(RedisError):
            await self._lease.release()
        await redis.close_async_client()
        log.info("feed.stopped")

    async def _lead(self, number: int, stopped: asyncio.Event) -> None:
        log.info("feed.leading", number=number)
        await feed_leads.asend_robust(sender=None)
        try:
            await self._work(number, stopped)
        finally:
            await feed_rests.asend_robust(sender=None)

    async def _work(self, number: int, stopped: asyncio.Event) -> None:
        beating = asyncio.create_task(self._beat())
        streaming = asyncio.create_task(self._stream(number))
        stopping = asyncio.create_task(stopped.wait())
        tasks = {beating, streaming, stopping}
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await cancel(*pending)
        for task in done:
            task.result()

    async def _beat(self) -> None:
        while True:
            if not await self._lease.renew(beat=clock.now().timestamp()):
                raise quote_cache.Replaced
            await asyncio.sleep(_BEAT_SECONDS)

    async def _stream(self, number: int) -> None:
        newest = _Newest()
        listings = await self._list_listings()
        pumping = asyncio.create_task(newest.pump(self._source, listings))
        looked_at = monotonic()
        try:
            while True:
                await asyncio.wait({pumping}, timeout=_BATCH_SECONDS)
                if batch := newest.take():
                    await quote_cache.write_fenced(batch, fence=number)
                    await quotes_recorded.asend_robust(sender=None, quotes=batch)
                if pumping.done():
                    pumping.result()
                    raise SourceEnded
                if monotonic() - looked_at >= self._listings_seconds:
                    looked_at = monotonic()
                    changed = await self._changed(listings)
                    if changed is not None:
                        listings = changed
                        await cancel(pumping)
                        pumping = asyncio.create_task(newest.pump(self._source, listings))
        finally:
            await cancel(pumping)

    async def _changed(self, listings: Sequence[Listing]) -> Sequence[Listing] | None:
        """Look for new instruments; the database may be away without stopping the feed."""
        try:
            found = await self._list_listings()
        except DatabaseError as failure:
            log.warning("listings.unreadable", reason=type(failure).__name__)
            return None
        return None if list(found) == list(listings) else found


class _Newest:
    """The newest quote of each instrument since the last batch was taken."""

    def __init__(self) -> None:
        self._waiting: dict[str, Quote] = {}

    async def pump(self, source: PriceSource, listings: Sequence[Listing]) -> None:
        """Collect what a source says."""
        async for batch in source.stream(listings):
            for quote in batch:
                known = self._waiting.get(quote.instrument_id)
                if known is None or known.at <= quote.at:
                    self._waiting[quote.instrument_id] = quote

    def take(self) -> list[Quote]:
        """Return what was collected, and begin anew."""
        taken, self._waiting = list(self._waiting.values()), {}
        return taken


async def _wait(stopped: asyncio.Event, *, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), timeout=seconds)


async def cancel(*tasks: asyncio.Task[Any], patience_seconds: float = 1.0) -> None:
    """End tasks, however often they have to be told.

    A library may lose a cancellation that comes at the very moment its own time-out ends.
    """
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=patience_seconds)
    await asyncio.gather(*tasks, return_exceptions=True)
