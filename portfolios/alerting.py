"""Holds alerts against each batch of quotes, in the one process that leads the feed.

The alerts are kept in memory as levels in order, so that a batch costs next to nothing. What a
quote reaches is then decided from the stored alert, in a transaction: this process may be late, or
replaced without knowing it, and still nothing fires twice. Whoever takes over loads the alerts and
looks at the newest quotes first, so that nothing is lost that still holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import structlog
from asgiref.sync import sync_to_async
from bson import ObjectId
from django.db import DatabaseError
from redis.exceptions import RedisError

from common import clock
from common.connections import renewed_connections
from common.errors import Unavailable
from marketdata import selectors as market
from marketdata.domain.quotes import Quote
from portfolios import tasks
from portfolios.adapters import alert_channel
from portfolios.domain.alerts import AlertKind, AlertState
from portfolios.domain.thresholds import Thresholds
from portfolios.models import Alert
from portfolios.selectors import watching
from portfolios.services import alerts

log = structlog.get_logger(__name__)

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

_REFRESH_SECONDS = 30.0
_PAUSE_SECONDS = 1.0
#: Changes are asked for from so long before the last look: clocks differ, transactions last.
_OVERLAP = timedelta(minutes=2)
# A thread of its own: what alerts do must not keep the feed from reading its listings.
_threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alerts-database")


class Evaluator:
    """Knows what each alert waits for, and has it take its steps."""

    def __init__(self, *, refresh_seconds: float = _REFRESH_SECONDS) -> None:
        self._refresh_seconds = refresh_seconds
        self._thresholds = Thresholds()
        self._newest: dict[str, Quote] = {}
        self._hits: dict[str, tuple[Decimal, datetime]] = {}
        self._looked_at: datetime | None = None
        self._refresh_at = 0.0
        self._has_work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work."""
        works = (self._work, self._listen)
        self._tasks = [asyncio.create_task(_keep_going(work)) for work in works]

    async def stop(self) -> None:
        """End all work; what was reached and isn't stored is found again by whoever goes on."""
        pending = set(self._tasks)
        while pending:
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=_PAUSE_SECONDS)

    def take(self, quotes: Collection[Quote]) -> None:
        """Hold all alerts against a batch of quotes."""
        self._newest.update({each.instrument_id: each for each in quotes})
        for key, value, instrument_id in self._reached(quotes):
            # It waits for nothing until its step is stored.
            self._thresholds.remove(key)
            self._hits[key] = (value, self._newest[instrument_id].at)
        if self._hits:
            self._has_work.set()

    def _reached(self, quotes: Collection[Quote]) -> list[tuple[str, Decimal, str]]:
        values = watching.measure_quotes(quotes)
        return [
            (key, value, place[0])
            for place, single in ((place, {place: value}) for place, value in values.items())
            for key, value in self._thresholds.reached(single)
        ]

    async def _work(self) -> None:
        while True:
            if monotonic() >= self._refresh_at:
                await self._refresh()
            await self._take_steps()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._refresh_at - monotonic())):
                    await self._has_work.wait()

    async def _listen(self) -> None:
        async for _ in alert_channel.changes():
            self._refresh_at = 0.0
            self._has_work.set()

    async def _refresh(self) -> None:
        now = clock.now()
        self._refresh_at = monotonic() + self._refresh_seconds
        since = None if self._looked_at is None else self._looked_at - _OVERLAP
        found, quotes = await _in_database(_load, since)
        self._looked_at = now
        for key, quote in quotes.items():
            known = self._newest.get(key)
            if known is None or known.at < quote.at:
                self._newest[key] = quote
        for each in found:
            self._place(each, now=now)
        self._look_at([str(each.instrument_id) for each in found])

    async def _take_steps(self) -> None:
        self._has_work.clear()
        while self._hits:
            key, (value, observed_at) = next(iter(self._hits.items()))
            try:
                observed = await _in_database(_take_step, key, value, observed_at)
            except (DatabaseError, Unavailable):
                self._has_work.set()
                raise
            self._hits.pop(key, None)
            if observed is not None:
                self._place(observed, now=clock.now())
                # Its price may have moved on while the step was stored.
                self._look_at([str(observed.instrument_id)])

    def _place(self, alert: Alert, *, now: datetime) -> None:
        key = str(alert.pk)
        if key in self._hits:
            return
        if not watching.is_at_work(alert, now=now):
            self._thresholds.remove(key)
            return
        place = (str(alert.instrument_id), AlertKind(alert.kind).measure)
        self._thresholds.put(key, place, watching.rule_of(alert).line, AlertState(alert.state))

    def _look_at(self, ids: Collection[str]) -> None:
        self.take([self._newest[key] for key in dict.fromkeys(ids) if key in self._newest])


def _load(since: datetime | None) -> tuple[list[Alert], Mapping[str, Quote]]:
    found = watching.list_quoted_alerts(changed_since=since)
    return found, market.latest_quotes({str(each.instrument_id) for each in found})


def _take_step(key: str, value: Decimal, observed_at: datetime) -> Alert | None:
    observed = alerts.observe(ObjectId(key), value=value, observed_at=observed_at, now=clock.now())
    if observed.firing_id is not None:
        tasks.request_delivery(observed.firing_id)
    return observed.alert


async def _in_database(
    ask: Callable[Arguments, Answer], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Answer:
    def asked() -> Answer:
        with renewed_connections():
            return ask(*args, **kwargs)

    return await sync_to_async(asked, thread_sensitive=False, executor=_threads)()


async def _keep_going(work: Callable[[], Awaitable[None]]) -> None:
    """Begin a work again and again: a fault in it must not stop the feed, nor all other alerts."""
    while True:
        try:
            await work()
        except (RedisError, DatabaseError, Unavailable, OSError) as failure:
            log.warning("alerts.interrupted", reason=type(failure).__name__)
        except Exception:
            log.exception("alerts.faltered")
        await asyncio.sleep(_PAUSE_SECONDS)


_evaluators: WeakKeyDictionary[asyncio.AbstractEventLoop, Evaluator] = WeakKeyDictionary()


def start() -> None:
    """Begin to evaluate in the running event loop, whose process leads the feed now."""
    evaluator = Evaluator()
    _evaluators[asyncio.get_running_loop()] = evaluator
    evaluator.start()


def take(quotes: Collection[Quote]) -> None:
    """Hold alerts against a batch of quotes, if that is this process's work."""
    evaluator = _evaluators.get(asyncio.get_running_loop())
    if evaluator is not None:
        evaluator.take(quotes)


async def stop() -> None:
    """Evaluate no more."""
    evaluator = _evaluators.pop(asyncio.get_running_loop(), None)
    if evaluator is not None:
        await evaluator.stop()
