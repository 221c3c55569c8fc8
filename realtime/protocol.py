"""Every message on the wire, and the reading of those that clients send.

What each means is told in `docs/live-protocol.md`.
"""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any, Literal, NotRequired, TypedDict

from bson import ObjectId

from common.errors import InvalidInput

MAX_FRAME_BYTES = 65_536
MAX_MESSAGES_PER_SECOND = 10
MAX_INSTRUMENTS = 500
MAX_PORTFOLIOS = 50
MAX_JOBS = 50
MAX_CONNECTIONS_PER_USER = 50


class CloseCode(IntEnum):
    """Why the server closes a connection."""

    UNACCEPTABLE = 1003
    TOO_BIG = 1009
    TRY_AGAIN_LATER = 1013
    NOT_SIGNED_IN = 4401
    TOO_SLOW = 4408
    TOO_MANY = 4429


class BadMessage(InvalidInput):
    """The message isn't one of this protocol."""

    code = "bad-message"


# --- From clients ------------------------------------------------------------------------------


class Subscribe(TypedDict):
    """Begin to watch; what is watched already stays. Anything may be left out."""

    type: Literal["subscribe"]
    instruments: list[str]
    portfolios: list[str]
    jobs: list[str]
    inbox: bool


class Unsubscribe(TypedDict):
    """Watch no longer. Anything may be left out."""

    type: Literal["unsubscribe"]
    instruments: list[str]
    portfolios: list[str]
    jobs: list[str]
    inbox: bool


class SnapshotRequest(TypedDict):
    """Ask for the present state of everything watched."""

    type: Literal["snapshot"]


class Ping(TypedDict):
    """Ask whether the other side is there; both sides may."""

    type: Literal["ping"]


ClientMessage = Subscribe | Unsubscribe | SnapshotRequest | Ping


# --- To clients --------------------------------------------------------------------------------


class QuoteFields(TypedDict):
    """One price; unknown numbers are null."""

    id: str
    price: str
    currency: str
    previous_close: str | None
    change: str | None
    change_rate: str | None
    at: str
    source: str
    state: Literal["open", "halted", "closed"]
    #: How late the source is by agreement.
    delay_seconds: int
    #: When the source last vouched for an older price.
    confirmed_at: NotRequired[str]
    stale: bool


class PositionFields(TypedDict):
    """One line of a portfolio."""

    instrument: str
    price: str | None
    price_currency: str | None
    value: str | None
    value_base: str | None
    day_change: str | None
    day_change_rate: str | None
    unrealized: str | None
    unrealized_rate: str | None
    weight: str | None
    status: str


class PortfolioFields(TypedDict):
    """A portfolio's worth at a moment."""

    id: str
    revision: int
    currency: str
    status: Literal["complete", "partial", "unavailable"]
    missing: list[str]
    recalculating: bool
    stale: bool
    as_of: str
    total: str | None
    holdings_value: str | None
    cash: str | None
    day_change: str | None
    day_change_rate: str | None
    unrealized: str | None
    positions: list[PositionFields]


class JobFields(TypedDict):
    """How far a background job is."""

    id: str
    kind: Literal["import", "recalculation", "sync"]
    portfolio: str
    state: str
    done: int
    total: int
    counts: dict[str, int]
    error: str | None


class AlertFields(TypedDict):
    """What one of the user's alerts fired; `unread` is how much waits in their inbox."""

    id: str
    alert: str
    kind: str
    instrument: str | None
    portfolio: str | None
    title: str
    detail: str
    fired_at: str
    unread: int


class Snapshot(TypedDict):
    """The present state of what was asked for."""

    type: Literal["snapshot"]
    seq: int
    at: str
    quotes: list[QuoteFields]
    portfolios: list[PortfolioFields]


class Quotes(TypedDict):
    """Prices that changed."""

    type: Literal["quotes"]
    seq: int
    at: str
    quotes: list[QuoteFields]


class Portfolio(TypedDict):
    """A portfolio whose worth changed."""

    type: Literal["portfolio"]
    seq: int
    at: str
    portfolio: PortfolioFields


class Job(TypedDict):
    """A background job that moved on."""

    type: Literal["job"]
    seq: int
    job: JobFields


class Alert(TypedDict):
    """An alert that fired."""

    type: Literal["alert"]
    seq: int
    alert: AlertFields


