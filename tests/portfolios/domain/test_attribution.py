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
from portfolios.domain.prices import DayPrices, splits_of
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


@pytest.mark.parametrize(
    ("rows", "gain"),
    [
        # Of something that was never held, as far as is known.
        ("x0.1", "3"),
        ("10@5 -10@5 x0.1", "3"),
        # Each account that shares the lots reports the split, and what it was paid: the half unit
        # that cost 25 went for the first 3.
        ("25@5 x0.1,x0.1", "-19"),
        ("1000000000000000@0 x1000000", "3"),
    ],
)
def test_cash_in_lieu_of_fractions_is_a_gain_wherever_it_comes_from(rows, gain):
    happened = [
        replace(event, amount=Decimal(3), account=event.id) if event.kind is Kind.SPLIT else event
        for event in events(rows)
    ]

    found = attributed(compute(Ledger(happened, "USD")), X="50" if gain == "-19" else "0")

    assert (found.gain, found.residual) == (Decimal(gain), 0)


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


CLOSES = {
    key: [(day(number), Decimal(5 + number * place)) for number in range(1, 20, 3)]
    for place, key in enumerate((*INSTRUMENTS, RECEIVED))
}


def reported(ledger, *, start, end, splits=None, policy=POLICIES[0]):
    known = splits_of(ledger.events if splits is None else splits)
    prices = DayPrices(CLOSES, known, policy.price_basis)
    return report_period(
        ledger, prices=prices, rates=RATES, start=day(start), end=day(end), policy=policy
    )


@given(some_events(currencies=("EUR", "USD")), st.integers(2, 12), st.integers(0, 6))
def test_nothing_is_left_over_of_a_period_either(events, start, length):
    report = reported(Ledger(events, "EUR", RATES), start=start, end=start + length)

    assert not report.attribution.is_broken


@given(
    some_events(currencies=("EUR", "USD")),
    st.integers(2, 12),
    st.integers(0, 6),
    st.integers(0, 12),
    st.sampled_from(POLICIES),
)
def test_a_period_gone_on_to_from_any_day_before_it_is_the_same(
    events, start, length, kept, policy
):
    whole = Ledger(events, "EUR", RATES)
    first = day(min(kept, start))
    before = [each for each in events if each.trade_date < first]
    rest = [each for each in events if each.trade_date >= first]
    opening = compute(replace(whole, events=before), policy=policy)
    part = replace(whole, events=rest, opening=opening)
    span = {"start": start, "end": start + length, "policy": policy}

    assert reported(part, splits=events, **span) == reported(whole, **span)


def test_a_period_takes_an_old_price_only_of_what_is_said_to_last():
    closes = {"X": [(day(1), Decimal(7))]}

    def opening_value(lasting=frozenset()):
        prices = DayPrices(closes, {}, Policy().price_basis, lasting)
        report = report_period(
            ledger("10@5"), prices=prices, rates=RateHistory(), start=day(200), end=day(202)
        )
        return report.opening_value

    assert opening_value() is None
    assert opening_value({"X"}) == Decimal(20)


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
