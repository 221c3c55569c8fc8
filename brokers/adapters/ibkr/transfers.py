"""Securities and cash that came from another account or went to one, without being traded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from brokers.adapters.ibkr.fields import Ids, day, number, text
from brokers.adapters.ibkr.markup import Row
from brokers.adapters.ibkr.names import Names
from brokers.adapters.ibkr.vocabulary import CURRENCIES
from brokers.domain.dates import DateOrder
from brokers.domain.events import BrokerEvent
from brokers.domain.statements import NOTE_LENGTH
from portfolios.domain.kinds import Kind

_ZERO = Decimal(0)


def read_transfer(
    row: Row, ids: Ids, *, names: Names, order: DateOrder | None, account: str
) -> BrokerEvent:
    """Read one transfer.

    Raises:
        Unreadable: a field isn't what it should be.
    """
    known: dict[str, Any] = {
        "external_id": ids.of(row),
        "trade_date": day(row, "dateTime", "date", "reportDate", order=order),
        "currency": text(row, "currency"),
        "account": account,
        "note": f"{text(row, 'type', default='')} {text(row, 'description', default='')}".strip()[
            :NOTE_LENGTH
        ],
    }
    cash = number(row, "cashTransfer", default=_ZERO)
    is_cash = text(row, "assetCategory", default="") == CURRENCIES
    quantity = _ZERO if is_cash else number(row, "quantity", default=_ZERO)
    if cash and not quantity:
        kind = Kind.DEPOSIT if cash > 0 else Kind.WITHDRAWAL
        return BrokerEvent(kind=kind, amount=abs(cash), **known)
    known |= {"quantity": abs(quantity) or None, "instrument": names.of_payment(row)}
    comes = text(row, "direction", default="IN").upper() == "IN"
    if not quantity or cash or known["instrument"] is None or comes != (quantity > 0):
        problem = "What came and what went isn't clear from the statement. Record it by hand."
        return BrokerEvent(kind=None, problem=problem, amount=cash or None, **known)
    price: Decimal = number(row, "transferPrice", default=_ZERO)
    # Without a price the cost of what came isn't known, which is something else than nothing.
    known |= {"price": price if price > 0 else None, "instrument": names.of_trade(row)}
    return BrokerEvent(kind=Kind.TRANSFER_IN if comes else Kind.TRANSFER_OUT, **known)