class Inbox(TypedDict):
    """How much waits in the user's inbox."""

    type: Literal["inbox"]
    seq: int
    unread: int


class Reload(TypedDict):
    """Something that is shown must be fetched anew."""

    type: Literal["reload"]
    seq: int
    topic: Literal["holdings", "imports", "syncs"]
    id: str


class Error(TypedDict):
    """A message of the client's that could not be followed."""

    type: Literal["error"]
    code: str
    detail: str


class Pong(TypedDict):
    """The answer to a ping."""

    type: Literal["pong"]


ServerMessage = Snapshot | Quotes | Portfolio | Job | Alert | Inbox | Reload | Error | Ping | Pong


# --- Reading and writing -----------------------------------------------------------------------


def parse(text: str) -> ClientMessage:
    """Read a client's message.

    Raises:
        BadMessage: it isn't JSON, or not a message of this protocol.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as failure:
        raise BadMessage("The message is not JSON.") from failure
    if not isinstance(content, dict):
        raise BadMessage("A message is a JSON object.")
    match content.get("type"):
        case "subscribe":
            return Subscribe(
                type="subscribe",
                instruments=_ids(content, "instruments"),
                portfolios=_ids(content, "portfolios"),
                jobs=_ids(content, "jobs"),
                inbox=_flag(content, "inbox"),
            )
        case "unsubscribe":
            return Unsubscribe(
                type="unsubscribe",
                instruments=_ids(content, "instruments"),
                portfolios=_ids(content, "portfolios"),
                jobs=_ids(content, "jobs"),
                inbox=_flag(content, "inbox"),
            )
        case "snapshot":
            return {"type": "snapshot"}
        case "ping":
            return {"type": "ping"}
        case _:
            raise BadMessage("`type` is subscribe, unsubscribe, snapshot or ping.")


def _ids(content: dict[str, Any], name: str) -> list[str]:
    ids = content.get(name, [])
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise BadMessage(f"`{name}` is a list of ids.")
    if not all(ObjectId.is_valid(each) for each in ids):
        raise BadMessage(f"`{name}` has something that is not an id.")
    return list(dict.fromkeys(each.lower() for each in ids))


def _flag(content: dict[str, Any], name: str) -> bool:
    flag = content.get(name, False)
    if not isinstance(flag, bool):
        raise BadMessage(f"`{name}` is true or false.")
    return flag


def encode(message: Error | Ping | Pong | PortfolioFields | JobFields | AlertFields) -> str:
    """Write a message that has no number, or a part of one that has."""
    return json.dumps(message, separators=(",", ":"))


def quote_part(text: str, *, stale: bool) -> str:
    """Make the wire's quote of a stored one, which lacks nothing but its staleness."""
    return f'{text[:-1]},"stale":{"true" if stale else "false"}}}'


# Numbered frames are put together from parts that many connections share. Only the number is each
# connection's own, so it comes first, and all that follows it is written once.


def numbered(seq: int, rest: str) -> str:
    """Write a whole frame: the number that it has for its connection, and the rest of it."""
    return f'{{"seq":{seq},{rest}'


def snapshot_frame(*, at: str, quotes: str, portfolios: str) -> str:
    """Write a snapshot of quotes and portfolios that are encoded already, but for its number."""
    return f'"type":"snapshot","at":"{at}","quotes":[{quotes}],"portfolios":[{portfolios}]}}'


def quotes_frame(*, at: str, quotes: str) -> str:
    """Write a batch of quotes that are encoded already, but for its number."""
    return f'"type":"quotes","at":"{at}","quotes":[{quotes}]}}'


def portfolio_frame(*, at: str, portfolio: str) -> str:
    """Write a portfolio that is encoded already, but for its number."""
    return f'"type":"portfolio","at":"{at}","portfolio":{portfolio}}}'


def job_frame(*, job: str) -> str:
    """Write a job that is encoded already, but for its number."""
    return f'"type":"job","job":{job}}}'


def alert_frame(*, alert: str) -> str:
    """Write an alert that is encoded already, but for its number."""
    return f'"type":"alert","alert":{alert}}}'


def inbox_frame(*, unread: int) -> str:
    """Write how much waits in the inbox, but for its number."""
    return f'"type":"inbox","unread":{unread}}}'


def reload_frame(*, topic: str, key: str) -> str:
    """Write what must be fetched anew, but for its number."""
    return f'"type":"reload","topic":"{topic}","id":"{key}"}}'
