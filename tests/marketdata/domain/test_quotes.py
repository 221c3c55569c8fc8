"""Changes since the previous close, and when a quote is too old."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from marketdata.domain.quotes import MarketState, Quote, is_stale, replaces

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


@pytest.mark.parametrize(
    ("changes", "is_news"),
    [
        ({}, False),
        ({"at": AT + timedelta(milliseconds=1)}, True),
        ({"at": AT - timedelta(milliseconds=1), "price": Decimal(1)}, False),
        ({"price": Decimal(1)}, True),
        ({"market_state": MarketState.HALTED}, True),
        ({"source": "another"}, False),
        ({"confirmed_at": AT + timedelta(seconds=4)}, True),
        ({"confirmed_at": AT - timedelta(seconds=4)}, False),
    ],
)
def test_only_what_is_newer_or_says_something_else_replaces_a_quote(changes, is_news):
    assert replaces(replace(quote(), **changes), quote()) is is_news


def test_anything_replaces_nothing():
    assert replaces(quote(), None)


@pytest.mark.parametrize(
    ("changes", "seconds", "stale"),
    [
        ({}, 11, True),
        ({"confirmed_at": AT + timedelta(seconds=5)}, 11, False),
        ({"confirmed_at": AT + timedelta(seconds=5)}, 16, True),
        # What comes late by agreement isn't stale for that.
        ({"delay_seconds": 900}, 909, False),
        ({"delay_seconds": 900}, 911, True),
    ],
)
def test_a_quote_is_as_fresh_as_its_source_last_vouched_for_it(changes, seconds, stale):
    made = replace(quote(), **changes)

    assert is_stale(made, now=AT + timedelta(seconds=seconds), after_seconds=10) is stale
