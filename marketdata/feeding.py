"""The live feed: of several processes one leads, and with it all streams of all sources.

It asks who wants which price, gives each instrument to a source, and stores and announces the
newest quotes in batches. Another source stands in for one that is down.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from common import clock, redis
from common.errors import Unavailable
from common.waiting import first_to_end, wait_at_most
from marketdata.adapters import feed_state, quote_cache, viewers
from marketdata.adapters.base import Listing, QuoteStream
from marketdata.adapters.keeper import Keeper, Patience
from marketdata.adapters.lease import FeedLease
from marketdata.domain.condition import FeedState
from marketdata.domain.intraday import KeyedBar, Sampler
from marketdata.domain.quotes import Quote, replaces
from marketdata.domain.routing import Interest, Interests, Offer, Plan, Wanted, plan, rank
from marketdata.events import feed_leads, feed_rests, quotes_recorded

log = structlog.get_logger(__name__)

Ask = Callable[[], Awaitable[Any]]
KeepBars = Callable[[Sequence[KeyedBar]], object]

#: How many of the wanted instruments that nobody streams are named to staff.
_MOST_LEFT_OUT_TOLD = 100
#: Bars that the database can't take for longer are given up; sources tell them later.
_BARS_HELD = timedelta(hours=1)
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the feed does what, in seconds."""

    batch: float = 0.1
    #: The sign of life, also to those who wait for quotes.
    beat: float = 1.0
    #: Looking for other instruments, for others who want them, and at what is on screens.
    listings: float = 30.0
    #: Counts positions for up to half a second; what is on a screen is known sooner.
    interests: float = 60.0
    viewers: float = 2.0
    plan: float = 0.5
    #: Telling staff how the sources are.
    report: float = 2.0
    #: Keeping the prices of the minute; what wasn't kept yet is lost with the process.
    bars: float = 10.0


class Newest:
    """The newest quote of each instrument, and those that nobody was told yet."""

    def __init__(self, known: Mapping[str, Quote]) -> None:
        """Begin with what was known before this process led."""
        self._known = dict(known)
        self._waiting: dict[str, Quote] = {}

    def offer(self, quotes: Iterable[Quote]) -> None:
        """Take what is newer; an older quote never replaces a newer one, whoever has it."""
        for quote in quotes:
            if replaces(quote, self._known.get(quote.instrument_id)):
                self._known[quote.instrument_id] = self._waiting[quote.instrument_id] = quote

    def take(self) -> list[Quote]:
        """Return what is to be told, and begin anew."""
        taken, self._waiting = list(self._waiting.values()), {}
        return taken


