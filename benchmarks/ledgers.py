"""Ledgers of any size over ten years, for benchmarks that compute with them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import islice

from accounts.models import User
from common.transactions import run_in_transaction
from marketdata.domain.instruments import AssetClass, identity_of
from marketdata.models import Instrument, PriceBar
from marketdata.services.bars import write_bars
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.models import Portfolio
from portfolios.services import ledger, portfolios
from portfolios.services.ledger import ImportOrigin

YEARS = 10
TODAY = date(2026, 1, 5)
FIRST = TODAY - timedelta(days=YEARS * 365)
_INSTRUMENTS = 25
_AT_ONCE = 1_000


def make_market(name: str, now: datetime) -> list[Instrument]:
    """Make instruments with a close on every weekday; every second one is quoted in euros."""
    dice = random.Random(name)
    made = []
    for number in range(_INSTRUMENTS):
        symbol, currency = f"{name}{number}".upper(), "EUR" if number % 2 else "USD"
        made.append(_instrument(symbol, currency, AssetClass.STOCK, now))
    pair = Instrument.objects.filter(symbol="EUR/USD").first()
    if pair is None:
        pair = _instrument("EUR/USD", "USD", AssetClass.CURRENCY, now)
        write_bars(_closes(pair, 1, dice, now))
    for instrument in made:
        write_bars(_closes(instrument, 100, dice, now))
    return made


def _instrument(symbol: str, currency: str, asset_class: AssetClass, now: datetime) -> Instrument:
    made: Instrument = Instrument.objects.create(
        identity=identity_of(symbol=symbol, mic="XBEN", currency=currency),
        symbol=symbol,
        name=symbol,
        mic="XBEN",
        currency=currency,
        asset_class=asset_class.value,
        created_at=now,
        updated_at=now,
    )
    return made


def _closes(
    instrument: Instrument, level: int, dice: random.Random, now: datetime
) -> Iterator[PriceBar]:
    price = float(level)
    for offset in range((TODAY - FIRST).days + 1):
        day = FIRST + timedelta(days=offset)
        if day.weekday() < 5:
            price *= 1 + dice.gauss(0.0002, 0.01)
            yield PriceBar(
                instrument=instrument,
                date=day,
                close=round(Decimal(price), 4),
                source="bench",
                recorded_at=now,
            )


def make_portfolio(owner: User, rows: int, held: Sequence[Instrument], now: datetime) -> Portfolio:
    """Make a portfolio with so many rows, spread evenly: purchases, sales and dividends."""
    portfolio = portfolios.create_portfolio(
        owner.pk, name=f"{rows} rows", base_currency="USD", now=now
    )
    drafts = enumerate(_drafts(rows, held), start=1)
    rows_left = (
        (draft, ImportOrigin(run_id=str(portfolio.pk), row=number)) for number, draft in drafts
    )
    while batch := list(islice(rows_left, _AT_ONCE)):
        run_in_transaction(partial(ledger.record_imported, portfolio.pk, drafts=batch, now=now))
    return portfolio


def _drafts(rows: int, held: Sequence[Instrument]) -> Iterator[Draft]:
    dice = random.Random(rows)
    units = dict.fromkeys(range(len(held)), 0)
    yield Draft(kind=Kind.DEPOSIT, trade_date=FIRST, currency="USD", amount=Decimal(10_000_000))
    for number in range(rows - 1):
        day = FIRST + timedelta(days=number * (YEARS * 365 - 1) // rows)
        place, quantity = dice.randrange(len(held)), dice.randrange(1, 100)
        common = {
            "trade_date": day,
            "currency": held[place].currency,
            "instrument_id": str(held[place].pk),
            "sequence": number,
        }
        if dice.random() < 0.05:
            amount = Decimal(dice.randrange(100, 9_999)) / 100
            yield Draft(kind=Kind.DIVIDEND, amount=amount, **common)  # type: ignore[arg-type]
            continue
        sells = units[place] >= quantity and dice.random() < 0.45
        units[place] += -quantity if sells else quantity
        yield Draft(
            kind=Kind.SELL if sells else Kind.BUY,
            quantity=Decimal(quantity),
            price=Decimal(dice.randrange(5_000, 20_000)) / 100,
            fee=Decimal("1.50"),
            **common,  # type: ignore[arg-type]
        )
