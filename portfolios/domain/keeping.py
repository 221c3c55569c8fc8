"""A book as plain values and back, so that it can be kept and continued later.

Positions are apart from the rest: whoever continues a book with a trade in one instrument needs no
other instrument's lots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portfolios.domain.books import Book, Code, Lot, Position, Totals
from portfolios.domain.policy import Policy
from portfolios.domain.status import Status
from portfolios.domain.transactions import OrderKey

Values = dict[str, Any]

_POSITION_AMOUNTS = (
    "quantity",
    "cost",
    "cost_base",
    "charges_base",
    "realized",
    "realized_base",
    "price_gain_base",
    "currency_gain_base",
    "income",
    "income_base",
    "fees_base",
    "taxes_base",
    "multiplier",
)
_TOTALS_BASE = ("income_base", "fees_base", "taxes_base", "contributed_base")
_TOTALS_BOOKED = ("income", "fees", "taxes")


def book_values(book: Book) -> Values:
    """Return a book as plain values, without its positions, disposals and problems."""
    totals = book.totals
    return {
        "base_currency": book.base_currency,
        "policy": book.policy.choices(),
        "cash": _texts(book.cash),
        "cash_base": _texts(book.cash_base),
        "totals": {name: _text(getattr(totals, name)) for name in _TOTALS_BASE}
        | {name: _texts(getattr(totals, name)) for name in _TOTALS_BOOKED},
        "last_key": None if book.last_key is None else _key_values(book.last_key),
        "is_partial": book.is_partial,
    }


def kept_book(values: Mapping[str, Any], positions: Iterable[Position]) -> Book:
    """Return the book that `book_values` was given, with those of its positions that are needed."""
    sums = values["totals"]
    totals: dict[str, Any] = {name: _decimal(sums[name]) for name in _TOTALS_BASE} | {
        name: {key: Decimal(amount) for key, amount in sums[name].items()}
        for name in _TOTALS_BOOKED
    }
    return Book(
        base_currency=values["base_currency"],
        policy=Policy.chosen(values["policy"]),
        positions={each.instrument_id: each for each in positions},
        cash={name: Decimal(amount) for name, amount in values["cash"].items()},
        cash_base={name: _decimal(amount) for name, amount in values["cash_base"].items()},
        totals=Totals(**totals),
        last_key=None if values["last_key"] is None else _kept_key(values["last_key"]),
        is_partial=values["is_partial"],
    )


def position_values(position: Position) -> Values:
    """Return a position as plain values, with its lots."""
    split = position.last_split
    return {name: _text(getattr(position, name)) for name in _POSITION_AMOUNTS} | {
        "instrument": position.instrument_id,
        "currency": position.currency,
        "opened_on": None if position.opened_on is None else position.opened_on.isoformat(),
        "flags": list(position.flags),
        "accounts": _texts(position.accounts),
        "last_split": split and [split[0].isoformat(), str(split[1]), list(split[2])],
        "lots": [_lot_values(lot) for lot in position.lots],
    }


def kept_position(values: Mapping[str, Any]) -> Position:
    """Return the position that `position_values` was given."""
    flags = tuple(Code(flag) for flag in values["flags"])
    split = values["last_split"]
    amounts: dict[str, Any] = {name: _decimal(values[name]) for name in _POSITION_AMOUNTS}
    return Position(
        **amounts,
        instrument_id=values["instrument"],
        currency=values["currency"],
        opened_on=None if values["opened_on"] is None else date.fromisoformat(values["opened_on"]),
        status=Status.PARTIAL if flags else Status.COMPLETE,
        flags=flags,
        accounts={name: Decimal(units) for name, units in values["accounts"].items()},
        last_split=split and (date.fromisoformat(split[0]), Decimal(split[1]), tuple(split[2])),
        lots=tuple(_kept_lot(lot) for lot in values["lots"]),
    )


def _lot_values(lot: Lot) -> list[str | None]:
    return [
        lot.opened_on.isoformat(),
        lot.event_id,
        lot.account,
        str(lot.quantity),
        _text(lot.cost),
        _text(lot.cost_base),
        _text(lot.charges),
        _text(lot.charges_base),
    ]


def _kept_lot(values: list[Any]) -> Lot:
    opened_on, event_id, account, quantity, cost, cost_base, charges, charges_base = values
    return Lot(
        date.fromisoformat(opened_on),
        event_id,
        Decimal(quantity),
        _decimal(cost),
        _decimal(cost_base),
        _decimal(charges),
        _decimal(charges_base),
        account,
    )


def _key_values(key: OrderKey) -> list[Any]:
    day, is_late, moment, sequence, rank, created_at, event_id = key
    return [
        day.isoformat(),
        is_late,
        moment.isoformat(),
        sequence,
        rank,
        created_at.isoformat(),
        event_id,
    ]


def _kept_key(values: list[Any]) -> OrderKey:
    day, is_late, moment, sequence, rank, created_at, event_id = values
    return (
        date.fromisoformat(day),
        is_late,
        datetime.fromisoformat(moment),
        sequence,
        rank,
        datetime.fromisoformat(created_at),
        event_id,
    )


def _texts(amounts: Mapping[str, Decimal | None]) -> dict[str, str | None]:
    return {name: _text(amount) for name, amount in amounts.items()}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
