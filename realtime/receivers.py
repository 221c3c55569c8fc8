"""What the apps below announce, passed on to the hubs; nothing else listens.

The receivers are coroutines: Django runs them for senders in synchronous code too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from accounts import events as accounts
from brokers import events as brokers
from brokers.domain.connections import OPEN
from brokers.domain.imports import RunState
from common import freshness
from marketdata import events as market
from marketdata.domain.quotes import Quote
from portfolios import events as portfolios
from realtime import broadcast
from realtime.protocol import AlertFields, JobFields

_AT_WORK = {RunState.READING.value, RunState.COMMITTING.value, RunState.UNDOING.value}


async def on_quotes_recorded(*, quotes: Sequence[Quote], **_more: Any) -> None:
    """Pass new quotes on."""
    await broadcast.quotes_recorded(quotes)


async def on_recalculation_started(*, portfolio_id: str, owner_id: str, **_more: Any) -> None:
    """Pass on that a portfolio is being recalculated."""
    await freshness.renew_soon(owner_id)
    await broadcast.job_progressed(
        user_id=owner_id, job=_recalculation(portfolio_id, is_done=False), has_ended=False
    )


async def on_holdings_changed(*, portfolio_id: str, owner_id: str, **_more: Any) -> None:
    """Pass on that a portfolio has been recalculated."""
    await freshness.renew_soon(owner_id)
    await broadcast.holdings_changed(user_id=owner_id, portfolio_id=portfolio_id)
    await broadcast.job_progressed(
        user_id=owner_id, job=_recalculation(portfolio_id, is_done=True), has_ended=True
    )


async def on_import_progressed(*, run: Mapping[str, Any], owner_id: str, **_more: Any) -> None:
    """Pass on how far an import is."""
    await freshness.renew_soon(owner_id)
    await broadcast.job_progressed(
        user_id=owner_id, job=cast(JobFields, dict(run)), has_ended=run["state"] not in _AT_WORK
    )


async def on_sync_progressed(*, run: Mapping[str, Any], owner_id: str, **_more: Any) -> None:
    """Pass on how far a sync is."""
    await broadcast.job_progressed(
        user_id=owner_id,
        job=cast(JobFields, dict(run)),
        has_ended=run["state"] not in {state.value for state in OPEN},
    )


async def on_alert_fired(*, owner_id: str, firing: Mapping[str, Any], **_more: Any) -> None:
    """Pass on what an alert fired."""
    await broadcast.alert_fired(user_id=owner_id, alert=cast(AlertFields, dict(firing)))


async def on_inbox_read(*, owner_id: str, **_more: Any) -> None:
    """Pass on that something in an inbox was read."""
    await broadcast.inbox_read(user_id=owner_id)


async def on_signed_out(*, user_id: str, **_more: Any) -> None:
    """Pass on that sessions ended."""
    await freshness.renew_soon(user_id)
    await broadcast.signed_out(user_id=user_id)


def connect() -> None:
    """Begin to listen."""
    market.quotes_recorded.connect(on_quotes_recorded)
    portfolios.recalculation_started.connect(on_recalculation_started)
    portfolios.holdings_changed.connect(on_holdings_changed)
    portfolios.alert_fired.connect(on_alert_fired)
    portfolios.inbox_read.connect(on_inbox_read)
    brokers.import_progressed.connect(on_import_progressed)
    brokers.sync_progressed.connect(on_sync_progressed)
    accounts.signed_out.connect(on_signed_out)


def _recalculation(portfolio_id: str, *, is_done: bool) -> JobFields:
    return {
        "id": portfolio_id,
        "kind": "recalculation",
        "portfolio": portfolio_id,
        "state": "done" if is_done else "running",
        "done": int(is_done),
        "total": 1,
        "counts": {},
        "error": None,
    }
