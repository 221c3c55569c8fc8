"""Ask what of a portfolio is unlike its own history, for its owner to look at.

Findings are plain values, as they are kept in the cache and sent: decimals and days as texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from common.anomalies import (
    Findings,
    Flag,
    Kind,
    Points,
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


@dataclass(frozen=True, slots=True)
class Searched:
    """A series that was looked through, and what was found in it.

    Attributes:
        subject: an instrument's id, or `portfolio`.
        points: returns, closes, or what was paid on each day, oldest first.
        unit: the currency of closes and payments; empty for returns.
        spans: the first and the last day that each return is of.
    """

    subject: str
    found: Findings
    points: Points
    unit: str = ""
    spans: Mapping[date, tuple[date, date]] = field(default_factory=dict)


def list_anomalies(portfolio: Portfolio, *, day: date, now: datetime) -> dict[str, Any]:
    """List what stood out in the last year, the newest first; what was found a moment ago counts.

    Args:
        day: today, where the user is.
    """
    last = find_last_stored(portfolio.pk)
    name = report_name(portfolio, last, last_day(portfolio, day=day, now=now), "anomalies")
    found = report_cache.read(*name)
    if found is None:
        found = report_findings(search(portfolio, day=day, now=now), day=day)
        report_cache.write(found, *name)
    return with_dismissals(portfolio, found)


def with_dismissals(portfolio: Portfolio, found: Mapping[str, Any]) -> dict[str, Any]:
    """Say of each finding whether it is put aside."""
    dismissed = set(
        Dismissal.objects.filter(portfolio_id=portfolio.pk).values_list("finding", flat=True)
    )
    findings = [each | {"is_dismissed": each["id"] in dismissed} for each in found["findings"]]
    return {**found, "findings": findings}


def search(portfolio: Portfolio, *, day: date, now: datetime) -> list[Searched]:
    """Look through the returns, prices and purchases of the last year."""
    since = day - _LOOKED_AT
    return [
        *_of_returns(portfolio, since=since, day=day, now=now),
        *_of_prices(portfolio, since=since, day=day),
        *_of_purchases(portfolio, since=since),
    ]


def report_findings(searched: Iterable[Searched], *, day: date) -> dict[str, Any]:
    """Write what was found, the newest first."""
    looked_through = list(searched)
    flags = [(each.subject, flag) for each in looked_through for flag in each.found.flags]
    flags.sort(key=lambda each: (each[1].date, each[1].kind, each[0]), reverse=True)
    checked = sum(each.found.checked for each in looked_through)
    return {
        "since": (day - _LOOKED_AT).isoformat(),
        "status": (Status.COMPLETE if checked else Status.UNAVAILABLE).value,
        "checked": checked,
        "findings": [_finding(subject, flag) for subject, flag in flags],
    }


def _of_returns(
    portfolio: Portfolio, *, since: date, day: date, now: datetime
) -> Iterator[Searched]:
    wanted = WantedDays(start=since - _LOOKED_AT)
    history = load_history(portfolio, wanted, day=day, now=now)
    if history is not None and history.days.days:
        observed = observe(history.series, time_weighted(history.series).daily)
        points = list(zip(observed.days, observed.returns.tolist(), strict=True))
        found = unusual_returns(portfolio.name, points, since=since)
        yield Searched(_PORTFOLIO, found, points, spans=observed.spans(history.series))


def _of_prices(portfolio: Portfolio, *, since: date, day: date) -> Iterator[Searched]:
    held = Position.objects.filter(portfolio_id=portfolio.pk).exclude(quantity=0)
    ids = [str(key) for key in held.values_list("instrument_id", flat=True)]
    instruments = market.instruments_by_id(ids)
    closes = market.closes_for_statistics(ids, start=since - _LOOKED_AT, end=day)
    for key, points in sorted(closes.items()):
        symbol, unit = instruments[key].symbol, instruments[key].currency
        yield Searched(key, unusual_prices(symbol, points, since=since), points, unit)
        hints = price_hints(symbol, points, since=since)
        # What people price by hand keeps its price until the next time.
        is_own = instruments[key].owner_id is not None
        yield Searched(key, _without(hints, Kind.STALE) if is_own else hints, points, unit)


def _of_purchases(portfolio: Portfolio, *, since: date) -> Iterator[Searched]:
    bought = purchases_for_statistics(portfolio.pk, since=since - _LOOKED_AT)
    instruments = market.instruments_by_id([each.instrument_id for each in bought])
    for each in bought:
        symbol = instruments[each.instrument_id].symbol
        found = unusual_purchases(symbol, each.currency, each.paid, since=since)
        yield Searched(each.instrument_id, found, each.paid, each.currency)


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
