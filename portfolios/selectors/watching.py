"""Ask about what people watch: lists, alerts, and what those have told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from bson import ObjectId
from django.db.models import QuerySet

from common.errors import NotFound
from marketdata import selectors as market
from marketdata.domain.quotes import MarketState, Quote
from portfolios.domain.alerts import AlertKind, Measure, Rule
from portfolios.domain.drawdown import drawdown_series
from portfolios.domain.ranges import RangeName
from portfolios.domain.returns import time_weighted
from portfolios.models import Alert, Firing, Portfolio, Watchlist
from portfolios.selectors.allocation import Spread
from portfolios.selectors.history import WantedDays, load_history

#: Alerts that each batch of quotes is held against; a job looks at the others once a minute.
BY_QUOTES = (
    AlertKind.PRICE_ABOVE.value,
    AlertKind.PRICE_BELOW.value,
    AlertKind.DAY_MOVE.value,
    AlertKind.MOVE_FROM.value,
)
BY_JOB = (AlertKind.STALE.value, AlertKind.DRAWDOWN.value, AlertKind.DRIFT.value)


class WatchlistNotFound(NotFound):
    """There is no such watchlist."""

    code = "watchlist-not-found"


class AlertNotFound(NotFound):
    """There is no such alert."""

    code = "alert-not-found"


class FiringNotFound(NotFound):
    """There is no such message in the inbox."""

    code = "firing-not-found"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a watchlist; the price is None where it isn't known."""

    instrument_id: str
    symbol: str
    name: str
    currency: str
    note: str
    quote: Quote | None


def list_watchlists(owner_id: ObjectId) -> QuerySet[Watchlist]:
    """List somebody's watchlists by name, which no two of them share."""
    return Watchlist.objects.filter(owner_id=owner_id).order_by("name")


def get_watchlist(watchlist_id: ObjectId, *, owner_id: ObjectId) -> Watchlist:
    """Load one watchlist of an owner.

    Raises:
        WatchlistNotFound: there is none, or it is somebody else's.
    """
    found = Watchlist.objects.filter(pk=watchlist_id, owner_id=owner_id).first()
    if found is None:
        raise WatchlistNotFound
    return found


def list_entries(watchlist: Watchlist) -> list[Entry]:
    """List what a watchlist holds, in its order, with the newest prices.

    An instrument that no longer exists is left out.
    """
    ids = [each["instrument"] for each in watchlist.entries]
    known = market.instruments_by_id(ids)
    quotes = market.latest_prices(ids, known=known)
    return [
        Entry(
            instrument_id=each["instrument"],
            symbol=known[each["instrument"]].symbol,
            name=known[each["instrument"]].name,
            currency=known[each["instrument"]].currency,
            note=each["note"],
            quote=quotes.get(each["instrument"]),
        )
        for each in watchlist.entries
        if each["instrument"] in known
    ]


def list_alerts(owner_id: ObjectId, *, instrument_id: ObjectId | None = None) -> QuerySet[Alert]:
    """List somebody's alerts, newest first, perhaps only those about one instrument."""
    found = Alert.objects.filter(owner_id=owner_id)
    if instrument_id is not None:
        found = found.filter(instrument_id=instrument_id)
    return found.order_by("-id")


def with_subjects(alerts: Sequence[Alert]) -> Sequence[Alert]:
    """Load what alerts are about, all at once.

    Joined to the list, all of somebody's alerts would be sorted before the first few are taken.
    """
    instruments = market.instruments_by_id(
        {each.instrument_id for each in alerts if each.instrument_id}
    )
    wanted = {each.portfolio_id for each in alerts if each.portfolio_id}
    portfolios = {str(each.pk): each for each in Portfolio.objects.filter(pk__in=list(wanted))}
    for each in alerts:
        each.instrument = instruments.get(str(each.instrument_id))
        each.portfolio = portfolios.get(str(each.portfolio_id))
    # What was deleted meanwhile has taken its alerts with it.
    return [each for each in alerts if each.instrument or each.portfolio]


def get_alert(alert_id: ObjectId, *, owner_id: ObjectId) -> Alert:
    """Load one alert of an owner.

    Raises:
        AlertNotFound: there is none, or it is somebody else's.
    """
    found = list_alerts(owner_id).filter(pk=alert_id).first()
    if found is None:
        raise AlertNotFound
    return found


def rule_of(alert: Alert) -> Rule:
    """Return what an alert watches for."""
    return Rule(AlertKind(alert.kind), alert.limit, alert.reference)


