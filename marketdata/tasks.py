"""Background jobs of market data: the nightly closes."""

from __future__ import annotations

from typing import Any

import structlog
from celery import shared_task

from common import clock
from marketdata import services
from marketdata.adapters.registry import get_source

log = structlog.get_logger(__name__)


@shared_task(name="marketdata.tasks.record_closes")
def record_closes(**_later: Any) -> None:
    """Store the daily closes that are missing up to yesterday."""
    now = clock.now()
    written = services.record_closes(get_source(), today=now.date(), now=now)
    log.info("closes.recorded", written=written)
