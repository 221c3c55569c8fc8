"""What staff see of the sources of market data: how each is, and what none of them gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from limits.errors import StorageError
from redis.exceptions import RedisError

from common.remote.breaker import Breaker
from common.remote.rates import Allowance, Left
from marketdata import selectors
from marketdata.adapters import feed_state
from marketdata.adapters.registry import limits_of, sources_by_need
from marketdata.domain.condition import FeedState, SourceState
from marketdata.domain.routing import Reason
from marketdata.domain.sources import Need

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source that the settings name.

    Attributes:
        needs: what it is asked for.
        state: how its stream is; None where it has none, or no process leads the feed.
        is_known: whether Redis told the rest.
        breaker_until: until when nobody asks it because it failed too often.
        paused_until: until when it has asked to be left alone.
        allowance: what is left of each of its limits.
    """

    name: str
    needs: Sequence[Need]
    state: SourceState | None
    is_known: bool
    breaker_until: datetime | None = None
    paused_until: datetime | None = None
    allowance: Sequence[Left] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """A wanted instrument that nobody streams: which, why it is wanted, and why nobody does."""

    identity: str
    name: str
    interest: str
    people: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """All sources, and what none of them gives.

    Attributes:
        feed: None when no process leads it.
        missing: the most wanted first; `missing_total` counts also those that aren't listed.
    """

    feed: FeedState | None
    sources: Sequence[SourceReport]
    missing: Sequence[Missing]
    missing_total: int
    missing_counts: Sequence[tuple[str, int]]


def get_report(*, now: datetime) -> Report:
    """Say how the sources are."""
    feed = feed_state.read()
    states = {each.name: each for each in feed.sources} if feed else {}
    named = sources_by_need()
    names = list(dict.fromkeys(name for sources in named.values() for name in sources))
    reports = [
        _report(
            name,
            needs=[need for need, sources in named.items() if name in sources],
            state=states.get(name),
            now=now,
        )
        for name in names
    ]
    counts = feed.left_out_counts if feed else {}
    return Report(
        feed=feed,
        sources=reports,
        missing=_missing(feed),
        missing_total=sum(counts.values()),
        missing_counts=[(reason.label, counts[reason]) for reason in Reason if reason in counts],
    )


def _report(
    name: str, *, needs: Sequence[Need], state: SourceState | None, now: datetime
) -> SourceReport:
    allowance = Allowance(name, limits_of(name))
    try:
        return SourceReport(
            name=name,
            needs=needs,
            state=state,
            is_known=True,
            breaker_until=Breaker(name).open_until(now=now),
            paused_until=allowance.paused_until(now=now),
            allowance=allowance.left(),
        )
    except (RedisError, StorageError) as failure:
        log.warning("source.untold", source=name, reason=type(failure).__name__)
        return SourceReport(name=name, needs=needs, state=state, is_known=False)


def _missing(feed: FeedState | None) -> list[Missing]:
    left_out = feed.left_out if feed else ()
    instruments = selectors.instruments_by_id([each.wanted.instrument_id for each in left_out])
    return [
        Missing(
            identity=instrument.identity,
            name=instrument.name,
            interest=each.wanted.interest.label,
            people=each.wanted.people,
            reason=each.reason.label,
        )
        for each in left_out
        # One that was deleted since isn't missed.
        if (instrument := instruments.get(each.wanted.instrument_id))
    ]
