"""What a broker says happened, in our words, whoever the broker is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from brokers.domain.equity import DayEquity
from brokers.domain.orders import OpenOrder
from common.money import plain
from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind

#: Stands in place of a kind where the broker's row means nothing that we can book.
UNMAPPED = "unmapped"
_DECIMALS = frozenset({"quantity", "price", "amount", "ratio", "fee", "tax", "to_amount"})
_ROLES = frozenset({"instrument", "to_instrument"})


class Stream(StrEnum):
    """What is asked of a broker; each may fail without the others."""

    ACTIVITIES = "activities"
    POSITIONS = "positions"
    CASH = "cash"
    #: Those that are still open.
    ORDERS = "orders"
    #: What the account was worth, day by day.
    EQUITY = "equity"
    #: All of it in one answer.
    STATEMENT = "statement"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return self.value.capitalize()


#: These tell how things stand, and not what happened.
FIGURES = frozenset({Stream.POSITIONS, Stream.CASH, Stream.ORDERS, Stream.EQUITY})


class EventState(StrEnum):
    """What became of a broker's event."""

    BOOKED = "booked"
    #: Another event corrects it.
    SUPERSEDED = "superseded"
    #: The broker canceled it.
    VOIDED = "voided"
    #: It stands beside the ledger, with the reason, until it can be booked.
    UNBOOKED = "unbooked"
    #: The broker doesn't tell it any more, and what a person made of it stays.
    ORPHANED = "orphaned"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return {
            "superseded": "Corrected",
            "voided": "Canceled",
            "unbooked": "Not booked",
            "orphaned": "Kept",
        }.get(self.value, self.value.capitalize())


