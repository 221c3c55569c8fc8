"""Background jobs of market data: the nightly closes and the day's exchange rates."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import structlog
from celery import shared_task

from common import clock
from common.remote.errors import RemoteFailure
from marketdata import services
from marketdata.adapters.registry import bar_sources, fx_sources

#: Whose day it is that central banks' rates belong to.
_FRANKFURT = ZoneInfo("Europe/Berlin")

log = structlog.get_logger(__name__)


@shared_task(name="marketdata.tasks.record_closes")
def record_closes(**_later: Any) -> None:
    """Store the daily closes that are missing up to yesterday."""
    now = clock.now()
    written = services.record_closes(*bar_sources(), today=now.date(), now=now)
    log.info("closes.recorded", written=written)


@shared_task(name="marketdata.tasks.record_reference_rates")
def record_reference_rates(**_later: Any) -> None:
    """Store the exchange rates that are missing up to today."""
    now = clock.now()
    try:
        done = services.record_reference_rates(
            fx_sources(), today=now.astimezone(_FRANKFURT).date(), now=now
        )
    except RemoteFailure as failure:
        # The record has it, and the next run asks again.
        log.warning("rates.unavailable", reason=failure.detail)
        return
    log.info("rates.recorded", written=done.written, source=done.source)