class Router:
    """Gives the wanted instruments to the sources, and again whenever something has changed."""

    def __init__(self, keepers: Sequence[Keeper], listings: Iterable[Listing]) -> None:
        self._keepers = keepers
        self._listings: dict[str, Listing] = {}
        self._chains: dict[str, tuple[str, ...]] = {}
        self._interests: Interests = {}
        self._viewers: Mapping[str, int] = {}
        #: What people want at the moment.
        self.wanted: Mapping[str, Wanted] = {}
        self.plan = Plan(routes={})
        #: What each source covers, with the sources that could be asked.
        self._covered: tuple[frozenset[str], Mapping[str, frozenset[str]]] | None = None
        self.set_listings(listings)

    def set_listings(self, listings: Iterable[Listing]) -> None:
        """Take the instruments there are."""
        self._listings = {each.instrument_id: each for each in listings}
        self._covered = None
        self._chains = {
            key: each.quote_sources
            for key, each in self._listings.items()
            if each.quote_sources is not None
        }

    def set_interests(self, interests: Interests) -> None:
        """Take who wants what."""
        self._interests = interests

    def set_viewers(self, viewers: Mapping[str, int]) -> None:
        """Take how many screens show what."""
        self._viewers = viewers

    def route(self) -> None:
        """Tell each source what to stream from now on."""
        interests = {**self._interests, Interest.VIEW: self._viewers}
        wanted = [each for each in rank(interests) if each.instrument_id in self._listings]
        self.wanted = {each.instrument_id: each for each in wanted}
        others = self._listings.keys() - self.wanted.keys()
        offers = [self._offer(keeper) for keeper in self._keepers]
        self.plan = plan(wanted, offers, others=sorted(others), chains=self._chains)
        for keeper in self._keepers:
            keeper.want([self._listings[key] for key in self.plan.routes[keeper.name]])

    def state(self, *, number: int, leads_since: datetime) -> FeedState:
        """Say how the sources are, and what none of them streams."""
        covered = self._coverage()
        nobody_knows = self._listings.keys() - set().union(*covered.values())
        return FeedState(
            told_at=clock.now(),
            leads_since=leads_since,
            number=number,
            sources=[
                keeper.state(covers=len(covered[keeper.name]) if keeper.stream else None)
                for keeper in self._keepers
            ],
            instruments=len(self._listings),
            uncovered=len(nobody_knows),
            left_out=self.plan.left_out[:_MOST_LEFT_OUT_TOLD],
            left_out_counts=dict(Counter(each.reason for each in self.plan.left_out)),
        )

    def _coverage(self) -> Mapping[str, frozenset[str]]:
        """Return what each source knows of all there is; asked again only when that may differ."""
        streams = {keeper.name: keeper.stream for keeper in self._keepers}
        basis = frozenset(name for name, each in streams.items() if each)
        if self._covered is None or self._covered[0] != basis:
            covered = {
                name: frozenset(
                    key for key, each in self._listings.items() if stream and stream.covers(each)
                )
                for name, stream in streams.items()
            }
            self._covered = (basis, covered)
        return self._covered[1]

    def _offer(self, keeper: Keeper) -> Offer:
        stream = keeper.stream

        def covers(key: str) -> bool:
            return stream is not None and stream.covers(self._listings[key])

        return Offer(
            name=keeper.name,
            covers=covers,
            room=keeper.room,
            takes_all=stream is not None and stream.takes_all,
            is_down=keeper.is_down,
        )


