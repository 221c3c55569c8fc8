"""What the pages of watchlists, alerts and the inbox show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from common.api.pagination import CursorPage
from portfolios.domain.alerts import AlertKind, AlertState
from portfolios.models import Alert, Firing, Watchlist
from portfolios.selectors.watching import Entry, is_at_work, with_subjects
from portfolios.services.alerts import title

_ENDED, _PAUSED = "ended", "paused"


def watchlist_links(found: Iterable[Watchlist]) -> list[dict[str, Any]]:
    """Describe watchlists without what is on them."""
    return [{"id": str(each.pk), "name": each.name, "count": len(each.entries)} for each in found]


def watchlist_page(watchlist: Watchlist, entries: Sequence[Entry]) -> dict[str, Any]:
    """Describe a watchlist; each line knows the places beside its own."""
    last = len(entries) - 1
    return {
        "watchlist": {"id": str(watchlist.pk), "name": watchlist.name},
        "entries": [
            {
                "instrument": {
                    "id": each.instrument_id,
                    "symbol": each.symbol,
                    "name": each.name,
                    "currency": each.currency,
                },
                "note": each.note,
                "quote": each.quote,
                "up": place - 1 if place else None,
                "down": place + 1 if place < last else None,
            }
            for place, each in enumerate(entries)
        ],
    }


def alerts_page(page: CursorPage[Alert], *, now: datetime) -> dict[str, Any]:
    """Describe a page of alerts."""
    return {
        "alerts": [alert_line(each, now=now) for each in with_subjects(page.rows)],
        "page": {"next": page.next_url, "previous": page.previous_url},
    }


def inbox_page(page: CursorPage[Firing]) -> dict[str, Any]:
    """Describe a page of what alerts have told."""
    return {
        "firings": [
            {
                "title": each.title,
                "detail": each.detail,
                "note": each.note,
                "fired_at": each.fired_at,
                "is_read": each.is_read,
                "kind": AlertKind(each.kind).label,
                "instrument_id": each.instrument_id,
                "portfolio_id": each.portfolio_id,
            }
            for each in page.rows
        ],
        "page": {"next": page.next_url, "previous": page.previous_url},
    }


def alert_line(alert: Alert, *, now: datetime) -> dict[str, Any]:
    """Describe an alert and where it stands."""
    return {
        "id": str(alert.pk),
        "title": title(alert),
        "kind": AlertKind(alert.kind).label,
        "note": alert.note,
        "state": _state(alert, now=now),
        "is_paused": alert.is_paused,
        "expires_at": alert.expires_at,
        "firings": alert.firings,
        "fired_at": alert.fired_at,
        "by_email": alert.by_email,
        "instrument_id": alert.instrument_id,
        "portfolio_id": alert.portfolio_id,
    }


def _state(alert: Alert, *, now: datetime) -> str:
    if is_at_work(alert, now=now):
        return AlertState(alert.state).value
    return _PAUSED if alert.is_paused else _ENDED
