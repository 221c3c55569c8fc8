"""Asks Binance: histories span by span, trades pair by pair, balances whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from brokers.adapters.binance import discovery, parser
from brokers.adapters.binance.connection import Line, NoSuchPair
from brokers.adapters.binance.discovery import Pair
from brokers.adapters.binance.history import HISTORIES, History, milliseconds
from brokers.adapters.contract import AccountName, Cursor, Environment, Page
from brokers.domain.events import Stream
from common.remote.errors import Schema, Transient
from common.remote.http import Budget

_TRADES_A_PAGE, _EARN_A_PAGE = 1_000, 100
_MOST_PAGES = 10_000
_MOST_REPEATS = 2
_KEPT_OF_EMPTY = 20
#: A span that is as short as this is told whole, or can't be told.
_SHORTEST = timedelta(minutes=1)
_ALL_PAIRS = {"showPermissionSets": "false"}


class BinanceSession:
    """Asks with somebody's key."""

    def __init__(
        self, credentials: Mapping[str, str], *, environment: Environment, budget: Budget
    ) -> None:
        self._line = Line(credentials, environment=environment, budget=budget)

    @property
    def calls(self) -> int:
        """Return how many questions were asked."""
        return self._line.calls

    def check(self) -> AccountName:
        """Ask whose account the key opens."""
        return parser.read_account_name(self._line.ask(parser.ACCOUNT, {}))

    def pages(self, stream: Stream, cursor: Cursor, *, now: datetime) -> Iterator[Page]:
        """Fetch a stream.

        The cursor of what happened has, for each history, up to when it was asked (`done`); the
        assets that were seen there (`assets`); and for each pair its next id, when it was asked,
        and how much was held of its coin then (`pairs`).
        """
        if stream is Stream.POSITIONS:
            yield from self._held()
            return
        if stream is Stream.ORDERS:
            yield _page(parser.ORDERS, {}, self._line.ask(parser.ORDERS, {}), {})
            return
        state = discovery.State.of(cursor)
        for history in HISTORIES:
            yield from self._history(history, state, now=now)
        yield from self._trades(state, now=now)

    # --- What is held -------------------------------------------------------------------------

    def _held(self) -> Iterator[Page]:
        yield _page(parser.ACCOUNT, {}, self._line.ask(parser.ACCOUNT, {}), {})
        for number in range(1, _MOST_PAGES):
            params = {"current": str(number), "size": str(_EARN_A_PAGE)}
            body = self._line.ask(parser.EARN, params)
            yield _page(parser.EARN, params, body, {})
            if len(discovery.rows_in(parser.EARN, body)) < _EARN_A_PAGE:
                return
        raise Schema("Binance sends page after page.")

    # --- What happened, by time ---------------------------------------------------------------

    def _history(
        self, history: History, state: discovery.State, *, now: datetime
    ) -> Iterator[Page]:
        for start, end in history.spans(state.done.get(history.path, 0), now=now):
            for params, body, until in self._span(history, start, end):
                state.assets |= discovery.assets_in(history.path, body)
                state.done[history.path] = milliseconds(until)
                # Years of nothing aren't kept, but for the last answer, which moves the cursor.
                if until == now or not discovery.is_empty(history.path, body):
                    yield _page(history.path, params, body, state.as_cursor())

    def _span(
        self, history: History, start: datetime, end: datetime
    ) -> Iterator[tuple[Mapping[str, str], bytes, datetime]]:
        """Fetch a span; one that may have more than is told is fetched in two halves."""
        first, last = str(milliseconds(start)), str(milliseconds(end) - 1)
        params = {"startTime": first, "endTime": last, **history.params}
        body = self._line.ask(history.path, params)
        if len(discovery.rows_in(history.path, body)) < history.most_rows:
            yield params, body, end
            return
        if end - start < _SHORTEST:
            raise Schema("Binance tells only a part of what happened in a minute.")
        middle = start + (end - start) / 2
        yield from self._span(history, start, middle)
        yield from self._span(history, middle, end)

    # --- What happened, by pair ---------------------------------------------------------------

    def _trades(self, state: discovery.State, *, now: datetime) -> Iterator[Page]:
        """Ask for the trades of each pair that may have some."""
        held = discovery.held_in(self._line.ask(parser.ACCOUNT, {}))
        listed = discovery.pairs_in(self._line.ask_openly("/api/v3/exchangeInfo", _ALL_PAIRS))
        asked_in_vain = 0
        last: tuple[Pair, Mapping[str, str], bytes] | None = None
        for pair in discovery.due(state, listed, held, now=now):
            for params, body in self._pair(pair):
                last = (pair, params, body)
                if not discovery.is_empty(parser.TRADES, body):
                    yield _trades_page(last, state)
                    asked_in_vain = 0
            pair.asked_at, pair.held = now.isoformat(), held.get(pair.base, "")
            asked_in_vain += 1
            # One empty answer stands for some, and moves the cursor.
            if last is not None and asked_in_vain == _KEPT_OF_EMPTY:
                yield _trades_page(last, state)
                asked_in_vain = 0
        if last is not None and asked_in_vain:
            yield _trades_page(last, state)

    def _pair(self, pair: Pair) -> Iterator[tuple[Mapping[str, str], bytes]]:
        """Fetch what is new of a pair up to an empty answer, and count on."""
        for _ in range(_MOST_PAGES):
            params = {
                "symbol": pair.symbol,
                "fromId": str(pair.next_id),
                "limit": str(_TRADES_A_PAGE),
            }
            try:
                body, ids = self._new_trades(pair, params)
            except NoSuchPair:
                return
            pair.next_id = max([pair.next_id - 1, *ids]) + 1
            yield params, body
            if not ids:
                return
        raise Schema("Binance sends page after page.")

    def _new_trades(self, pair: Pair, params: Mapping[str, str]) -> tuple[bytes, Collection[int]]:
        """Fetch a page; one that leads back is asked for again."""
        for _ in range(_MOST_REPEATS + 1):
            body = self._line.ask(parser.TRADES, params)
            rows = discovery.rows_in(parser.TRADES, body)
            told = discovery.ids_of(rows, symbol=pair.symbol)
            ids = [number for number in told if number >= pair.next_id]
            if ids or not rows:
                return body, ids
        raise Transient("Binance sends the same trades again and again.")


def _trades_page(asked: tuple[Pair, Mapping[str, str], bytes], state: discovery.State) -> Page:
    pair, params, body = asked
    return _page(parser.TRADES, params, body, state.as_cursor(), base=pair.base, quote=pair.quote)


def _page(
    path: str, params: Mapping[str, str], body: bytes, cursor: dict[str, Any], **pair: str
) -> Page:
    request = f"{path}?{urlencode(params)}" if params else path
    return Page(parser.enveloped(path, body, **pair), request, cursor)
