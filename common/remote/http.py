"""Questions over HTTP: bounded in time and size, counted, tried again, and checked when answered.

Status 200 is not success: some services answer so with a page for people, or with their error in
the body. Content type and required keys are looked at before anything is parsed.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

import requests

from common import clock
from common.remote.breaker import Breaker
from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    RemoteFailure,
    Schema,
    Transient,
    UnknownOutcome,
)
from common.remote.rates import LONGEST_BAN, LONGEST_PAUSE, Allowance

_CHUNK = 65_536
_UNTOLD_PAUSE = timedelta(seconds=60)
_RETRIES = 4
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 8.0
#: Some ban whoever goes on after 429.
_BANNED = 418
_LIMITED = {429, _BANNED}
_LATER = {408, 425}
_REFUSED: Mapping[int, type[RemoteFailure]] = {401: AuthExpired, 403: Forbidden}


@dataclass(frozen=True, slots=True)
class Service:
    """Somebody else's service, as one account sees it."""

    #: Names its allowance and its breaker; services that share an account share the name.
    name: str
    base_url: str
    #: Keys belong in here, not in addresses, which end up in logs.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Such as `200/minute`.
    limits: tuple[str, ...] = ()
    max_bytes: int = 16 * 1_048_576
    connect_seconds: float = 5.0
    #: The longest silence, and the longest whole answer.
    silence_seconds: float = 15.0
    answer_seconds: float = 60.0
    #: Classifies an answer other than 200 by its status and body, where the status says too little;
    #: None leaves it to the status.
    refusal: Callable[[int, bytes], type[RemoteFailure] | None] | None = None
    #: Reads from an answer's headers until when it is better to ask nothing, where the service says
    #: how much of its limit is used; None is at any time.
    rest: Callable[[Mapping[str, str], datetime], datetime | None] | None = None


@dataclass(slots=True)
class Budget:
    """How many retries a whole run has; a service in trouble gets no storm from us."""

    left: int = 30

    def spend(self) -> bool:
        """Take one, if there is one."""
        self.left -= 1
        return self.left >= 0