@dataclass(frozen=True, slots=True)
class InstrumentName:
    """How a broker names what was traded.

    Attributes:
        currency: what it is quoted in; empty is "as the event", which may be paid in another one.
        multiplier: what one unit at a price of 1 is worth; None where the broker doesn't tell.
    """

    symbol: str
    asset_class: AssetClass = AssetClass.STOCK
    isin: str = ""
    name: str = ""
    currency: str = ""
    multiplier: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerEvent:
    """One thing that happened in an account.

    Attributes:
        external_id: the broker's own; with `kind` it is unique in a connection.
        alias: another id under which a later correction may name this event.
        kind: None where nothing of ours stands for it; `problem` says why.
        replaces: the id or alias of the event that this one corrects or cancels.
        is_canceled: the broker took it back: it, or what it replaces, never counted.
        is_half: the broker tells it in two rows, and the other one isn't there; nothing is missing
            where the whole is booked under the id of either row.
        quantity: of a split without a ratio, how many units came, or went below zero.
        amount: of the kinds without quantity and price; below zero takes one back.
        to_instrument: what is received for `instrument`.
        to_currency: what is received for `amount` in an exchange; `to_amount` is how much.
        account: the name of the account where an answer speaks of several, else empty.
        order: the broker's order among events of one instant, compared as texts and numbers.
    """

    external_id: str
    kind: Kind | None
    trade_date: date
    currency: str
    alias: str = ""
    replaces: str = ""
    is_canceled: bool = False
    is_half: bool = False
    executed_at: datetime | None = None
    instrument: InstrumentName | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    ratio: Decimal | None = None
    fee: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    to_instrument: InstrumentName | None = None
    to_currency: str = ""
    to_amount: Decimal | None = None
    account: str = ""
    note: str = ""
    problem: str = ""
    order: tuple[str, Decimal] = ("", Decimal(0))

    @property
    def kind_name(self) -> str:
        """Return what is stored for the kind."""
        return UNMAPPED if self.kind is None else self.kind.value


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that can't be read; the others of its page can.

    Attributes:
        external_id: the broker's own id, or one made from the row's content.
        message: what is wrong, in words.
        raw: the row as it came.
        cause: the class of what was raised when it was to be stored; empty where it wasn't read.
    """

    external_id: str
    message: str
    raw: Mapping[str, Any] = field(default_factory=dict)
    cause: str = ""


@dataclass(frozen=True, slots=True)
class HeldUnits:
    """What a broker says is held of something; below zero where sold short.

    Attributes:
        cost: what all of it cost, in `currency`, and below zero where it was sold short; None where
            the broker doesn't tell.
    """

    instrument: InstrumentName
    quantity: Decimal
    currency: str
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class HeldCash:
    """What a broker says is held of a currency."""

    currency: str
    amount: Decimal
    #: On its way in or out, and so perhaps not booked yet.
    pending: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What all answers of a sync say is in an account; as in `Reading`."""

    positions: tuple[HeldUnits, ...]
    cash: tuple[HeldCash, ...] | None
    is_cash_whole: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What one payload says.

    Attributes:
        positions: None where the payload doesn't tell; empty where it tells that there are none.
        cash: likewise.
        is_cash_whole: whether nothing is held of a currency that isn't named; else it isn't known.
        orders: likewise; those that are open.
        equity: likewise; what the account was worth at the end of days, the last one perhaps not
            over yet.
        notes: what the owner should know of the payload as a whole, in words.
    """

    events: tuple[BrokerEvent, ...] = ()
    positions: tuple[HeldUnits, ...] | None = None
    cash: tuple[HeldCash, ...] | None = None
    is_cash_whole: bool = False
    orders: tuple[OpenOrder, ...] | None = None
    equity: tuple[DayEquity, ...] | None = None
    errors: tuple[RowError, ...] = ()
    notes: tuple[str, ...] = ()


def in_order(event: BrokerEvent) -> tuple[date, float, tuple[str, Decimal], str]:
    """Return what events are written by, so that the order of arrival makes no difference."""
    moment = event.executed_at.timestamp() if event.executed_at else 0.0
    return (event.trade_date, moment, event.order, event.external_id)


def as_content(event: BrokerEvent) -> dict[str, Any]:
    """Write an event as texts, which is how it is stored."""
    return {
        each.name: _text(getattr(event, each.name))
        for each in fields(event)
        if getattr(event, each.name) not in (None, "", False)
    }


def as_event(content: Mapping[str, Any]) -> BrokerEvent:
    """Read back an event that `as_content` wrote."""
    known: dict[str, Any] = dict(content)
    known.setdefault("kind", None)
    known["kind"] = known["kind"] and Kind(known["kind"])
    known["trade_date"] = date.fromisoformat(known["trade_date"])
    if "executed_at" in known:
        known["executed_at"] = datetime.fromisoformat(known["executed_at"])
    for role in _ROLES & known.keys():
        known[role] = as_name(known[role])
    for name in _DECIMALS & known.keys():
        known[name] = Decimal(known[name])
    if "order" in known:
        text, number = known["order"]
        known["order"] = (text, Decimal(number))
    return BrokerEvent(**known)


def as_name(content: Mapping[str, Any]) -> InstrumentName:
    """Read back an instrument's name that was written as texts."""
    known = dict(content) | {"asset_class": AssetClass(content["asset_class"])}
    if "multiplier" in known:
        known["multiplier"] = Decimal(known["multiplier"])
    return InstrumentName(**known)


def as_texts(name: InstrumentName) -> dict[str, str]:
    """Write an instrument's name as texts."""
    return {
        each.name: str(getattr(name, each.name))
        for each in fields(name)
        # What few brokers tell is left out, so that it doesn't change the digests of the rest.
        if each.name not in ("currency", "multiplier") or getattr(name, each.name)
    }


def digest_of(event: BrokerEvent) -> str:
    """Return 32 hexadecimal digits that change with anything the broker says of an event."""
    text = json.dumps(as_content(event), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, InstrumentName):
        return as_texts(value)
    if isinstance(value, tuple):
        return [_text(each) for each in value]
    return value if isinstance(value, bool) else str(value)


def digest_of_row(error: RowError) -> str:
    """Return the same for a row that can't be read."""
    text = json.dumps([error.message, error.raw], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
