"""What an instrument costs at a moment, and how long that stays true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from common.money import exact


class MarketState(StrEnum):
    """Whether an instrument is being traded."""

    OPEN = "open"
    HALTED = "halted"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Quote:
    """One price of one instrument, in its quotation currency, as a source gave it."""

    instrument_id: str
    price: Decimal
    currency: str
    at: datetime
    source: str
    previous_close: Decimal | None
    market_state: MarketState
    #: How old the source's prices are by agreement; 0 where they come as they are made.
    delay_seconds: int = 0
    #: When the source last vouched for it, where that is later than `at`: a price may be old
    #: because nobody has traded since, and still be the newest.
    confirmed_at: datetime | None = None

    @property
    def known_at(self) -> datetime:
        """Return the last moment at which it was known to be the price."""
        return self.at if self.confirmed_at is None else max(self.at, self.confirmed_at)

    @property
    def change(self) -> Decimal | None:
        """Return the change since the previous close, where that is known."""
        if self.previous_close is None:
            return None
        with exact():
            return self.price - self.previous_close

    @property
    def change_rate(self) -> Decimal | None:
        """Return the change as a fraction of the previous close: 0.01 is 1 %.

        Unknown without a previous close, and meaningless where it isn't above zero.
        """
        if self.previous_close is None or self.previous_close <= 0:
            return None
        with exact():
            return self.price / self.previous_close - 1


def is_stale(quote: Quote, *, now: datetime, after_seconds: float) -> bool:
    """Say whether a quote is older than it should be; a closed market owes no newer one."""
    if quote.market_state is MarketState.CLOSED:
        return False
    return (now - quote.known_at).total_seconds() > after_seconds + quote.delay_seconds


def replaces(quote: Quote, known: Quote | None) -> bool:
    """Say whether a quote tells anything new: never what is older, nor the same again."""
    if known is None:
        return True
    if quote.at != known.at:
        return quote.at > known.at
    if _told(quote) != _told(known):
        return True
    return quote.known_at > known.known_at


def _told(quote: Quote) -> tuple[object, ...]:
    # Not who tells it: of two that say the same the first stays.
    return (quote.price, quote.market_state, quote.previous_close)
