"""Money that isn't a trade's: dividends, taxes, interest, fees, deposits, withdrawals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from brokers.adapters.ibkr.fields import Ids, day, figure, number, text
from brokers.adapters.ibkr.markup import Row
from brokers.adapters.ibkr.names import Names
from brokers.adapters.ibkr.vocabulary import CASH_KINDS
from brokers.domain.dates import DateOrder
from brokers.domain.events import BrokerEvent, HeldCash, HeldUnits
from brokers.domain.statements import NOTE_LENGTH
from portfolios.domain.kinds import Kind

_ZERO = Decimal(0)
#: Stands for the sum of all currencies, in that of the account.
_SUMMARIES = frozenset({"BASE_SUMMARY", "BASE"})
_ON_INSTRUMENT = frozenset({Kind.DIVIDEND, Kind.RETURN_OF_CAPITAL})


def level_of(row: Row) -> str:
    """Return whether a row is one of many, or sums them up."""
    return text(row, "levelOfDetail", default="").upper()


def without(rows: list[Row], level: str, *, beside: str) -> list[Row]:
    """Leave out what says the same as others do, where the query asks for both."""
    has_both = any(level_of(row) == beside for row in rows)
    return [row for row in rows if not has_both or level_of(row) != level]


def read_payment(
    row: Row, ids: Ids, *, names: Names, order: DateOrder | None, account: str
) -> BrokerEvent:
    """Read one cash transaction.

    Raises:
        Unreadable: a field isn't what it should be.
    """
    word = text(row, "type")
    amount = number(row, "amount")
    description = text(row, "description", default="")
    known: dict[str, Any] = {
        "external_id": ids.of(row),
        "trade_date": day(row, "dateTime", "settleDate", "reportDate", order=order),
        "currency": text(row, "currency"),
        "account": account,
        "instrument": names.of_payment(row),
        "note": f"{word}: {description}"[:NOTE_LENGTH],
    }
    kinds = CASH_KINDS.get(word.casefold())
    if kinds is None:
        problem = f"A cash transaction of the type “{word[:40]}” isn't known here."
        return BrokerEvent(kind=None, problem=problem, amount=amount, **known)
    if not amount:
        return BrokerEvent(kind=None, problem="It moved no money.", **known)
    incoming, outgoing = kinds
    if incoming is Kind.DIVIDEND and "return of capital" in description.casefold():
        incoming = Kind.RETURN_OF_CAPITAL
    kind = outgoing if amount < 0 and outgoing is not None else incoming
    if kind in _ON_INSTRUMENT and known["instrument"] is None:
        problem = "It doesn't say which security paid it."
        return BrokerEvent(kind=None, problem=problem, amount=amount, **known)
    if kind in (Kind.DEPOSIT, Kind.WITHDRAWAL):
        known["instrument"] = None
    # A dividend that is taken back stays a dividend, below zero.
    is_taken_back = kind is incoming and amount < 0
    return BrokerEvent(kind=kind, amount=amount if is_taken_back else abs(amount), **known)


def read_position(row: Row, *, names: Names) -> HeldUnits:
    """Read what is held of something.

    Raises:
        Unreadable: a field isn't what it should be.
    """
    return HeldUnits(
        names.of_trade(row),
        number(row, "position"),
        text(row, "currency"),
        cost=figure(row, "costBasisMoney"),
    )


def read_balance(row: Row) -> HeldCash | None:
    """Read what is held of a currency; None for the sum of all.

    Raises:
        Unreadable: a field isn't what it should be.
    """
    currency = text(row, "currency")
    if currency in _SUMMARIES or level_of(row) == "BASECURRENCY":
        return None
    # Trades count for the ledger on their day, and so not only once they are settled.
    return HeldCash(currency=currency, amount=number(row, "endingCash"))