def is_at_work(alert: Alert, *, now: datetime) -> bool:
    """Say whether an alert can fire: it is neither paused nor past its end."""
    return not alert.is_paused and (alert.expires_at is None or now < alert.expires_at)


def list_quoted_alerts(*, changed_since: datetime | None = None) -> list[Alert]:
    """List the alerts that quotes are held against, paused ones only among what has changed."""
    if changed_since is None:
        return list(Alert.objects.filter(is_paused=False, kind__in=BY_QUOTES))
    changed = Alert.objects.filter(updated_at__gte=changed_since)
    return [each for each in changed if each.kind in BY_QUOTES]


def list_job_alerts() -> list[Alert]:
    """List the alerts that the periodic job looks at."""
    return list(Alert.objects.filter(is_paused=False, kind__in=BY_JOB))


def list_portfolio_alerts(portfolio_id: ObjectId) -> list[Alert]:
    """List the alerts of one portfolio that are not paused."""
    return list(Alert.objects.filter(portfolio_id=portfolio_id, is_paused=False))


def list_firings(owner_id: ObjectId) -> QuerySet[Firing]:
    """List what somebody's alerts have told, newest first."""
    return Firing.objects.filter(owner_id=owner_id).order_by("-id")


def message_of(firing: Firing) -> dict[str, Any]:
    """Describe a firing for the owner's live connections."""
    return {
        "id": str(firing.pk),
        "alert": firing.alert_key,
        "kind": firing.kind,
        "instrument": str(firing.instrument_id) if firing.instrument_id else None,
        "portfolio": str(firing.portfolio_id) if firing.portfolio_id else None,
        "title": firing.title,
        "detail": firing.detail,
        "fired_at": firing.fired_at.isoformat().replace("+00:00", "Z"),
        "unread": count_unread(firing.owner_id),
    }


def count_unread(owner_id: ObjectId) -> int:
    """Count what somebody hasn't read yet."""
    return Firing.objects.filter(owner_id=owner_id, is_read=False).count()


def list_undelivered(*, now: datetime, limit: int) -> list[str]:
    """List the firings whose delivery is due: what was lost on the way, or must be tried again."""
    due = Firing.objects.filter(deliver_after__lte=now).order_by("deliver_after")[:limit]
    return [str(key) for key in due.values_list("pk", flat=True)]


def measure_quotes(quotes: Collection[Quote]) -> dict[tuple[str, Measure], Decimal]:
    """Return all that alerts can be held against in a batch of quotes."""
    values = {(each.instrument_id, Measure.PRICE): each.price for each in quotes}
    for each in quotes:
        rate = each.change_rate
        if rate is not None:
            values[each.instrument_id, Measure.DAY_RATE] = rate
    return values


def measure_silence(ids: Collection[str], *, now: datetime) -> dict[str, Decimal]:
    """Return for how many whole minutes instruments have had no quote while they trade.

    Left out are those whose market rests, or that never had a quote: nothing is owed of them.
    """
    return {
        key: Decimal(max(timedelta(), now - quote.at) // timedelta(minutes=1))
        for key, quote in market.latest_quotes(ids).items()
        if quote.market_state is MarketState.OPEN
    }


def measure_portfolio(portfolio: Portfolio, kind: AlertKind, *, now: datetime) -> Decimal | None:
    """Return what an alert of this kind is held against; None where it isn't known."""
    if kind is AlertKind.DRIFT:
        return measure_drift(portfolio, now=now)
    return measure_drawdown(portfolio, now=now)


def measure_drawdown(portfolio: Portfolio, *, now: datetime) -> Decimal | None:
    """Return how far a portfolio is below its high, as a fraction; None where it isn't known.

    By the index of time-weighted returns, so that money taken out is no fall.
    """
    history = load_history(
        portfolio, WantedDays(RangeName.MAX), day=portfolio.owner.day_of(now), now=now
    )
    if history is None or not history.days.days:
        return None
    levels = np.concatenate(([1.0], 1 + time_weighted(history.series).index))
    latest = float(drawdown_series(levels)[-1])
    return None if np.isnan(latest) else Decimal(f"{-latest:.10f}")


def measure_drift(portfolio: Portfolio, *, now: datetime) -> Decimal | None:
    """Return the largest distance of a weight from its target; None where one isn't known."""
    distances = [each.absolute for each in Spread(portfolio, now=now).targets().drifts]
    known = [abs(each) for each in distances if each is not None]
    return max(known) if known and len(known) == len(distances) else None
