"""Where a gain came from, to the last digit."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.attribution import attribute, report_period
from portfolios.domain.engine import Charges, CostMethod, Ledger, OversellRule, Policy, compute
from portfolios.domain.kinds import Kind
from portfolios.domain.status import Status
from tests.portfolios.domain.notation import FIRST_DAY, day, events, ledger
from tests.portfolios.domain.strategies import INSTRUMENTS, RECEIVED, decimals, some_events

USD_IN_CAD = RateHistory({("USD", "CAD"): [(day(1), Decimal("1.3")), (day(3), Decimal("1.4"))]})
RATES = RateHistory({("EUR", "USD"): [(FIRST_DAY, Decimal("1.1")), (day(6), Decimal("1.25"))]})
POLICIES = [
    Policy(cost_method=method, fees=charges, taxes=charges, oversell=oversell)
    for method in CostMethod
    for charges in Charges
    for oversell in OversellRule
]


def attributed(book, on=9, rates=RATES, **prices):
    known = {key: Decimal(price) for key, price in prices.items()}
    return attribute(book, prices=known, rates=rates.on(day(on), 99))


@pytest.mark.parametrize(
    ("rows", "price", "expected"),
    [
        ("$100 10@5", "6", {"price": "10", "gain": "10", "value": "110"}),
        ("$100 10@5+1", "6", {"price": "10", "fees": "1", "gain": "9"}),
        ("$100 10@5+1 -4@7+2+3", "6", {"price": "14", "fees": "3", "taxes": "3", "gain": "8"}),
        ("$100 10@5 d20+1+4", "5", {"price": "0", "income": "20", "fees": "1", "gain": "15"}),
        ("$100 10@5 r2@5+1", "5", {"income": "11", "fees": "1", "gain": "10", "value": "110"}),
        ("$100 10@5 k20", "3", {"price": "0", "gain": "0"}),
        ("$100 10@5 k70", "0", {"price": "20", "gain": "20"}),
        ("$100 10@5 n20", "7", {"price": "0", "income": "20", "gain": "20"}),
        ("$100 s10@5+1", "4", {"price": "10", "fees": "1", "gain": "9"}),
        ("$100 s10@5+1 c4@3+1", "4", {"price": "14", "fees": "2", "gain": "12"}),
        ("$100 >10@5", "6", {"contributed": "150", "price": "10", "gain": "10"}),
        ("$100 10@5 <4", "6", {"contributed": "80", "price": "6", "gain": "6"}),
        ("$100 10@5 x2", "3", {"price": "10", "gain": "10"}),
    ],
)
def test_a_gain_comes_from_prices_income_and_charges(rows, price, expected):
    found = attributed(compute(ledger(rows)), X=price)

    assert {name: getattr(found, name) for name in expected} == {
        name: Decimal(value) for name, value in expected.items()
    }
    assert found.residual == 0
    assert found.status is Status.COMPLETE


def test_cash_for_fractions_of_nothing_is_a_gain_all_the_same():
    (split,) = events("x2")
    paid = replace(split, amount=Decimal(3))

    found = attributed(compute(Ledger([paid], "USD")))

    assert (found.price, found.gain, found.residual) == (Decimal(3), Decimal(3), Decimal(0))


def test_a_currency_gain_is_told_from_a_price_gain_and_from_that_of_idle_cash():
    book = compute(ledger("$1500 10@100 -4@110", base="CAD", rates=USD_IN_CAD))

    found = attributed(book, rates=USD_IN_CAD, X="120")

    assert (found.price, found.currency) == (Decimal("224.0"), Decimal("100.0"))
    assert found.cash_currency == Decimal("50.0")
    assert (found.contributed, found.value) == (Decimal("1950.0"), Decimal("2324.0"))
    assert found.residual == 0


def test_what_is_unknown_is_named_and_makes_the_whole_unknown():
    found = attributed(compute(ledger("$100 10@5 Y/EUR:1@5")), X="6")

    assert (found.gain, found.residual) == (None, None)
    assert found.missing == ("Y",)
    assert found.positions["X"].unrealized_price == 10
    assert found.status is Status.PARTIAL


@given(
    some_events(currencies=("EUR", "USD")),
    st.sampled_from(POLICIES),
    st.lists(decimals("0", "500"), min_size=4, max_size=4),
)
def test_nothing_is_left_over_whatever_happened(events, policy, prices):
    book = compute(Ledger(events, "EUR", RATES), policy=policy)
    known = dict(zip((*INSTRUMENTS, RECEIVED), prices, strict=True))

    found = attribute(book, prices=known, rates=RATES.on(day(9), 99))

    assert not found.is_broken
    if not book.problems:
        assert found.residual is not None


@given(some_events(currencies=("EUR", "USD")), st.integers(2, 12), st.integers(0, 6))
def test_nothing_is_left_over_of_a_period_either(events, start, length):
    closes = {
        key: [(day(number), Decimal(5 + number * place)) for number in range(1, 20, 3)]
        for place, key in enumerate((*INSTRUMENTS, RECEIVED))
    }

    report = report_period(
        Ledger(events, "EUR", RATES),
        closes=closes,
        rates=RATES,
        start=day(start),
        end=day(start + length),
    )

    assert not report.attribution.is_broken


def test_a_period_starts_from_what_things_were_worth():
    """PP-17: bought for 1 long ago, worth 1,000 when the year began; one was sold for 99 in it."""
    closes = {"X": [(day(1), Decimal(100)), (day(8), Decimal(110))]}

    report = report_period(
        ledger("$1,10@0.1 -1@99"), closes=closes, rates=RateHistory(), start=day(2), end=day(9)
    )

    (disposal,) = report.book.disposals
    assert report.opening_value == Decimal(1000)
    assert disposal.gain == Decimal(-1)
    assert report.attribution.positions["X"].unrealized_price == Decimal(90)
    assert report.attribution.value == Decimal(990 + 99)


@given(some_events(kinds=(Kind.BUY, Kind.SELL)), decimals("1", "500"))
def test_every_method_gains_the_same_in_the_end(events, price):
    totals = set()
    for method in CostMethod:
        book = compute(Ledger(events, "EUR"), policy=Policy(cost_method=method))
        if book.problems:
            return
        with exact():
            totals.add(round(attributed(book, **dict.fromkeys(INSTRUMENTS, price)).gain, 9))

    assert len(totals) == 1
