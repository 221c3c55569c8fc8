"""Changes since the previous close, and when a quote is too old."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from marketdata.domain.quotes import MarketState, Quote, is_stale

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def quote(price: str = "105", before: str | None = "100", state=MarketState.OPEN) -> Quote:
    return Quote(
        instrument_id="X",
        price=Decimal(price),
        currency="EUR",
        at=AT,
        source="test",
        previous_close=None if before is None else Decimal(before),
        market_state=state,
    )


@pytest.mark.parametrize(
    ("price", "before", "change", "rate"),
    [
        ("105", "100", "5", "0.05"),
        ("95", "100", "-5", "-0.05"),
        ("0", "100", "-100", "-1"),
        ("105", None, None, None),
        ("105", "0", "105", None),
        ("-3", "-37.63", "34.63", None),
    ],
)
def test_a_quote_knows_its_change_where_there_is_a_base_for_it(price, before, change, rate):
    made = quote(price, before)

    assert made.change == (Decimal(change) if change else None)
    assert made.change_rate == (Decimal(rate) if rate else None)


@pytest.mark.parametrize(
    ("state", "age", "stale"),
    [
        (MarketState.OPEN, 60, False),
        (MarketState.OPEN, 61, True),
        (MarketState.HALTED, 61, True),
        (MarketState.CLOSED, 1_000_000, False),
    ],
)
def test_a_quote_grows_stale_unless_the_market_is_closed(state, age, stale):
    now = AT + timedelta(seconds=age)

    assert is_stale(quote(state=state), now=now, after_seconds=60) is stale