class Feed:
    """Streams from all sources while it leads; waits for its turn while another does."""

    def __init__(
        self,
        sources: Mapping[str, Callable[[], QuoteStream]],
        *,
        list_listings: Callable[[], Sequence[Listing]],
        list_interests: Callable[[], Interests],
        keep_bars: KeepBars,
        rhythm: Rhythm | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Set the feed up.

        Args:
            sources: makes each source, the preferred one first.
            list_listings: asked for what there is to quote; may ask the database.
            list_interests: asked for who wants what; may ask the database.
            keep_bars: given the bars of minutes of what is wanted; may ask the database.
            rhythm: how often it does what.
            patience: of each source's keeper.
        """
        self._sources = sources
        self._rhythm = rhythm or Rhythm()
        self._patience = patience
        self._list_listings = sync_to_async(list_listings)
        self._list_interests = sync_to_async(list_interests)
        self._keep_bars = sync_to_async(keep_bars)
        self._lease = FeedLease()

    async def run(self, stopped: asyncio.Event) -> None:
        """Lead or wait until `stopped` is set; failures of servers are waited out."""
        pause = _FIRST_PAUSE_SECONDS
        log.info("feed.started", sources=list(self._sources))
        while not stopped.is_set():
            try:
                number = await self._lease.acquire()
                if number is not None:
                    await self._lead(number, stopped)
                pause = _FIRST_PAUSE_SECONDS
                await wait_at_most(stopped, seconds=self._rhythm.beat)
            except quote_cache.Replaced:
                log.warning("feed.replaced")
            except (RedisError, DatabaseError, Unavailable) as failure:
                log.warning("feed.interrupted", reason=type(failure).__name__, pause=pause)
                await wait_at_most(stopped, seconds=pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        with suppress(RedisError):
            await self._lease.release()
        await redis.close_async_client()
        log.info("feed.stopped")

    async def _lead(self, number: int, stopped: asyncio.Event) -> None:
        log.info("feed.leading", number=number)
        await feed_leads.asend_robust(sender=None)
        try:
            await first_to_end(
                asyncio.create_task(self._beat()),
                asyncio.create_task(self._work(number)),
                asyncio.create_task(_until(stopped)),
            )
        finally:
            await feed_rests.asend_robust(sender=None)

    async def _beat(self) -> None:
        while True:
            if not await self._lease.renew(beat=clock.now().timestamp()):
                raise quote_cache.Replaced
            await asyncio.sleep(self._rhythm.beat)

    async def _work(self, number: int) -> None:
        listings = await self._list_listings()
        newest = Newest(await self._known(listings))
        keepers = [
            Keeper(name, build, take=newest.offer, patience=self._patience)
            for name, build in self._sources.items()
        ]
        for keeper in keepers:
            keeper.prepare()
        router, sampler = Router(keepers, listings), Sampler()

        def sample(quotes: Sequence[Quote]) -> None:
            sampler.take(quotes, wanted=router.wanted)

        try:
            await first_to_end(
                asyncio.create_task(self._tell(newest, number, sample)),
                asyncio.create_task(self._sample(sampler)),
                asyncio.create_task(self._route(router)),
                asyncio.create_task(self._report(router, number)),
                *(asyncio.create_task(keeper.run()) for keeper in keepers),
            )
        finally:
            await self._keep_sampled(sampler)

    async def _known(self, listings: Sequence[Listing]) -> dict[str, Quote]:
        """Return the quotes of before; those of sources that are asked no more don't count."""
        asked = {
            each.instrument_id: self._sources if each.quote_sources is None else each.quote_sources
            for each in listings
        }
        found = await asyncio.to_thread(quote_cache.read, list(asked))
        foreign = [
            key
            for key, quote in found.items()
            if quote.source not in asked[key] or quote.source not in self._sources
        ]
        if foreign:
            await quote_cache.forget(foreign)
        return {key: quote for key, quote in found.items() if key not in foreign}

    async def _sample(self, sampler: Sampler) -> None:
        while True:
            await asyncio.sleep(self._rhythm.bars)
            await self._keep_sampled(sampler)

    async def _keep_sampled(self, sampler: Sampler) -> None:
        """Keep the bars sampled since the last time, or have them kept with the next ones."""
        bars = sampler.hand_over()
        if not bars:
            return
        try:
            await self._keep_bars(bars)
        except (DatabaseError, PyMongoError, Unavailable) as failure:
            log.warning("feed.bars_not_kept", reason=type(failure).__name__, bars=len(bars))
            sampler.take_back(bars, since=clock.now() - _BARS_HELD)

    async def _tell(
        self, newest: Newest, number: int, sample: Callable[[Sequence[Quote]], None]
    ) -> None:
        """Store and announce what is new, and say now and then that nothing is."""
        told_at = monotonic()
        while True:
            await asyncio.sleep(self._rhythm.batch)
            batch = newest.take()
            if batch:
                await quote_cache.write_fenced(batch, fence=number)
                sample(batch)
            if batch or monotonic() - told_at >= self._rhythm.beat:
                told_at = monotonic()
                await quotes_recorded.asend_robust(sender=None, quotes=batch)

    async def _report(self, router: Router, number: int) -> None:
        leads_since = clock.now()
        while True:
            await feed_state.tell(router.state(number=number, leads_since=leads_since))
            await asyncio.sleep(self._rhythm.report)

    async def _route(self, router: Router) -> None:
        chores: Sequence[tuple[float, Ask, Callable[[Any], None]]] = (
            (self._rhythm.listings, self._list_listings, router.set_listings),
            (self._rhythm.interests, self._list_interests, router.set_interests),
            (self._rhythm.viewers, _read_viewers, router.set_viewers),
        )
        # The listings are fresh, and who wants them isn't known yet.
        due_at = [monotonic() + self._rhythm.listings, 0.0, 0.0]
        while True:
            for number, (seconds, ask, use) in enumerate(chores):
                if monotonic() >= due_at[number]:
                    due_at[number] = monotonic() + seconds
                    await _unless_away(ask, use)
            router.route()
            await asyncio.sleep(self._rhythm.plan)


async def _read_viewers() -> dict[str, int]:
    return await viewers.read(now=clock.now())


async def _unless_away(ask: Ask, use: Callable[[Any], None]) -> None:
    """Ask the database, which may be away without stopping the feed."""
    try:
        answer = await ask()
    except DatabaseError as failure:
        log.warning("feed.database_away", reason=type(failure).__name__)
    else:
        use(answer)


async def _until(stopped: asyncio.Event) -> None:
    await stopped.wait()
