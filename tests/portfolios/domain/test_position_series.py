"""The days of a portfolio, parted into its positions."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.daily import DailyRun
from portfolios.domain.engine import Ledger
from portfolios.domain.policy import PriceBasis
from portfolios.domain.position_series import by_position, contributions_of
from portfolios.domain.prices import DayPrices, splits_of
from portfolios.domain.status import Status
from tests.portfolios.domain.notation import day
from tests.portfolios.domain.strategies import INSTRUMENTS, some_events

RATES = RateHistory({("USD", "EUR"): [(day(1), Decimal("0.9")), (day(5), Decimal("0.8"))]})
LAST = 12


def days_of(events, prices):
    closes = {key: [(day(1), price)] for key, price in zip(INSTRUMENTS, prices, strict=True)}
    run = DailyRun(
        Ledger(events, "EUR", RATES),
        prices=DayPrices(closes, splits_of(events), PriceBasis.RAW, INSTRUMENTS),
        rates=RATES,
        tracks_cash=True,
    )
    return list(run.values(day(0), day(LAST), with_positions=True))


PRICES = st.tuples(*[st.decimals("0.01", "500", places=2)] * len(INSTRUMENTS))


@given(some_events(currencies=("EUR", "USD")), PRICES)
def test_positions_and_cash_are_the_portfolio_on_every_day(events, prices):
    events = [replace(each, fx_rate=None) for each in events]

    for each in days_of(events, prices):
        if each.status is Status.COMPLETE:
            with exact():
                held = sum((position.value_base for position in each.positions), Decimal(0))
                assert abs(held + each.cash - each.value) <= Decimal("1e-18") * max(abs(held), 1)


@given(some_events(currencies=("EUR", "USD")), PRICES)
def test_what_positions_added_and_the_rest_are_the_gain(events, prices):
    days = days_of(events, prices)
    found = contributions_of(days, by_position(days))

    if found.gain is not None and found.rest.gain is not None:
        with exact():
            parts = sum((part.gain for part in found.parts), Decimal(0))
            assert abs(parts + found.rest.gain - found.gain) <= Decimal("1e-15") * max(
                abs(found.gain), abs(parts), 1
            )


def test_a_position_that_is_not_held_is_worth_nothing_and_returns_nothing():
    days = days_of([], [Decimal(1)] * len(INSTRUMENTS))

    assert by_position(days) == {}
    assert contributions_of(days, {}).gain == 0
