"""Fields of Binance's rows, and what they have in common: a moment, an id, what moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from brokers.adapters.binance.vocabulary import COINS, MONEY, QUOTED_IN, coin
from brokers.adapters.json_fields import LONGEST_ID, Unreadable, text_of
from brokers.domain.events import BrokerEvent
from portfolios.domain.kinds import Kind

Row = Mapping[str, Any]
_ONE, _ZERO = Decimal(1), Decimal(0)
_LAST_MILLISECOND = 253_402_300_799_999
_WRITTEN = "%Y-%m-%d %H:%M:%S"


def whole_of(row: Row, name: str) -> int:
    """Return a whole number; a text of digits is one too.

    Raises:
        Unreadable: it is missing, or none.
    """
    value = row.get(name)
    if type(value) is int:
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    raise Unreadable(f"“{name}” is no whole number.")


def asset_of(row: Row, name: str) -> str:
    """Return the name of an asset."""
    return text_of(row, name).upper()


def moment_of(row: Row, name: str) -> datetime:
    """Return an instant, from milliseconds since 1970 or from a time in UTC that is written out.

    Raises:
        Unreadable: it is missing, or none.
    """
    value = row.get(name)
    if isinstance(value, str) and not value.isdecimal():
        try:
            return datetime.strptime(value, _WRITTEN).replace(tzinfo=UTC)
        except ValueError as error:
            raise Unreadable(f"“{name}” is no time.") from error
    milliseconds = whole_of(row, name)
    if not 0 < milliseconds <= _LAST_MILLISECOND:
        raise Unreadable(f"“{name}” is out of range.")
    seconds, rest = divmod(milliseconds, 1_000)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=rest * 1_000)


def key_of(*parts: object) -> str:
    """Join what makes an id of ours.

    Raises:
        Unreadable: it is longer than ids are kept.
    """
    key = ":".join(str(each) for each in parts)
    if len(key) > LONGEST_ID - len(":received"):
        raise Unreadable("The id is too long.")
    return key


def when(moment: datetime) -> dict[str, Any]:
    """Return the fields of an event that say when it was; Binance's day is that of UTC."""
    return {"executed_at": moment, "trade_date": moment.date()}


def turned_over(
    kind: Kind, asset: str, units: Decimal, *, key: str, at: datetime, note: str = ""
) -> list[BrokerEvent]:
    """Turn units of a coin into as much of the currency that it is, or back; money is it already.

    So one coin can pay for another, or for a fee, exactly, and without anybody knowing its price.

    Args:
        kind: SELL for what is paid with it, BUY for what is received.
    """
    if asset in MONEY:
        return []
    return [
        BrokerEvent(
            external_id=key,
            kind=kind,
            currency=asset,
            instrument=coin(asset),
            quantity=units,
            price=_ONE,
            note=note,
            **when(at),
        )
    ]


def charged(asset: str, amount: Decimal, *, key: str, at: datetime, note: str) -> list[BrokerEvent]:
    """Book a fee in an asset of its own.

    A coin that is no currency here is given away for nothing: what it cost is what the fee was.
    """
    if not amount:
        return []
    known: dict[str, Any] = {"external_id": f"{key}:fee", "note": note, **when(at)}
    if asset in MONEY or asset in COINS:
        fee = BrokerEvent(kind=Kind.FEE, currency=asset, amount=amount, **known)
        return [
            *turned_over(Kind.SELL, asset, amount, key=f"{key}:fee", at=at, note=note),
            fee,
        ]
    return [
        BrokerEvent(
            kind=Kind.SELL,
            currency=QUOTED_IN,
            instrument=coin(asset),
            quantity=amount,
            price=_ZERO,
            **known,
        )
    ]


def earned(asset: str, amount: Decimal, *, key: str, at: datetime, note: str) -> list[BrokerEvent]:
    """Book what came for nothing: interest where it is money or a currency, else a delivery."""
    known: dict[str, Any] = {"external_id": key, "note": note, **when(at)}
    if asset not in MONEY and asset not in COINS:
        return [
            BrokerEvent(
                kind=Kind.TRANSFER_IN,
                currency=QUOTED_IN,
                instrument=coin(asset),
                quantity=amount,
                **known,
            )
        ]
    interest = BrokerEvent(kind=Kind.INTEREST, currency=asset, amount=amount, **known)
    return [interest, *turned_over(Kind.BUY, asset, amount, key=key, at=at, note=note)]
