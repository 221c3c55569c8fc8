"""Prices of an instrument of one's own, pasted as a table: look first, then record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bson import ObjectId

from brokers.domain.price_tables import PriceLine, read_price_table
from marketdata import selectors as market
from marketdata import services as market_services
from marketdata.adapters.base import DailyClose


@dataclass(frozen=True, slots=True)
class Pending:
    """A price that would be written.

    Attributes:
        before: the price that the day has now, which goes; None if it has none.
    """

    number: int
    price: DailyClose
    before: Decimal | None


@dataclass(frozen=True, slots=True)
class PricePreview:
    """What recording a table would do.

    Attributes:
        pending: what would be written, in the order of the lines.
        same: how many lines say what is recorded already.
        refused: the lines that can't be read or recorded; they would be left out.
    """

    pending: tuple[Pending, ...]
    same: int
    refused: tuple[PriceLine, ...]


def preview_prices(
    instrument_id: ObjectId, *, owner_id: ObjectId, text: str, now: datetime
) -> PricePreview:
    """Say what recording a table of prices would do; nothing is changed.

    Args:
        text: lines with a day and a price, as `read_price_table` reads them.

    Raises:
        InstrumentNotFound: there is none, or it is somebody else's.
        NotYourInstrument: everybody sees it, and its prices come from the source.
        UnreadableTable: it is no such table.
    """
    instrument = market.get_own_instrument(instrument_id, user_id=owner_id)
    lines = read_price_table(text, most=market_services.MOST_PRICES)
    refused: list[PriceLine] = []
    read: list[tuple[int, DailyClose]] = []
    for line in lines:
        if line.date is None or line.close is None:
            refused.append(line)
            continue
        price = DailyClose(date=line.date, close=line.close)
        wrong = market_services.wrong_with_price(price, today=now.date())
        if wrong:
            words = " ".join(word for each in wrong.values() for word in each)
            refused.append(PriceLine(line.number, line.text, error=words))
        else:
            read.append((line.number, price))
    there = _recorded(instrument.pk, [price for _, price in read])
    pending = [
        Pending(number, price, there.get(price.date))
        for number, price in read
        if there.get(price.date) != price.close
    ]
    return PricePreview(tuple(pending), len(read) - len(pending), tuple(refused))


def record_table(
    instrument_id: ObjectId, *, owner_id: ObjectId, text: str, now: datetime
) -> PricePreview:
    """Record what a preview says would be written; doing it again changes nothing more.

    Raises:
        InstrumentNotFound, NotYourInstrument, UnreadableTable: as `preview_prices`.
    """
    preview = preview_prices(instrument_id, owner_id=owner_id, text=text, now=now)
    if preview.pending:
        market_services.record_prices(
            instrument_id,
            owner_id=owner_id,
            prices=[each.price for each in preview.pending],
            now=now,
        )
    return preview


def _recorded(instrument_id: ObjectId, prices: list[DailyClose]) -> dict[object, Decimal]:
    if not prices:
        return {}
    days = [each.date for each in prices]
    key = str(instrument_id)
    return dict(market.closes_between([key], start=min(days), end=max(days)).get(key, []))
