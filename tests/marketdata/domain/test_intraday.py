"""Bars of minutes: made of quotes in any order, merged into longer ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as some

from common.money import plain
from marketdata.domain.intraday import (
    Bar,
    BarStatus,
    Interval,
    Sampler,
    chosen,
    in_units_of_now,
    joined,
    merged,
    of_quote,
    told,
)
from marketdata.domain.quotes import MarketState, Quote

MINUTE = datetime(2026, 3, 4, 12, 7, tzinfo=UTC)


def quote(price, second=0, *, at=MINUTE, key="1", source="a", state=MarketState.OPEN):
    return Quote(
        instrument_id=key,
        price=Decimal(price),
        currency="USD",
        at=at + timedelta(seconds=second),
        source=source,
        previous_close=None,
        market_state=state,
    )


def final(at, prices, source="a") -> Bar:
    return told(at, tuple(map(Decimal, prices.split())), source=source)


def prices_of(bar):
    return " ".join(plain(each) for each in (bar.open, bar.high, bar.low, bar.close))


QUOTES = some.lists(
    some.tuples(some.integers(1, 9), some.integers(0, 59_999)), min_size=1, max_size=12
)


@given(QUOTES, some.randoms())
def test_a_bar_is_the_same_in_whatever_order_and_however_often_its_quotes_come(found, shuffle):
    bars = [of_quote(quote(price, milliseconds / 1000)) for price, milliseconds in found]
    again = [*bars, *bars]
    shuffle.shuffle(again)

    whole = reduce(joined, bars)

    assert reduce(joined, again) == whole
    in_order = sorted(found, key=lambda each: (each[1], each[0]))
    assert (whole.open, whole.close) == (in_order[0][0], in_order[-1][0])
    numbers = [price for price, _ in found]
    assert (whole.high, whole.low) == (max(numbers), min(numbers))


@pytest.mark.parametrize("state", [MarketState.CLOSED, MarketState.HALTED])
def test_a_price_of_what_is_not_traded_makes_no_bar(state):
    assert of_quote(quote("5", state=state)) is None


@pytest.mark.parametrize("prices", ["5 4 3 4", "3 6 4 5", "0 1 0 1", "1 Infinity 1 1", "5 6 -1 5"])
def test_prices_out_of_order_make_no_bar(prices):
    with pytest.raises(ValueError, match="price"):
        final(MINUTE, prices)


def test_minutes_merge_into_longer_bars():
    minutes = [
        final(MINUTE, "10 12 9 11"),
        final(MINUTE + timedelta(minutes=2), "11 15 11 14", source="b"),
        final(MINUTE + timedelta(minutes=3), "1 2 1 2"),
    ]

    first, second = merged(minutes, Interval.FIVE_MINUTES)
    (hour,) = merged(minutes, Interval.HOUR)

    assert (first.at.minute, prices_of(first), first.source) == (5, "10 15 9 14", "a, b")
    assert (second.at.minute, prices_of(second), second.source) == (10, "1 2 1 2", "a")
    assert (hour.at.minute, prices_of(hour), hour.status) == (0, "10 15 1 2", BarStatus.FINAL)


def test_a_bar_is_final_only_if_all_of_it_was_told():
    sampled = of_quote(quote("3", at=MINUTE + timedelta(minutes=1)))

    (hour,) = merged([final(MINUTE, "10 12 9 11"), sampled], Interval.HOUR)

    assert hour.status is BarStatus.SAMPLED


def test_of_several_sources_what_was_told_counts_and_then_what_was_seen_last():
    sampled, later = of_quote(quote("3", 50, source="b")), of_quote(quote("4", 55, source="c"))
    known = final(MINUTE, "10 12 9 11")

    assert chosen([sampled, known, later]) == [known]
    assert chosen([later, sampled]) == [later]
    before = replace(known, at=MINUTE - timedelta(minutes=1))
    assert chosen([known, before]) == [before, known]


def test_prices_before_a_split_are_written_in_units_of_today():
    before, after = final(MINUTE, "10 12 8 11"), final(MINUTE + timedelta(days=1), "5 6 4 5")

    found = in_units_of_now([before, after], [(after.at.date(), Decimal(2))])

    assert [prices_of(each) for each in found] == ["5 6 4 5.5", "5 6 4 5"]


def test_a_sampler_hands_over_what_is_new_of_what_is_wanted():
    sampler = Sampler()
    sampler.take([quote("5"), quote("7", 3), quote("9", key="2")], wanted={"1": None})
    ((key, bar),) = sampler.hand_over()

    assert (key, prices_of(bar)) == ("1", "5 7 5 7")
    assert sampler.hand_over() == []

    sampler.take([quote("6", 5)], wanted={"1": None})
    sampler.take_back([(key, bar)], since=MINUTE)
    assert [prices_of(each) for _, each in sampler.hand_over()] == ["5 7 5 6"]
    sampler.take_back([(key, bar)], since=MINUTE + timedelta(minutes=1))
    assert sampler.hand_over() == []
