"""Ledgers as a trader would jot them down, one day after the other.

    10@5        bought 10 at 5            10@5+1      … with a fee of 1
    -5@99       sold 5 at 99              10@5+1+2    … and a tax of 2
    s5@99       sold 5 short at 99        c5@90       bought 5 to cover
    r1@20       a dividend bought 1 at 20 n20         20 of income kept inside the fund
    k20         20 of capital paid back   o5          5 options expired
    x2          split, 2 new for 1 old    d20         dividend of 20
    >10@5       delivered in, cost 5      >10         delivered in, cost unknown
    <4          delivered out             $100 $-40   paid in, paid out

Blanks part the days; a comma joins rows of one day: "10@5,-4@6 x2". Words in front of a row, as in
"EUR:10@5" or "BTC/EUR:10@5", name its currency, or instrument and currency.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolios.domain.engine import Book, Ledger
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Event

FIRST_DAY = date(2024, 1, 1)
CREATED_AT = datetime(2025, 1, 1, tzinfo=UTC)
_ROW = re.compile(
    r"(?:(?:(\w+)/)?(\w+):)?(\$-|[-<>xdscrnko$]?)([\d.]+)(?:@(-?[\d.]+))?((?:\+[\d.]+)*)"
)
_KINDS = {
    "": Kind.BUY,
    "-": Kind.SELL,
    "s": Kind.SELL_SHORT,
    "c": Kind.BUY_TO_COVER,
    "r": Kind.REINVESTMENT,
    "n": Kind.NOTIONAL_DISTRIBUTION,
    "k": Kind.RETURN_OF_CAPITAL,
    "o": Kind.EXPIRY,
    "x": Kind.SPLIT,
    "d": Kind.DIVIDEND,
    ">": Kind.TRANSFER_IN,
    "<": Kind.TRANSFER_OUT,
    "$": Kind.DEPOSIT,
    "$-": Kind.WITHDRAWAL,
}
_AMOUNTS = {
    Kind.DIVIDEND,
    Kind.DEPOSIT,
    Kind.WITHDRAWAL,
    Kind.NOTIONAL_DISTRIBUTION,
    Kind.RETURN_OF_CAPITAL,
}


def day(number: int) -> date:
    """The date of the n-th day, counting from 1."""
    return FIRST_DAY + timedelta(days=number - 1)


def events(text: str, currency: str = "USD") -> list[Event]:
    made: list[Event] = []
    for number, rows in enumerate(text.split(), start=1):
        for row in rows.split(","):
            made.append(_event(row, day(number), currency, f"e{len(made) + 1:03}"))
    return made


def ledger(text: str, base: str = "USD", currency: str = "USD", **more) -> Ledger:
    return Ledger(events(text, currency), base, **more)


def after(opening: Book, continued: Book) -> Book:
    """A continued book with all that was disposed of and found wrong since the beginning."""
    return replace(
        continued,
        disposals=opening.disposals + continued.disposals,
        problems=opening.problems + continued.problems,
    )


def _event(row: str, on: date, currency: str, event_id: str) -> Event:
    parts = _ROW.fullmatch(row)
    assert parts, f"{row!r} is no row of a ledger"
    instrument, named_currency, sign, number, price, charges = parts.groups()
    kind, number = _KINDS[sign], Decimal(number)
    fee, tax = ([Decimal(each) for each in charges.split("+")[1:]] + [Decimal(0)] * 2)[:2]
    field = "ratio" if kind is Kind.SPLIT else "amount" if kind in _AMOUNTS else "quantity"
    fields: dict[str, Any] = {field: number}
    return Event(
        id=event_id,
        created_at=CREATED_AT,
        kind=kind,
        trade_date=on,
        instrument_id=None if sign.startswith("$") else instrument or "X",
        currency=named_currency or currency,
        price=Decimal(price) if price else None,
        fee=fee,
        tax=tax,
        **fields,
    )
