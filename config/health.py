"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from threading import Lock
from time import monotonic

import pymongo
import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from brokers.selectors import count_letters
from common import clock, redis
from common.api.problems import is_outage
from common.middleware import Handler
from marketdata.adapters import quote_cache

log = structlog.get_logger(__name__)

_CHECK_SECONDS = 1.0
_REMEMBERED_SECONDS = 2.0
# A feed writes its heartbeat while markets are closed too; this long without one is a failure.
_FEED_SECONDS = 30.0

Check = Callable[[], str | None]
#: Tells what somebody should look at, though this process can do its work.
Detail = Callable[[], Mapping[str, float | None]]


class Readiness:
    """The latest outcome of all checks, remembered so that many probes cost as much as one."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        details: Mapping[str, Detail] | None = None,
        remembered_seconds: float = _REMEMBERED_SECONDS,
    ) -> None:
        self._checks = checks
        self._ask_for = details or {}
        self._remembered_seconds = remembered_seconds
        self._pool = ThreadPoolExecutor(
            max_workers=len(checks) + len(self._ask_for), thread_name_prefix="readiness"
        )
        self._lock = Lock()
        self._checked_at = float("-inf")
        #: None before the first look.
        self._reasons: dict[str, str] | None = None
        #: As they were when the checks were asked last; None for one that isn't known.
        self.details: dict[str, Mapping[str, float | None] | None] = {}

    def reasons(self) -> dict[str, str]:
        """Return what is wrong: name of the check → reason; empty when all is well."""
        with self._lock:
            reasons = self._reasons
            if reasons is None or monotonic() - self._checked_at >= self._remembered_seconds:
                reasons = self._ask()
                _tell_change(self._reasons, reasons)
                self._reasons, self._checked_at = reasons, monotonic()
            return reasons

    def _ask(self) -> dict[str, str]:
        asked = {name: self._pool.submit(check) for name, check in self._checks.items()}
        looked = {name: self._pool.submit(look) for name, look in self._ask_for.items()}
        deadline = monotonic() + _CHECK_SECONDS
        answers = {name: _answer(each, deadline=deadline) for name, each in asked.items()}
        self.details = {name: _found(each, deadline=deadline) for name, each in looked.items()}
        return {name: reason for name, reason in answers.items() if reason}


def _tell_change(before: Mapping[str, str] | None, now: Mapping[str, str]) -> None:
    # What fails, not its words: those say how old something is, and differ each time.
    if before is not None and before.keys() == now.keys():
        return
    if now:
        log.warning("readiness.lost", **now)
    else:
        log.info("readiness.gained")


def _answer(asked: Future[str | None], *, deadline: float) -> str | None:
    try:
        return asked.result(timeout=max(0.0, deadline - monotonic()))
    except TooSlow:
        asked.cancel()
        return f"no answer within {_CHECK_SECONDS:g} s"
    except Exception as failure:  # noqa: BLE001 - whatever a check raises is its answer
        if is_outage(failure):
            return "no answer"
        return f"fails with {type(failure).__name__}"


def _found(
    looked: Future[Mapping[str, float | None]], *, deadline: float
) -> Mapping[str, float | None] | None:
    try:
        return looked.result(timeout=max(0.0, deadline - monotonic()))
    except Exception as failure:  # noqa: BLE001 - a check has the reason, where there is one
        looked.cancel()
        log.warning("readiness.detail_unknown", reason=type(failure).__name__)
        return None


def check_mongodb() -> str | None:
    """Ask for a primary that takes writes."""
    with pymongo.timeout(_CHECK_SECONDS):
        answer = connection.database.client.admin.command("hello")  # type: ignore[attr-defined]
    return None if answer.get("isWritablePrimary") else "there is no primary"


def check_redis() -> str | None:
    """Ask for an answer."""
    redis.client().ping()
    return None


class _MigrationCheck:
    """Migrations, asked about until they are applied: nothing takes them back under a process."""

    def __init__(self) -> None:
        self._applied = False

    def __call__(self) -> str | None:
        if not self._applied:
            with pymongo.timeout(_CHECK_SECONDS):
                executor = MigrationExecutor(connection)
                missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if missing:
                return f"{len(missing)} migrations are not applied"
            self._applied = True
        return None


def check_feed() -> str | None:
    """Ask when the price feed last gave a sign of life."""
    age = quote_cache.feed_age(clock.now())
    if age is None:
        return "there is no sign of life"
    if age > max(_FEED_SECONDS, settings.FEED_STALE_SECONDS):
        return f"the last sign of life is {age:.0f} s old"
    return None


CHECKS: Mapping[str, Check] = {
    "mongodb": check_mongodb,
    "redis": check_redis,
    "migrations": _MigrationCheck(),
    "feed": check_feed,
}


def look_at_dead_letters() -> Mapping[str, float | None]:
    """Count what brokers sent and nobody could read or book, with the age of the oldest."""
    with pymongo.timeout(_CHECK_SECONDS):
        waiting, since = count_letters()
    age = (clock.now() - since).total_seconds() if since else None
    return {"waiting": waiting, "oldest_seconds": age}


DETAILS: Mapping[str, Detail] = {"dead_letters": look_at_dead_letters}


class Probes:
    """Answer /healthz and /readyz ahead of all that looks at the host name or a session.

    Whoever probes asks by an address of the machine, which is none of the site's names.
    """

    def __init__(self, get_response: Handler, readiness: Readiness | None = None) -> None:
        self.get_response = get_response
        self._readiness = readiness or _READINESS

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a probe, and pass everything else on."""
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            return self._ready()
        return self.get_response(request)

    def _ready(self) -> HttpResponseBase:
        reasons = self._readiness.reasons()
        status = "unavailable" if reasons else "ok"
        answer = JsonResponse(
            {"status": status, "reasons": reasons, "details": self._readiness.details},
            status=503 if reasons else 200,
        )
        # The change has its line; Django would write an error for each probe until the next one.
        answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
        return answer


_READINESS = Readiness(CHECKS, details=DETAILS)
