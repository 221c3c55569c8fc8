"""Gains by calendar year, added up by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.engine import Ledger, compute
from portfolios.domain.status import Status
from portfolios.domain.tax_years import is_long_term, tax_years
from portfolios.domain.unknowns import known_sum
from tests.portfolios.domain.notation import events, ledger
from tests.portfolios.domain.strategies import some_events


def sold(text, *days, **options):
    """Compute the years of a ledger whose rows happen on the given days."""
    rows = [
        replace(row, trade_date=date.fromisoformat(day))
        for row, day in zip(events(text), days, strict=True)
    ]
    return tax_years(compute(Ledger(rows, "USD", **options)).disposals)


@pytest.mark.parametrize(("days", "expected"), [(0, False), (365, False), (366, True)])
def test_long_term_is_more_than_a_year(days, expected):
    assert is_long_term(days) is expected


def test_each_year_has_its_own_sum_the_newest_first():
    years = sold("10@5 -4@8 -6@9", "2024-03-01", "2024-12-31", "2025-01-01")

    assert [(each.year, each.disposals, each.gain) for each in years] == [
        (2025, 1, Decimal(24)),
        (2024, 1, Decimal(12)),
    ]
    assert (years[0].proceeds, years[0].cost) == (Decimal(54), Decimal(30))


def test_one_sale_may_be_short_term_and_long_term():
    """Bought 10 at 5 in a leap year and 10 at 7 a year and a day before both were sold at 9."""
    (year,) = sold("10@5 10@7 -20@9", "2024-02-28", "2024-03-01", "2025-03-01")

    assert (year.long_term, year.short_term, year.other) == (Decimal(40), Decimal(20), Decimal(0))


def test_a_gain_without_units_is_neither():
    (year,) = tax_years(compute(ledger("10@5 k70")).disposals)

    assert (year.gain, year.other, year.short_term) == (Decimal(20), Decimal(20), Decimal(0))


def test_currencies_are_added_up_by_themselves_and_pence_as_pounds():
    rates = RateHistory({("GBP", "USD"): [(date(2024, 1, 1), Decimal("1.25"))]})
    rows = "A/GBX:10@500 A/GBX:-10@700 B/GBP:1@5 B/GBP:-1@6 C/USD:1@1 C/USD:-1@3"
    (year,) = tax_years(compute(ledger(rows, rates=rates)).disposals)

    assert {each.currency: each.gain for each in year.by_currency} == {
        "GBP": Decimal(21),
        "USD": Decimal(2),
    }
    assert year.gain == Decimal("28.25")


def test_a_sale_of_unknown_cost_is_left_out_and_said():
    (year,) = tax_years(compute(ledger(">10 Y/USD:1@5 -10@6 Y/USD:-1@7")).disposals)

    assert (year.gain, year.status) == (Decimal(2), Status.PARTIAL)
    assert year.proceeds == Decimal(67)


@given(some_events(currencies=("EUR", "USD")))
def test_the_terms_and_the_years_add_up_to_the_gain(rows):
    rates = RateHistory({("EUR", "USD"): [(date(2024, 1, 1), Decimal("1.1"))]})
    disposals = compute(Ledger(rows, "EUR", rates)).disposals

    years = tax_years(disposals)

    with exact():
        for each in years:
            if each.status is Status.COMPLETE:
                parts = known_sum([each.short_term, each.long_term, each.other])
                assert abs(parts - each.gain) < Decimal("1e-9")
    assert sum(each.disposals for each in years) == len(disposals)
