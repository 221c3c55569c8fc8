"""Sends signed questions to Binance by its clock, and says what its errors mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from brokers.adapters.binance import parser
from brokers.adapters.binance.history import milliseconds
from brokers.adapters.binance.signing import signed
from brokers.adapters.contract import Environment
from common import clock
from common.remote.breaker import Breaker
from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RemoteFailure,
    Schema,
    Transient,
)
from common.remote.http import Budget, HttpClient, Service, read_json

_JSON = ("application/json",)
_CONNECT_SECONDS, _SILENCE_SECONDS = 3.0, 10.0
#: For how long a question may be on its way: the longest that Binance takes, for it is tried again.
_WINDOW = "60000"
_MOST_REPEATS = 2
#: 6,000 by weight and minute for one address, whoever asks from it. A question weighs 20 at most.
_LIMITS = ("240/minute",)
#: What Binance has counted in this minute of its clock, and from how much on to wait for the next.
_USED, _MOST_USED = "X-MBX-USED-WEIGHT-1M", 4_800
_MINUTE = timedelta(minutes=1)
_LARGEST = 64 * 1_048_576


class NoSuchPair(BadRequest):
    """The pair isn't traded any more."""


class _OffTime(RemoteFailure):
    """The question bears a time that is too far from Binance's."""


_REFUSALS: Mapping[int, type[RemoteFailure]] = {
    -1000: Transient,
    -1001: Transient,
    -1002: AuthExpired,
    -1007: Transient,
    -1008: Transient,
    -1021: _OffTime,
    -1022: AuthExpired,
    -1121: NoSuchPair,
    -2014: AuthExpired,
    -2015: AuthExpired,
}


class Line:
    """The line to Binance with somebody's key."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        *,
        environment: Environment,
        budget: Budget,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.calls = 0
        self._secret = credentials["secret_key"]
        self._now = now
        self._ahead: int | None = None
        self._http = HttpClient(
            Service(
                # Binance counts by address, so all keys share what there is.
                name=f"binance-spot-{environment.name}",
                base_url=environment.base_url,
                headers={"X-MBX-APIKEY": credentials["api_key"]},
                limits=_LIMITS,
                max_bytes=_LARGEST,
                connect_seconds=_CONNECT_SECONDS,
                silence_seconds=_SILENCE_SECONDS,
                refusal=_refusal,
                rest=self._rest,
            ),
            budget=budget,
            breaker=Breaker(f"binance-spot-{environment.name}"),
        )

    def _rest(self, headers: Mapping[str, str], now: datetime) -> datetime | None:
        """Wait for Binance's next minute where others at our address, or we, have used much."""
        used = headers.get(_USED, "")
        if not used.isdecimal() or int(used) < _MOST_USED:
            return None
        theirs = now + timedelta(milliseconds=self._ahead or 0)
        return now + _MINUTE - timedelta(seconds=theirs.second, microseconds=theirs.microsecond)

    def ask_openly(self, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """Ask what anybody may ask."""
        self.calls += 1
        return self._http.get(path, params=params, content_types=_JSON)

    def ask(self, path: str, params: Mapping[str, str]) -> bytes:
        """Ask with a signature; an answer that was cut off is asked for again."""
        body = b""
        for _ in range(_MOST_REPEATS + 1):
            body = self._ask_in_time(path, params)
            if _is_whole(body):
                break
        # What stays broken is kept as it came, and refused where it is read.
        return body

    def _ask_in_time(self, path: str, params: Mapping[str, str]) -> bytes:
        try:
            return self._ask_once(path, params)
        except _OffTime:
            self._ahead = None
        try:
            return self._ask_once(path, params)
        except _OffTime as failure:
            raise Transient("Binance's clock can't be followed.") from failure

    def _ask_once(self, path: str, params: Mapping[str, str]) -> bytes:
        if self._ahead is None:
            told = read_json(
                self.ask_openly("/api/v3/time"), required=("serverTime",), who=parser.WHO
            )
            if type(told["serverTime"]) is not int:
                raise Schema("Binance doesn't say what time it is.")
            self._ahead = told["serverTime"] - milliseconds(self._now())
        stamp = str(milliseconds(self._now()) + self._ahead)
        query = signed({**params, "recvWindow": _WINDOW, "timestamp": stamp}, secret=self._secret)
        self.calls += 1
        return self._http.get(f"{path}?{query}", content_types=_JSON)


def _refusal(status: int, body: bytes) -> type[RemoteFailure] | None:
    told = _REFUSALS.get(parser.error_code(body))
    if told is None and status == 403:
        # Without a number it is the wall in front of Binance, for whoever asks too much.
        return Transient
    # Not from this country.
    return Forbidden if told is None and status == 451 else told


def _is_whole(body: bytes) -> bool:
    try:
        read_json(body, who=parser.WHO)
    except Schema:
        return False
    return True
