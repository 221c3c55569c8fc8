"""Store what sources tell of corporate actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import structlog
from bson import ObjectId

from common.bulk import batched
from common.remote.errors import RemoteFailure
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.adapters.base import ActionSource, Listing
from marketdata.domain.actions import Action
from marketdata.domain.sources import Need, Parsed
from marketdata.models import CorporateAction, Instrument, SourceRun
from marketdata.services.prices import HISTORY
from marketdata.services.source_runs import note_run

#: Sources tell late, and correct what they have told: that much is asked for again each time.
_TOLD_LATE = timedelta(days=30)
#: What is announced for later days is asked for as well.
_AHEAD = timedelta(days=90)
#: So many instruments are asked for at once.
_AT_ONCE = 50
_TOLD = ("kind", "ex_date", "record_date", "pay_date", "ratio", "cash", "other_symbol")

log = structlog.get_logger(__name__)


def record_actions(sources: Sequence[ActionSource], *, today: date, now: datetime) -> int:
    """Store the corporate actions that each source knows; return how many are new or changed.

    The first run asks for all that there are closes of; later ones for what is new, announced or
    may have been told late, and for the history of instruments that came since. Safe to repeat: an
    action is known again by its source's id.
    """
    return sum(_record(source, today=today, now=now) for source in sources)


def _record(source: ActionSource, *, today: date, now: datetime) -> int:
    run = SourceRun.objects.filter(source=source.name, need=Need.ACTIONS.value).first()
    last_good_at = run.last_good_at if run else None
    covered = [each for each in selectors.list_listings() if source.covers(each)]
    since = {} if last_good_at is None else _added_since(last_good_at, covered)
    written, lines = 0, []
    for listings, start in (
        ([each for each in covered if each.instrument_id not in since], last_good_at),
        ([each for each in covered if each.instrument_id in since], None),
    ):
        first = today - HISTORY if start is None else start.date() - _TOLD_LATE
        for some in batched(listings, _AT_ONCE):
            try:
                found = source.corporate_actions(some, start=first, end=today + _AHEAD)
            except RemoteFailure as failure:
                log.warning("actions.failed", source=source.name, reason=failure.detail)
                note_run(
                    source.name, Need.ACTIONS, SourceRun.FAILED, detail=failure.detail, now=now
                )
                return written
            store = partial(_store, found, some, source=source.name, now=now)
            written += run_in_transaction(store)
            lines += [str(error) for error in found.errors]
    state = SourceRun.PARTIAL if lines else SourceRun.OK
    good = {"written": written}
    note_run(source.name, Need.ACTIONS, state, detail="\n".join(lines), now=now, good=good)
    return written


def _added_since(moment: datetime, listings: Iterable[Listing]) -> dict[str, datetime]:
    ids = [ObjectId(each.instrument_id) for each in listings]
    added = Instrument.objects.filter(pk__in=ids, created_at__gt=moment)
    return {str(key): at for key, at in added.values_list("pk", "created_at")}


def _store(
    found: Parsed[Action], listings: Sequence[Listing], *, source: str, now: datetime
) -> int:
    """Write what is new or was told otherwise before; whether it counts stays as staff decided."""
    by_symbol = {each.spelled_by(source): ObjectId(each.instrument_id) for each in listings}
    told = [(by_symbol[each.symbol], each) for each in found.rows if each.symbol in by_symbol]
    known = _known(source, [action.source_id for _, action in told])
    changed = 0
    for instrument_id, action in told:
        values = {name: getattr(action, name) for name in _TOLD}
        row = known.get((instrument_id, action.source_id))
        if row is None:
            row = CorporateAction(
                instrument_id=instrument_id,
                source=source,
                source_id=action.source_id,
                created_at=now,
            )
        elif all(getattr(row, name) == values[name] for name in _TOLD):
            continue
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = now
        row.save()
        known[instrument_id, action.source_id] = row
        changed += 1
    return changed


def _known(source: str, ids: Sequence[str]) -> dict[tuple[ObjectId, str], CorporateAction]:
    rows = CorporateAction.objects.filter(source=source, source_id__in=list(ids))
    return {(each.instrument_id, each.source_id): each for each in rows}
