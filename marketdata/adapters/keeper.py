"""Keeps one source's stream alive: connects, subscribes, listens, and notices when it is mute."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

import structlog

from common import clock
from common.remote.errors import (
    AuthExpired,
    Forbidden,
    RateLimited,
    RemoteFailure,
    Schema,
    Transient,
)
from common.waiting import first_to_end, wait_at_most
from marketdata.adapters.base import (
    Listing,
    QuoteStream,
    StreamConnection,
    StreamEnded,
    TooManyInstruments,
)
from marketdata.domain.condition import SourceState
from marketdata.domain.quotes import MarketState, Quote, replaces

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 0.25
#: A source's clock may be ahead of ours by so much without anybody minding.
_SKEW = timedelta(seconds=2)


class Mute(Transient):
    """The source is connected, and says nothing although there is something to say."""

    code = "stream-mute"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is waited for, in seconds."""

    first_pause: float = 1.0
    longest_pause: float = 30.0
    #: After a refused key; the settings are read anew before each try.
    refused_pause: float = 60.0
    #: For the answer to a subscription.
    answer: float = 10.0
    #: Without any message while something is traded, until the source is asked whether that is so.
    silence: float = 5.0
    #: Silent for so long, and no answer to that question either: connect anew.
    unanswered: float = 20.0
    #: Of failing, until others have to stand in.
    down: float = 15.0
    #: Of an open connection without a failure, until the source is trusted again.
    proven: float = 30.0
    #: Between two confirmations that an old price is still the newest.
    confirm: float = 4.0
    #: Between two tries to look prices up.
    look_up: float = 5.0


@dataclass(slots=True)
class Condition:
    """How a source is, for staff."""

    is_connected: bool = False
    connected_at: datetime | None = None
    #: When its last message came.
    heard_at: datetime | None = None
    #: Since when it has said nothing although something is traded.
    silent_since: datetime | None = None
    #: Since when nothing has gone well.
    failing_since: datetime | None = None
    subscribed: int = 0
    error: str = ""
    error_at: datetime | None = None
    #: How far its clock was ahead of ours at most, since it was connected.
    skew: timedelta = timedelta()


