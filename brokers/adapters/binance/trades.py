"""Fills, and small remains that were converted: one asset that is given for another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from brokers.adapters.binance.rows import (
    Row,
    asset_of,
    charged,
    key_of,
    moment_of,
    turned_over,
    when,
    whole_of,
)
from brokers.adapters.binance.vocabulary import DUST_BECOMES, MONEY, PAYABLE, coin
from brokers.adapters.json_fields import Unreadable, number_of, text_of
from brokers.domain.events import BrokerEvent
from common.money import exact, fits
from portfolios.domain.kinds import Kind

_ZERO = Decimal(0)


def id_of_fill(row: Row) -> str:
    """Return the id of a fill: each pair counts its own."""
    return key_of(text_of(row, "symbol"), whole_of(row, "id"))


def id_of_dust(row: Row) -> str:
    """Return the id of a small remain that was converted, of which one conversion has several."""
    return key_of("dust", whole_of(row, "transId"), asset_of(row, "fromAsset"))


def read_fill(row: Row, *, base: str, quote: str) -> list[BrokerEvent]:
    """Read one fill of a pair; a pair of two coins is two trades, and a fee may be a third."""
    if text_of(row, "symbol") != base + quote:
        raise Unreadable("It is of another pair than was asked for.")
    if type(row.get("isBuyer")) is not bool:
        raise Unreadable("“isBuyer” is neither true nor false.")
    is_buyer = row["isBuyer"]
    key, moment = id_of_fill(row), moment_of(row, "time")
    quantity = number_of(row, "qty", is_positive=True)
    paid = number_of(row, "quoteQty", is_positive=True)
    price = number_of(row, "price", is_positive=True)
    fee = number_of(row, "commission", default=_ZERO)
    fee_asset = asset_of(row, "commissionAsset") if fee else ""
    known: dict[str, Any] = {"external_id": key, "currency": quote, **when(moment)}
    if quote not in PAYABLE:
        why = f"It was paid in {quote}, which is no currency here; record it by hand."
        return [_unbooked(known, why, base, quantity=quantity, price=price)]
    if base in MONEY:
        given, taken = ((quote, paid), (base, quantity))
        if not is_buyer:
            given, taken = taken, given
        event = _exchange(key, given, taken, known=when(moment))
    else:
        kind = Kind.BUY if is_buyer else Kind.SELL
        if fee_asset == quote and quote in MONEY:
            known["fee"], fee = fee, _ZERO
        event = BrokerEvent(
            kind=kind, instrument=coin(base), quantity=quantity, price=price, **known
        )
    other = turned_over(
        Kind.SELL if is_buyer else Kind.BUY, quote, paid, key=f"{key}:paid", at=moment
    )
    note = f"Commission of {text_of(row, 'symbol')} {whole_of(row, 'id')}"
    return [event, *other, *charged(fee_asset, fee, key=key, at=moment, note=note)]


def read_dust(row: Row) -> list[BrokerEvent]:
    """Read one asset whose small remains were converted, less what that costs."""
    given_asset = asset_of(row, "fromAsset")
    taken_asset = text_of(row, "targetAsset", default=DUST_BECOMES).upper()
    key, moment = id_of_dust(row), moment_of(row, "operateTime")
    given = number_of(row, "amount", is_positive=True)
    net = number_of(row, "transferedAmount", is_positive=True)
    fee = number_of(row, "serviceChargeAmount", default=_ZERO)
    # What came is told without what was kept.
    gross, note = net + fee, f"Small balance of {given_asset} to {taken_asset}"
    known: dict[str, Any] = {"note": note, **when(moment)}
    first: list[BrokerEvent]
    if given_asset in PAYABLE and taken_asset in PAYABLE:
        first = [
            *turned_over(Kind.SELL, given_asset, given, key=f"{key}:paid", at=moment, note=note),
            _exchange(key, (given_asset, given), (taken_asset, gross), known=known),
        ]
    else:
        known |= {"external_id": key, "currency": taken_asset}
        price = _exact_price(gross, given) if taken_asset in PAYABLE else None
        if price is None:
            why = f"So many {given_asset} for so many {taken_asset} has no exact price."
            return [_unbooked(known, why, given_asset, quantity=given, amount=gross)]
        first = [
            BrokerEvent(
                kind=Kind.SELL, instrument=coin(given_asset), quantity=given, price=price, **known
            )
        ]
    return [
        *first,
        *turned_over(Kind.BUY, taken_asset, gross, key=f"{key}:received", at=moment, note=note),
        *charged(taken_asset, fee, key=key, at=moment, note=note),
    ]


def _exchange(
    key: str,
    given: tuple[str, Decimal],
    taken: tuple[str, Decimal],
    *,
    known: dict[str, Any],
) -> BrokerEvent:
    return BrokerEvent(
        external_id=key,
        kind=Kind.EXCHANGE,
        currency=given[0],
        amount=given[1],
        to_currency=taken[0],
        to_amount=taken[1],
        **known,
    )


def _unbooked(known: dict[str, Any], why: str, asset: str, **more: Any) -> BrokerEvent:
    return BrokerEvent(kind=None, problem=why, instrument=coin(asset), **known, **more)


def _exact_price(amount: Decimal, units: Decimal) -> Decimal | None:
    """Return the price that makes exactly the amount; None if no number that is kept does."""
    with exact():
        price = amount / units
        return price if fits(price) and price * units == amount else None
