"""Which pairs to ask for trades: Binance tells them of one pair at a time, and never which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from brokers.adapters.binance import parser
from brokers.adapters.contract import Cursor
from common.money import plain
from common.remote.errors import Schema
from common.remote.http import read_json

#: A pair without trades, of a coin of which as much is there as before, is asked no more often.
_IN_VAIN = timedelta(days=1)
_NAMES_OF_ASSETS = ("coin", "asset", "fromAsset")
_LISTS = {parser.EARN: "rows", parser.DIVIDENDS: "rows", parser.REWARDS: "rows"}


@dataclass(slots=True)
class Pair:
    """A pair, and how far it has been asked."""

    symbol: str
    base: str
    quote: str
    next_id: int = 0
    asked_at: str = ""
    #: How much there was of the base when it was asked.
    held: str = ""


@dataclass(slots=True)
class State:
    """How far everything has been asked, as the cursor has it."""

    done: dict[str, int] = field(default_factory=dict)
    assets: set[str] = field(default_factory=set)
    pairs: dict[str, Pair] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: Cursor) -> State:
        """Read a cursor; an empty one is before the first time."""
        return cls(
            done=dict(cursor.get("done", {})),
            assets=set(cursor.get("assets", ())),
            pairs={each["symbol"]: Pair(**each) for each in cursor.get("pairs", ())},
        )

    def as_cursor(self) -> dict[str, Any]:
        """Write it down, as it is now."""
        return {
            "done": dict(self.done),
            "assets": sorted(self.assets),
            "pairs": [asdict(each) for each in self.pairs.values()],
        }


def due(
    state: State, listed: Mapping[str, Pair], held: Mapping[str, str], *, now: datetime
) -> Iterator[Pair]:
    """Walk through the pairs that may have new trades, and take new ones into the state.

    Those are all pairs of a coin that is held, or came or went some other way.
    """
    seen = state.assets | held.keys()
    for pair in listed.values():
        if pair.base in seen:
            state.pairs.setdefault(pair.symbol, pair)
    for pair in list(state.pairs.values()):
        is_other = held.get(pair.base, "") != pair.held
        is_long_ago = not pair.asked_at or now - datetime.fromisoformat(pair.asked_at) >= _IN_VAIN
        if pair.next_id or is_other or is_long_ago:
            yield pair


def pairs_in(body: bytes) -> dict[str, Pair]:
    """Read what is traded; a pair that isn't described is none.

    Raises:
        Schema: it is no list of pairs.
    """
    content = read_json(body, required=("symbols",), who=parser.WHO)
    names = ("symbol", "baseAsset", "quoteAsset")
    return {
        row["symbol"]: Pair(*(row[name] for name in names))
        for row in _list(content["symbols"])
        if isinstance(row, dict) and all(isinstance(row.get(name), str) for name in names)
    }


def held_in(body: bytes) -> dict[str, str]:
    """Read how much is there of each asset, wherever it lies.

    Raises:
        Schema: it is no account.
    """
    reading = parser.read_held(parser.enveloped(parser.ACCOUNT, body))
    units = {each.instrument.symbol: each.quantity for each in reading.positions or ()}
    units |= {each.currency: each.amount for each in reading.cash or ()}
    return {asset: plain(amount) for asset, amount in units.items()}


def rows_in(path: str, body: bytes) -> list[Any]:
    """Take the rows out of an answer; one that can't be read has none.

    It is kept, and refused where it is read.
    """
    try:
        content = read_json(body, who=parser.WHO)
        if path == parser.DUST and isinstance(content, dict):
            batches = _list(content.get("userAssetDribblets"))
            return [row for each in batches for row in _list(each["userAssetDribbletDetails"])]
        return _list(content.get(_LISTS[path]) if path in _LISTS else content)
    except (Schema, TypeError, KeyError, AttributeError):
        return []


def is_empty(path: str, body: bytes) -> bool:
    """Say whether an answer surely tells of nothing; one that can't be read may tell of much."""
    if rows_in(path, body):
        return False
    try:
        content = read_json(body, who=parser.WHO)
    except Schema:
        return False
    name = "userAssetDribblets" if path == parser.DUST else _LISTS.get(path)
    return content == [] or (name is not None and content.get(name) == [])


def assets_in(path: str, body: bytes) -> set[str]:
    """Return the assets that rows speak of."""
    return {
        row[name]
        for row in rows_in(path, body)
        if isinstance(row, dict)
        for name in _NAMES_OF_ASSETS
        if isinstance(row.get(name), str)
    }


def ids_of(rows: list[Any], *, symbol: str) -> Iterator[int]:
    """Walk through the ids of the trades of a pair; each pair counts its own."""
    for row in rows:
        if isinstance(row, dict) and type(row.get("id")) is int and row.get("symbol") == symbol:
            yield row["id"]


def _list(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise Schema("Binance sent no list.")
    return content