class Keeper:
    """One source, for as long as this process leads the feed."""

    def __init__(
        self,
        name: str,
        build: Callable[[], QuoteStream],
        *,
        take: Callable[[Iterable[Quote]], None],
        patience: Patience | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """Set it up; `run` does the work.

        Args:
            name: of the source.
            build: makes the source with the keys of the moment; may raise a `RemoteFailure`.
            take: given all quotes, as they come.
            patience: how long it waits for what.
            now: tells the time.
        """
        self.name = name
        self.condition = Condition()
        self.stream: QuoteStream | None = None
        self._build = build
        self._take = take
        self._patience = patience or Patience()
        self._now = now
        self._wanted: dict[str, Listing] = {}
        self._has_changed = asyncio.Event()
        self._newest: dict[str, Quote] = {}
        self._unseen: set[str] = set()
        self._heard = 0.0
        #: When its prices were last known to be the newest.
        self._alive_at: datetime | None = None
        self._is_refused = False
        self._failing_since: float | None = None
        self._failures = 0
        self._learned_room: int | None = None

    @property
    def is_down(self) -> bool:
        """Whether others have to stand in for it."""
        failing = self._failing_since
        return self._is_refused or (
            failing is not None and monotonic() - failing >= self._patience.down
        )

    @property
    def room(self) -> int | None:
        """How many instruments it takes, as it says or as it has shown."""
        if self._learned_room is not None:
            return self._learned_room
        return None if self.stream is None else self.stream.most_instruments

    def state(self, *, covers: int | None) -> SourceState:
        """Say how it is at the moment.

        Args:
            covers: how many of all instruments it knows; None where that isn't known.
        """
        told = self.condition
        return SourceState(
            name=self.name,
            connected_at=told.connected_at if told.is_connected else None,
            heard_at=told.heard_at,
            silent_since=told.silent_since if told.is_connected else None,
            confirmed_at=self._alive_at,
            failing_since=told.failing_since,
            is_down=self.is_down,
            wanted=len(self._wanted),
            subscribed=told.subscribed,
            room=self.room,
            covers=covers,
            delay_seconds=0 if self.stream is None else self.stream.capabilities.delay_seconds,
            error=told.error,
            error_at=told.error_at,
            skew_seconds=told.skew.total_seconds(),
        )

    def prepare(self) -> None:
        """Make the source from the settings, so that it is known what it covers."""
        try:
            self.stream = self._build()
        except RemoteFailure as failure:
            self._note(failure)

    def want(self, listings: Sequence[Listing]) -> None:
        """Stream exactly these from soon on, the most wanted first."""
        wanted = {each.instrument_id: each for each in listings}
        if list(wanted.items()) != list(self._wanted.items()):
            self._unseen |= wanted.keys() - self._wanted.keys()
            self._wanted = wanted
            self._newest = {key: each for key, each in self._newest.items() if key in wanted}
            self._has_changed.set()

    async def run(self) -> None:
        """Go on for ever, whatever the source does."""
        while True:
            try:
                # The keys may be others by now.
                self.stream = self._build()
                await self._serve(self.stream)
            except StreamEnded:
                pause = random.uniform(0, self._patience.first_pause)  # noqa: S311 - no secret
            except RemoteFailure as failure:
                pause = self._failed(failure)
            except Exception:
                # A fault in what one source says mustn't stop the others.
                log.exception("source.faltered", source=self.name)
                pause = self._failed(Schema("It can't be understood; the log says more."))
            else:
                pause = 0.0
            finally:
                self.condition.is_connected = False
                self.condition.subscribed = 0
            await asyncio.sleep(pause)

    async def _serve(self, stream: QuoteStream) -> None:
        async with stream.connect() as connection:
            now = self._now()
            self._learned_room, self._is_refused = None, False
            self.condition.is_connected, self.condition.connected_at = True, now
            self.condition.skew, self.condition.silent_since = timedelta(), None
            self._heard = monotonic()
            # A stream tells nothing of what was before it.
            self._unseen = set(self._wanted)
            log.info("source.connected", source=self.name)
            await first_to_end(
                asyncio.create_task(self._read(connection)),
                asyncio.create_task(self._tend(connection)),
                asyncio.create_task(self._look(stream)),
            )

    async def _read(self, connection: StreamConnection) -> None:
        while True:
            try:
                quotes = await connection.receive()
            except TooManyInstruments as failure:
                self._learned_room = len(connection.subscribed) or len(self._wanted) // 2
                self._note_error(failure)
                continue
            self._heard = monotonic()
            self._alive_at = self.condition.heard_at = self._now()
            self.condition.silent_since = None
            self.condition.subscribed = len(connection.subscribed)
            if quotes:
                self._is_well()
                self._pass_on(quotes)

    async def _tend(self, connection: StreamConnection) -> None:
        """Subscribe as is wanted, and look after what was asked for and what was said."""
        opened = monotonic()
        asked: dict[str, Listing] = {}
        answer_until = confirm_at = opened
        while True:
            self._has_changed.clear()
            if asked is not self._wanted:
                asked = self._wanted
                answer_until = monotonic() + self._patience.answer
                await connection.want(list(asked.values()))
            moment = monotonic()
            if moment - opened >= self._patience.proven:
                self._is_well()
            is_settled = connection.subscribed == asked.keys() or self._learned_room is not None
            if not is_settled and moment > answer_until:
                raise Transient(f"{self.name} doesn't answer a subscription.")
            if moment >= confirm_at:
                confirm_at = moment + self._patience.confirm
                self._confirm(connection.subscribed)
            await wait_at_most(self._has_changed, seconds=_LOOK_SECONDS)

    async def _look(self, stream: QuoteStream) -> None:
        """Look up what the stream hasn't told: the prices before it, and those of its silences."""
        asked_at = 0.0
        while True:
            wanted = self._unseen & self._wanted.keys()
            is_doubted = not wanted and self._is_silent(asked_at)
            if is_doubted:
                wanted = self._traded()
                self._note_silence(is_owed=bool(wanted))
            if not wanted:
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            asked_at = monotonic()
            listings = [self._wanted[key] for key in wanted]
            try:
                found = await asyncio.to_thread(stream.snapshot, listings)
            except RemoteFailure as failure:
                self._note_error(failure)
                self._check_answered()
                await asyncio.sleep(self._look_up_pause(failure))
                continue
            self._unseen -= wanted
            if is_doubted and self._heard < asked_at:
                self._check_not_mute(found)
                self._alive_at = self._now()
            self._pass_on(found)

    def _is_silent(self, asked_at: float) -> bool:
        return monotonic() - max(self._heard, asked_at) >= self._patience.silence

    def _note_silence(self, *, is_owed: bool) -> None:
        condition = self.condition
        if not is_owed:
            condition.silent_since = None
        elif condition.silent_since is None:
            heard = [at for at in (condition.heard_at, condition.connected_at) if at is not None]
            condition.silent_since = max(heard, default=None)

    def _traded(self) -> set[str]:
        stream, now = self.stream, self._now()
        if stream is None:
            return set()
        return {
            key
            for key, listing in self._wanted.items()
            if stream.state_of(listing, now=now) is MarketState.OPEN
        }

    def _check_answered(self) -> None:
        if self._traded() and monotonic() - self._heard >= self._patience.unanswered:
            raise Mute(f"{self.name} has said nothing, and doesn't answer either.")

    def _check_not_mute(self, found: Iterable[Quote]) -> None:
        for quote in found:
            known = self._newest.get(quote.instrument_id)
            if known is not None and quote.at > known.at and quote.price != known.price:
                raise Mute(f"{self.name} is connected, and says nothing of what it knows.")

    def _pass_on(self, quotes: Iterable[Quote]) -> None:
        now = self._now()
        told = []
        for each in quotes:
            if each.instrument_id not in self._wanted:
                continue
            quote = each
            if each.at > now:
                # A price of the future would be the newest for too long.
                self.condition.skew = max(self.condition.skew, each.at - now)
                quote = replace(each, at=now)
            known = self._newest.get(quote.instrument_id)
            if replaces(quote, known):
                if known and known.previous_close is not None and quote.previous_close is None:
                    # A new day has begun, whose previous close must be looked up.
                    self._unseen.add(quote.instrument_id)
                self._newest[quote.instrument_id] = quote
                told.append(quote)
        if self.condition.skew > _SKEW:
            self._note_error(
                Transient(f"Its clock is {self.condition.skew.total_seconds():.1f} s ahead.")
            )
        self._take(told)

    def _confirm(self, subscribed: frozenset[str]) -> None:
        """Vouch for prices that are old only because nobody has traded since."""
        stream, alive_at = self.stream, self._alive_at
        if stream is None or alive_at is None:
            return
        now, told = self._now(), []
        for key, quote in self._newest.items():
            if key not in subscribed:
                continue
            state = stream.state_of(self._wanted[key], now=now)
            is_old = (alive_at - quote.known_at).total_seconds() >= self._patience.confirm
            if state is not quote.market_state or (is_old and state is not MarketState.CLOSED):
                told.append(replace(quote, market_state=state, confirmed_at=alive_at))
        self._newest.update({each.instrument_id: each for each in told})
        self._take(told)

    def _is_well(self) -> None:
        if self._failing_since is not None:
            log.info("source.recovered", source=self.name)
        self._failing_since, self._failures = None, 0
        self.condition.failing_since = None

    def _failed(self, failure: RemoteFailure) -> float:
        """Note a failure; return how long to wait before the next try."""
        self._note(failure)
        return self._pause(failure)

    def _note(self, failure: RemoteFailure) -> None:
        self._note_error(failure)
        self._failures += 1
        self._is_refused = isinstance(failure, AuthExpired | Forbidden)
        if self._failing_since is None:
            self._failing_since = monotonic()
            self.condition.failing_since = self._now()
        log.warning(
            "source.failed",
            source=self.name,
            failure=type(failure).__name__,
            reason=failure.detail,
        )

    def _note_error(self, failure: RemoteFailure) -> None:
        self.condition.error, self.condition.error_at = failure.detail, self._now()

    def _pause(self, failure: RemoteFailure) -> float:
        """Choose how long to wait before connecting again, so that not all come at once."""
        if isinstance(failure, RateLimited):
            return self._until(failure)
        if self._is_refused:
            return random.uniform(0.5, 1) * self._patience.refused_pause  # noqa: S311 - no secret
        longest = self._patience.first_pause * 2 ** min(self._failures, 16)
        return random.uniform(0, min(self._patience.longest_pause, longest))  # noqa: S311 - as above

    def _look_up_pause(self, failure: RemoteFailure) -> float:
        if isinstance(failure, RateLimited):
            return max(self._patience.look_up, self._until(failure))
        return self._patience.look_up

    def _until(self, failure: RateLimited) -> float:
        seconds = (failure.until - self._now()).total_seconds()
        return max(0.0, seconds) + random.uniform(0, self._patience.first_pause)  # noqa: S311 - as above
