"""Keep how the sources of market data were last asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from marketdata.domain.sources import Need
from marketdata.models import SourceRun

_MOST_DETAIL = 2_000


def note_run(
    source: str,
    need: Need,
    state: str,
    *,
    detail: str,
    now: datetime,
    good: Mapping[str, object] | None = None,
) -> None:
    """Keep how a source was asked; what the last good run brought stays until the next good one.

    Args:
        state: one of those of `SourceRun`.
        detail: why it failed, and what could not be read; it is cut where it is long.
        good: what a run brought that went well, by the names of fields; None where it didn't.
    """
    told: dict[str, object] = {"state": state, "detail": detail[:_MOST_DETAIL], "ran_at": now}
    if good is not None:
        told |= {"last_good_at": now, **good}
    SourceRun.objects.update_or_create(source=source, need=need.value, defaults=told)