class HttpClient:
    """Asks one service."""

    def __init__(
        self,
        service: Service,
        *,
        now: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
        budget: Budget | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self._service = service
        self._now = now
        self._sleep = sleep
        self._budget = budget or Budget()
        self._allowance = Allowance(service.name, service.limits)
        self._breaker = breaker or Breaker(service.name)
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": "livefolio", **service.headers})

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content_types: Collection[str],
    ) -> bytes:
        """Return the body of an answer.

        Args:
            path: below the service's base address.
            params: for the query.
            content_types: what the answer may be, such as `text/csv`.

        Raises:
            RemoteFailure: one of the classes of `common.remote.errors`.
        """
        return self._patiently(lambda: self._ask("GET", path, content_types, params=params))

    def ask(self, path: str, *, content: Any, content_types: Collection[str]) -> bytes:
        """Return the body of the answer to a question that is itself JSON.

        It is posted, and changes nothing there: it is sent again where `get` would ask again.

        Args:
            content: what JSON can write.

        Raises:
            RemoteFailure: see `get`.
        """
        return self._patiently(lambda: self._ask("POST", path, content_types, content=content))

    def post(self, path: str, *, form: Mapping[str, str], content_types: Collection[str]) -> bytes:
        """Send a form once, and return the body of the answer.

        Raises:
            UnknownOutcome: it may have arrived, and no answer came.
            RemoteFailure: see `get`.
        """

        def send() -> bytes:
            try:
                return self._ask("POST", path, content_types, form=form)
            except Transient as failure:
                raise UnknownOutcome(failure.detail) from failure

        return self._breaker.call(send)

    def get_json(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        required: Collection[str] = (),
    ) -> Any:
        """Return an answer in JSON, its numbers exact; an object must have the required keys.

        Raises:
            Schema: it is no JSON, or lacks a key.
            RemoteFailure: see `get`.
        """
        body = self.get(path, params=params, content_types=("application/json",))
        return read_json(body, required=required, who=self._service.name)

    def _patiently(self, ask: Callable[[], bytes]) -> bytes:
        def ask_again() -> bytes:
            for attempt in range(_RETRIES):
                try:
                    return ask()
                except Transient:
                    if not self._budget.spend():
                        raise
                    longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**attempt)
                    self._sleep(random.uniform(0, longest))  # noqa: S311 - no secret
            return ask()

        return self._breaker.call(ask_again)

    def _ask(
        self,
        method: str,
        path: str,
        content_types: Collection[str],
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        content: Any = None,
    ) -> bytes:
        name = self._service.name
        self._allowance.take(now=self._now())
        try:
            with self._session.request(
                method,
                self._service.base_url + path,
                params=params,
                data=form,
                json=content,
                timeout=(self._service.connect_seconds, self._service.silence_seconds),
                # A key must not follow to another host.
                allow_redirects=False,
                stream=True,
            ) as response:
                self._heed(response)
                self._check_status(response)
                _check_type(response, content_types, who=name)
                return self._read(response)
        # The message would hold the address, and so the query.
        except requests.RequestException as error:
            raise Transient(f"{name} didn't answer: {type(error).__name__}.") from error

    def _heed(self, response: requests.Response) -> None:
        """Let everybody pause whom the service says to have used up most of its limit."""
        now = self._now()
        until = self._service.rest(response.headers, now) if self._service.rest else None
        if until is not None:
            self._allowance.pause(until=until, now=now)

    def _check_status(self, response: requests.Response) -> None:
        status, name = response.status_code, self._service.name
        if status == requests.codes.ok:
            return
        if status in _LIMITED:
            now = self._now()
            longest = LONGEST_BAN if status == _BANNED else LONGEST_PAUSE
            until = free_at(response.headers, now=now)
            until = self._allowance.pause(until=until, now=now, longest=longest)
            raise RateLimited(f"{name} was asked too often.", until=until)
        if self._service.refusal is not None:
            told = self._service.refusal(status, next(response.iter_content(_CHUNK), b""))
            if told is not None:
                raise told(f"{name} answered with status {status}.")
        if status in _LATER or status >= 500:
            raise Transient(f"{name} answered with status {status}.")
        if status < 400:
            raise Schema(f"{name} answered with status {status}, and no content.")
        raise _REFUSED.get(status, BadRequest)(f"{name} answered with status {status}.")

    def _read(self, response: requests.Response) -> bytes:
        end = monotonic() + self._service.answer_seconds
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._service.max_bytes:
                raise Schema(f"{self._service.name} sent more than {self._service.max_bytes:,} B.")
            if monotonic() > end:
                raise Transient(f"{self._service.name} took too long to send its answer.")
        return bytes(body)


def free_at(headers: Mapping[str, str], *, now: datetime) -> datetime:
    """Read from an answer when the service may be asked again; a minute from now if untold.

    `Retry-After` has seconds or a date, `RateLimit-Reset` seconds from now, `X-RateLimit-Reset`
    seconds since 1970.
    """
    after = (headers.get("Retry-After") or headers.get("RateLimit-Reset", "")).strip()
    reset = headers.get("X-RateLimit-Reset", "").strip()
    try:
        if after.isdecimal():
            return now + timedelta(seconds=int(after))
        if after:
            told = parsedate_to_datetime(after)
            return told if told.tzinfo else told.replace(tzinfo=UTC)
        if reset:
            return datetime.fromtimestamp(float(reset), tz=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return now + _UNTOLD_PAUSE


def read_json(body: bytes, *, required: Collection[str] = (), who: str) -> Any:
    """Read JSON with its numbers as `Decimal`.

    Raises:
        Schema: it is no JSON, or lacks a key.
    """
    try:
        content = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Schema(f"{who} sent something that isn't JSON.") from error
    if required:
        if not isinstance(content, dict):
            raise Schema(f"{who} sent no object.")
        missing = [key for key in required if key not in content]
        if missing:
            raise Schema(f"{who} sent an answer without {', '.join(missing)}.")
    return content


def _check_type(response: requests.Response, allowed: Collection[str], *, who: str) -> None:
    found = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if found not in allowed:
        raise Schema(f"{who} sent {found or 'no content type'}, not {' or '.join(allowed)}.")
