"""Asks Alpaca's Trading API; knows of its answers only how to come to the next page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from brokers.adapters.alpaca import parser
from brokers.adapters.contract import AccountName, Cursor, Environment, Page
from brokers.domain.events import Stream
from common.remote.breaker import Breaker
from common.remote.errors import Schema, Transient
from common.remote.http import Budget, HttpClient, Service, read_json

_PATHS = {Stream.POSITIONS: "/v2/positions", Stream.CASH: "/v2/account"}
_ACTIVITIES, _ORDERS = "/v2/account/activities", "/v2/orders"
_EQUITY = "/v2/account/portfolio/history"
#: Of equity a year, and then each time the last month; once a month the year again.
_WHOLE, _RECENT, _WHOLE_EVERY = "1A", "1M", timedelta(days=30)
_PAGE_SIZE, _ORDERS_A_PAGE = 100, 500
#: Ten million activities; a list that goes on for longer goes round in circles.
_MOST_PAGES = 100_000
#: How often a page is asked for again that was cut off, or was the one before once more.
_MOST_REPEATS = 2
#: What is booked late has an older date than what was seen last, and what is corrected keeps its
#: id: so the last days are read again each time, and more of them once a week.
_CONNECT_SECONDS, _SILENCE_SECONDS = 3.0, 10.0
_OVERLAP, _DEEP_OVERLAP, _DEEP_EVERY = timedelta(days=7), timedelta(days=45), timedelta(days=7)


class AlpacaSession:
    """Asks with somebody's key."""

    def __init__(
        self, credentials: Mapping[str, str], *, environment: Environment, budget: Budget
    ) -> None:
        self.calls = 0
        # Alpaca counts by account. A key stands for one, and its digest for the key in Redis.
        account = hashlib.sha256(credentials["key_id"].encode()).hexdigest()[:16]
        self._http = HttpClient(
            Service(
                name=f"alpaca-{environment.name}-{account}",
                base_url=environment.base_url,
                headers={
                    "APCA-API-KEY-ID": credentials["key_id"],
                    "APCA-API-SECRET-KEY": credentials["secret_key"],
                },
                # Of 200; the rest is left for what else the owner lets read the account.
                limits=("160/minute",),
                connect_seconds=_CONNECT_SECONDS,
                silence_seconds=_SILENCE_SECONDS,
            ),
            budget=budget,
            breaker=Breaker(f"alpaca-trading-{environment.name}"),
        )

    def check(self) -> AccountName:
        """Ask which account the key opens."""
        return parser.read_account_name(self._get("/v2/account", {}))

    def pages(self, stream: Stream, cursor: Cursor, *, now: datetime) -> Iterator[Page]:
        """Fetch a stream: of activities what is new or may have changed, all others whole.

        The cursor has `covered_until`, the moment up to which all is known, and, inside a pass
        that broke off, where it began and its next page.
        """
        if stream is Stream.ACTIVITIES:
            yield from self._activities(cursor, now=now)
            return
        if stream is Stream.ORDERS:
            yield from self._open_orders()
            return
        if stream is Stream.EQUITY:
            yield self._equity(cursor, now=now)
            return
        path = _PATHS[stream]
        yield Page(body=self._get(path, {}), request=path)

    def _activities(self, cursor: Cursor, *, now: datetime) -> Iterator[Page]:
        going_on = cursor if cursor.get("page_token") else _new_pass(cursor, now=now)
        state: dict[str, Any] = dict(going_on)
        seen = {state.get("page_token")}
        for _ in range(_MOST_PAGES):
            params = {"direction": "asc", "page_size": str(_PAGE_SIZE)}
            if state.get("after"):
                params["after"] = state["after"]
            if state.get("page_token"):
                params["page_token"] = state["page_token"]
            body, token = self._page(params, seen)
            # A short page isn't the last one for certain; an empty one is.
            if token is None:
                done = {
                    "covered_until": state["began_at"],
                    "deep_at": state["began_at"] if state["is_deep"] else state["deep_at"],
                }
                yield Page(body, f"{_ACTIVITIES}?{urlencode(params)}", done)
                return
            seen.add(token)
            state["page_token"] = token
            yield Page(body, f"{_ACTIVITIES}?{urlencode(params)}", dict(state))
        raise Schema("Alpaca sends page after page.")

    def _open_orders(self) -> Iterator[Page]:
        """Fetch the open orders, oldest first; each page goes on behind the last one's newest."""
        params = {
            "status": "open",
            "direction": "asc",
            "nested": "false",
            "limit": str(_ORDERS_A_PAGE),
        }
        for _ in range(_MOST_PAGES):
            body = self._get(_ORDERS, params)
            yield Page(body, f"{_ORDERS}?{urlencode(params)}")
            count, last = parser.end_of_orders(body)
            if count < _ORDERS_A_PAGE:
                return
            if last == params.get("after"):
                break
            params["after"] = last
        raise Schema("Alpaca sends page after page.")

    def _equity(self, cursor: Cursor, *, now: datetime) -> Page:
        """Fetch what the account was worth at the end of each day."""
        whole_at = cursor.get("whole_at")
        is_recent = whole_at and now - datetime.fromisoformat(whole_at) < _WHOLE_EVERY
        params = {"period": _RECENT if is_recent else _WHOLE, "timeframe": "1D"}
        known = {"whole_at": whole_at if is_recent else now.isoformat()}
        return Page(self._get(_EQUITY, params), f"{_EQUITY}?{urlencode(params)}", known)

    def _page(self, params: Mapping[str, str], seen: set[str | None]) -> tuple[bytes, str | None]:
        """Fetch a page and the token of the next; one that leads back is asked for again.

        So is an empty one: it ends the list, and what is behind a false end would be missed.
        """
        empty = 0
        for _ in range(_MOST_REPEATS + 2):
            body = self._get(_ACTIVITIES, params)
            token = parser.next_token(body)
            empty += token is None
            if empty == 2 or (token is not None and token not in seen):
                return body, token
        raise Transient("Alpaca sends the same page again and again.")

    def _get(self, path: str, params: Mapping[str, str]) -> bytes:
        body = b""
        for _ in range(_MOST_REPEATS + 1):
            self.calls += 1
            body = self._http.get(path, params=params, content_types=("application/json",))
            if _is_whole(body):
                break
        # What stays broken is kept as it came, and refused where it is read.
        return body


def _new_pass(cursor: Cursor, *, now: datetime) -> dict[str, Any]:
    """Decide from when on activities are read again."""
    began = {"began_at": now.isoformat(), "deep_at": cursor.get("deep_at")}
    if not cursor.get("covered_until"):
        return {**began, "is_deep": True, "after": None}
    deep_at = cursor.get("deep_at")
    is_deep = not deep_at or now - datetime.fromisoformat(deep_at) >= _DEEP_EVERY
    covered = datetime.fromisoformat(cursor["covered_until"])
    after = covered - (_DEEP_OVERLAP if is_deep else _OVERLAP)
    return {**began, "is_deep": is_deep, "after": f"{after:%Y-%m-%dT%H:%M:%SZ}"}


def _is_whole(body: bytes) -> bool:
    try:
        read_json(body, who="Alpaca")
    except Schema:
        return False
    return True
