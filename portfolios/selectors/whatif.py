"""Ask what selling would realize; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from common.errors import InvalidInput
from common.money import exact
from marketdata import selectors as market
from portfolios.domain.books import Ledger
from portfolios.domain.kinds import Kind
from portfolios.domain.policy import Policy
from portfolios.domain.state import TOO_LARGE
from portfolios.domain.transactions import Event
from portfolios.domain.whatif import Alternative, what_if
from portfolios.models import Portfolio
from portfolios.selectors.holdings import list_lots
from portfolios.selectors.ledger import list_events, origins_of
from portfolios.selectors.replaying import MOST_EVENTS, LedgerTooLong

_LOOK_BACK = timedelta(days=14)
#: After every other row of its day.
_LAST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Intention:
    """What somebody thinks of selling.

    Attributes:
        price: of one unit; None takes the newest.
        currency: of price and fee; None is the instrument's.
    """

    quantity: Decimal
    price: Decimal | None = None
    fee: Decimal = Decimal(0)
    currency: str | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a sale would realize by each cost method.

    Attributes:
        sale: the row that it would be.
        ledger: whatever touched the instrument before.
    """

    portfolio: Portfolio
    instrument: Any
    policy: Policy
    sale: Event
    ledger: Ledger
    alternatives: tuple[Alternative, ...]


def consider_sale(
    portfolio: Portfolio,
    *,
    instrument_id: ObjectId,
    intention: Intention,
    today: date,
    now: datetime,
) -> WhatIf:
    """Compute what a sale of today would realize.

    Raises:
        PositionNotFound: the portfolio holds nothing of this instrument.
        NotEnoughHeld: more would be sold than is held.
        InvalidInput: no price is given and none is known, or the numbers are too large.
        LedgerTooLong: too much has happened to the position to compute it while somebody waits.
    """
    # For what isn't held there is no such address.
    list_lots(portfolio.pk, instrument_id=instrument_id)
    instrument = market.instruments_by_id([instrument_id])[str(instrument_id)]
    events = list_events(
        portfolio.pk, instrument_ids=origins_of(portfolio.pk, instrument_id), limit=MOST_EVENTS + 1
    )
    if len(events) > MOST_EVENTS:
        raise LedgerTooLong(f"A sale is considered for up to {MOST_EVENTS:,} transactions.")
    policy = Policy.chosen(portfolio.policy)
    price, currency = _price(instrument, intention)
    days = [event.trade_date for event in events]
    sale = Event(
        id="what-if",
        created_at=now,
        kind=Kind.SELL,
        trade_date=max(today, *days),
        sequence=_LAST,
        instrument_id=str(instrument_id),
        instrument_currency=instrument.currency,
        multiplier=instrument.multiplier,
        quantity=intention.quantity,
        price=price,
        fee=intention.fee,
        currency=currency,
        fx_rate=market.current_rates()[0].find_rate(currency, portfolio.base_currency),
        account=intention.account,
    )
    rates = market.rate_history(start=min(days) - _LOOK_BACK, end=sale.trade_date)
    ledger = Ledger(events, portfolio.base_currency, rates)
    return WhatIf(
        portfolio=portfolio,
        instrument=instrument,
        policy=policy,
        sale=sale,
        ledger=ledger,
        alternatives=what_if(ledger, sale, policy=policy),
    )


def _price(instrument: Any, intention: Intention) -> tuple[Decimal, str]:
    currency = intention.currency or instrument.currency
    price = intention.price
    if price is None:
        key = str(instrument.pk)
        quote = market.latest_prices([key], known={key: instrument}).get(key)
        rates, _ = market.current_rates()
        rate = None if quote is None else rates.find_rate(quote.currency, currency)
        if quote is None or rate is None:
            raise InvalidInput(errors={"price": ["No price is known: give one."]})
        with exact():
            price = quote.price * rate
    with exact():
        worth = intention.quantity * price * instrument.multiplier
    if abs(worth) >= TOO_LARGE:
        raise InvalidInput(errors={"price": ["Quantity times price is too large."]})
    return price, currency
