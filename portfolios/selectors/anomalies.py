"""Ask what of a portfolio is unlike its own history, for its owner to look at.

Findings are plain values, as they are kept in the cache and sent: decimals and days as texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from common.anomalies import (
    Findings,
    Flag,
    Kind,
    price_hints,
    unusual_prices,
    unusual_purchases,
    unusual_returns,
)
from common.errors import NotFound
from common.money import plain
from marketdata import selectors as market
from portfolios.adapters import report_cache
from portfolios.domain.observations import observe
from portfolios.domain.returns import time_weighted
from portfolios.domain.status import Status
from portfolios.models import Dismissal, Portfolio, Position
from portfolios.selectors.history import WantedDays, find_last_stored, last_day, load_history
from portfolios.selectors.ledger import purchases_for_statistics
from portfolios.selectors.performance import report_name

#: Findings are of this long, and compared with as much again.
_LOOKED_AT = timedelta(days=365)
_PORTFOLIO = "portfolio"


class FindingNotFound(NotFound):
    """No finding can be called this."""

    code = "finding-not-found"


@dataclass(frozen=True, slots=True)
class FindingId:
    """What a finding is called as long as its day has it: its kind, subject and day."""

    kind: Kind
    #: An instrument's id, or `portfolio`.
    subject: str
    date: date

    def __str__(self) -> str:
        return f"{self.kind}-{self.subject}-{self.date}"

    @classmethod
    def parse(cls, text: str) -> FindingId:
        """Read what `str` wrote.

        Raises:
            FindingNotFound: nothing is called this.
        """
        kind, _, rest = text.partition("-")
        subject, _, day = rest.partition("-")
        try:
            found = cls(Kind(kind), subject, date.fromisoformat(day))
        except ValueError as error:
            raise FindingNotFound from error
        if str(found) != text or not (subject == _PORTFOLIO or ObjectId.is_valid(subject)):
            raise FindingNotFound
        return found


def list_anomalies(portfolio: Portfolio, *, day: date, now: datetime) -> dict[str, Any]:
    """List what stood out in the last year, the newest first; what was found a moment ago counts.

    Args:
        day: today, where the user is.
    """
    last = find_last_stored(portfolio.pk)
    name = report_name(portfolio, last, last_day(portfolio, day=day, now=now), "anomalies")
    found = report_cache.read(*name)
    if found is None:
        found = _look(portfolio, day=day, now=now)
        report_cache.write(found, *name)
    dismissed = set(
        Dismissal.objects.filter(portfolio_id=portfolio.pk).values_list("finding", flat=True)
    )
    return found | {
        "findings": [each | {"is_dismissed": each["id"] in dismissed} for each in found["findings"]]
    }


def _look(portfolio: Portfolio, *, day: date, now: datetime) -> dict[str, Any]:
    since = day - _LOOKED_AT
    searched = [
        *_of_returns(portfolio, since=since, day=day, now=now),
        *_of_prices(portfolio, since=since, day=day),
        *_of_purchases(portfolio, since=since),
    ]
    flags = [(subject, flag) for subject, found in searched for flag in found.flags]
    flags.sort(key=lambda each: (each[1].date, each[1].kind, each[0]), reverse=True)
    checked = sum(found.checked for _, found in searched)
    return {
        "since": since.isoformat(),
        "status": (Status.COMPLETE if checked else Status.UNAVAILABLE).value,
        "checked": checked,
        "findings": [_finding(subject, flag) for subject, flag in flags],
    }


def _of_returns(
    portfolio: Portfolio, *, since: date, day: date, now: datetime
) -> Iterator[tuple[str, Findings]]:
    wanted = WantedDays(start=since - _LOOKED_AT)
    history = load_history(portfolio, wanted, day=day, now=now)
    if history is not None and history.days.days:
        observed = observe(history.series, time_weighted(history.series).daily)
        points = list(zip(observed.days, observed.returns.tolist(), strict=True))
        yield _PORTFOLIO, unusual_returns(portfolio.name, points, since=since)


def _of_prices(portfolio: Portfolio, *, since: date, day: date) -> Iterator[tuple[str, Findings]]:
    held = Position.objects.filter(portfolio_id=portfolio.pk).exclude(quantity=0)
    ids = [str(key) for key in held.values_list("instrument_id", flat=True)]
    instruments = market.instruments_by_id(ids)
    closes = market.closes_for_statistics(ids, start=since - _LOOKED_AT, end=day)
    for key, points in sorted(closes.items()):
        symbol = instruments[key].symbol
        yield key, unusual_prices(symbol, points, since=since)
        hints = price_hints(symbol, points, since=since)
        # What people price by hand keeps its price until the next time.
        is_own = instruments[key].owner_id is not None
        yield key, _without(hints, Kind.STALE) if is_own else hints


def _of_purchases(portfolio: Portfolio, *, since: date) -> Iterator[tuple[str, Findings]]:
    bought = purchases_for_statistics(portfolio.pk, since=since - _LOOKED_AT)
    instruments = market.instruments_by_id([each.instrument_id for each in bought])
    for each in bought:
        symbol = instruments[each.instrument_id].symbol
        yield (
            each.instrument_id,
            unusual_purchases(symbol, each.currency, each.paid, since=since),
        )


def _without(found: Findings, kind: Kind) -> Findings:
    flags = tuple(flag for flag in found.flags if flag.kind is not kind)
    return Findings(flags, found.checked, found.dropped, found.reason)


def _finding(subject: str, flag: Flag) -> dict[str, Any]:
    return {
        "id": str(FindingId(flag.kind, subject, flag.date)),
        "kind": flag.kind.value,
        "instrument_id": None if subject == _PORTFOLIO else subject,
        "subject": flag.subject,
        "date": flag.date.isoformat(),
        "value": _text(flag.value),
        "usual_low": _text(flag.usual_low),
        "usual_high": _text(flag.usual_high),
        "score": _text(flag.score),
        "sentence": flag.sentence,
    }


def _text(value: float | None) -> str | None:
    return None if value is None else plain(Decimal(f"{value:.6f}"))
