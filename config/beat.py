"""The scheduler of periodic jobs: of several beats one sends, and another takes over from it."""

from __future__ import annotations

from typing import Any

from celery.beat import SchedulingError
from celery.utils.log import get_logger
from django.db import DatabaseError
from django.db.models import F, Q
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry
from pymongo.errors import PyMongoError
from redis import RedisError

from common import keys
from common.leases import Lease
from common.redis import client
from config.schedule import install_schedule

#: A leader keeps its lease three times while it lasts, and the others look as often for its end.
_LOOK_SECONDS = (keys.BEAT_LEASE.ttl_seconds or 0) / 3
_log = get_logger(__name__)


class RecordedEntry(ModelEntry):
    """An entry whose run is recorded before it is sent."""

    def claim(self) -> bool:
        """Record this run, unless it has been recorded since the schedule was read.

        Returns:
            False when another beat was faster, or staff has switched the job off.
        """
        unchanged = Q(last_run_at=None) | Q(last_run_at__lte=self.last_run_at)
        claimed: int = PeriodicTask.objects.filter(
            unchanged, pk=self.model.pk, enabled=True
        ).update(last_run_at=self.model.last_run_at, total_run_count=F("total_run_count") + 1)
        return bool(claimed)

    def unclaim(self) -> None:
        """Take the record back, for the run could not be sent."""
        PeriodicTask.objects.filter(
            pk=self.model.pk, last_run_at__lte=self.model.last_run_at
        ).update(last_run_at=self.last_run_at, total_run_count=F("total_run_count") - 1)


class LeasedScheduler(DatabaseScheduler):
    """django-celery-beat's scheduler, safe to run more than once.

    The lease keeps the others quiet. A leader that was stopped for longer than its lease may wake
    up between its look at the lease and its message, so each run is claimed in the database first:
    one matched row, one message. It is also how the admin sees the last run at once, where
    upstream writes it down every three minutes.
    """

    Entry = RecordedEntry

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._lease = Lease(
            client(),
            lease=keys.BEAT_LEASE.of(),
            fence=keys.BEAT_FENCE.of(),
            seconds=keys.BEAT_LEASE.ttl_seconds or 0,
        )
        self._tenure: int | None = None
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def setup_schedule(self) -> None:
        """Leave the installing to whoever leads."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due if this beat leads; return how many seconds to wait."""
        try:
            if not self._leads():
                return _LOOK_SECONDS
            wait: float = super().tick(*args, **kwargs)
        except (DatabaseError, PyMongoError, RedisError) as error:
            # The others are as blind as this one; what is due stays due until they are back.
            _log.warning("beat.waiting", extra={"error": repr(error)})
            self._forget()
            return _LOOK_SECONDS
        return min(wait, _LOOK_SECONDS)

    def reserve(self, entry: Any) -> Any:
        """Return the entry of the run after this one; there is nothing to write down later."""
        return next(entry)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send one run if nobody else has."""
        if not entry.claim():
            _log.info("beat.run_skipped", extra={"job": entry.name})
            self._read_anew()
            return
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError:
            # It is due again when the schedule is next read as a whole, within five minutes; at
            # once, a job that can never be sent would keep all others waiting.
            _log.exception("beat.run_not_sent", extra={"job": entry.name})
            entry.unclaim()

    def close(self) -> None:
        """Stop, and let another beat lead at once."""
        super().close()
        try:
            self._lease.release()
        except RedisError as error:
            _log.info("beat.lease_left", extra={"error": repr(error)})

    def _leads(self) -> bool:
        tenure = self._lease.hold()
        if tenure is not None and tenure != self._tenure:
            install_schedule()
            self._read_anew()
            _log.info("beat.leading", extra={"tenure": tenure})
        self._tenure = tenure
        return tenure is not None

    def _forget(self) -> None:
        self._tenure = None
        self._read_anew()

    def _read_anew(self) -> None:
        """Make the next tick read the schedule; another beat may have run some of it."""
        self._dirty.clear()
        self._initial_read = True
        self._heap: Any = None
