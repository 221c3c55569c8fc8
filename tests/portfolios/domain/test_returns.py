"""The time-weighted return and its kin, against figures that others publish."""

from datetime import date
from decimal import Decimal
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.percentages import Denominator, Ratio, Reason
from portfolios.domain.returns import (
    Annualization,
    FlowTiming,
    SubPeriod,
    annualized,
    chained,
    compounded,
    currency_effect,
    modified_dietz,
    return_grid,
    time_weighted,
)
from portfolios.domain.series import ValueSeries
from portfolios.domain.status import Status
from tests.portfolios.domain.day_notation import series


def ratio(value: float) -> Ratio:
    return Ratio(value, Denominator.DAILY_CAPITAL)


# Portfolio Performance's worksheet: deposits count from the start of their day, withdrawals until
# its end. The first row is the deposit of the last day of the year.
WORKSHEET = """
    worth and flows      daily         since the opening
    10230                0.023         0.023
    10630+200            0.019175455   0.042616491
    9995.59-400         -0.0220517     0.019624983
    10289.58             0.0294117647  0.049614163
    10583.57             0.0285714286  0.079603343
    16179.56+5400        0.012261967   0.092841403
    11600-3697.04       -0.0545454545  0.03323197
    10596.15            -0.0865384615 -0.056182678
"""


def test_the_published_worksheet_is_met_line_by_line():
    lines = [line.split() for line in WORKSHEET.strip().splitlines()[1:]]
    days = series(" ".join(line[0] for line in lines), date(2012, 1, 1), opening="10000")

    made = time_weighted(days)

    assert made.daily == pytest.approx([float(line[1]) for line in lines], abs=1e-5)
    assert made.index == pytest.approx([float(line[2]) for line in lines], abs=1e-5)
    assert made.total == ratio(float(made.index[-1]))
    second_week = time_weighted(days.between(date(2012, 1, 2), date(2012, 1, 9)))
    assert second_week.total.value == pytest.approx(-0.077402422, abs=1e-6)


@pytest.mark.parametrize(
    ("days", "total"),
    [
        # Wealthfolio: 500 in and 200 out on one day, while 1,000 became 1,100. Not netted.
        ("1000+1000 1000 1400+500-200 1400", 100 / 1500),
        # Wealthfolio: 1,000 EUR in a USD portfolio, of which 200 are taken out at 1.08.
        ("1050+1050 1050 1060 1080 1080 864-216 872 880", 1.10 / 1.05 - 1),
        # Wealthfolio: an exchange inside the account is no flow, its gain of 1.20 is one.
        ("1000+1000 1001.2", 0.0012),
        # Portfolio Performance: one share became ten at a tenth of the price.
        ("100+100 110 130", 0.3),
        # Everything is taken out on a day that gained 10 %, and nothing happens after it.
        ("100+100 0-110 0", 0.1),
        ("100+100 0", -1.0),
        # After a total loss new money can't undo it.
        ("100+100 0 50+50 60", -1.0),
    ],
)
def test_a_total_is_the_daily_returns_chained(days, total):
    made = time_weighted(series(days)).total

    assert made.value == pytest.approx(total, abs=1e-9)
    assert (made.status, made.denominator) == (Status.COMPLETE, Denominator.DAILY_CAPITAL)


def test_what_is_bought_at_the_days_own_price_is_neutral_at_the_end_of_the_day():
    # fava-portfolio-returns: one A at 100; at 105 one B for 200 joins; at 110 and 300 both grow.
    days = series("100+100 305+200 710+300")

    made = time_weighted(days, timing=FlowTiming.END_OF_DAY)

    assert made.index == pytest.approx([0, 0.05, 1.05 * 410 / 305 - 1])


@pytest.mark.parametrize(
    ("days", "total", "status", "reason", "missing"),
    [
        # A day without value is crossed where nothing flowed on the way …
        ("100+100 ? 121", 0.21, "partial", "value-unknown", ["2024-01-02"]),
        ("100+100 ?+20 132", 0.10, "partial", "value-unknown", ["2024-01-02"]),
        ("100+100 ? 90-20", 0.10, "partial", "value-unknown", ["2024-01-02"]),
        # … and not where something did, which counts with a value nobody knows.
        ("100+100 ? 140+20", None, "unavailable", "value-unknown", ["2024-01-02"]),
        ("100+100 ?-20 90", None, "unavailable", "value-unknown", ["2024-01-02"]),
        ("100+100 110 ?", None, "unavailable", "value-unknown", ["2024-01-03"]),
        ("100+100 130+? 140", None, "unavailable", "flow-unknown", ["2024-01-02"]),
        ("100+100 130-? 140", None, "unavailable", "flow-unknown", ["2024-01-02"]),
        # Debts above what is owned.
        ("100+100 -5 20", None, "unavailable", "value-negative", ["2024-01-02", "2024-01-03"]),
        # Something from nothing is no return, and is said.
        ("0 50 55", 0.10, "partial", "moved-from-nothing", ["2024-01-02"]),
    ],
)
def test_what_is_not_known_is_never_bridged_in_silence(days, total, status, reason, missing):
    made = time_weighted(series(days)).total

    assert made.value == (None if total is None else pytest.approx(total))
    assert (made.status, made.reason, made.missing) == (status, reason, tuple(missing))


def test_the_day_after_an_unvalued_one_has_no_return_of_its_own():
    made = time_weighted(series("100+100 ? 121 133.1"))

    assert [isnan(each) for each in made.daily] == [False, True, True, False]
    assert made.index[2:] == pytest.approx([0.21, 0.331])


def test_an_unknown_opening_is_named_and_no_days_are_no_return():
    opening = time_weighted(series("100 110", opening="?")).total
    nothing = time_weighted(series("100").between(date(2030, 1, 1), date(2030, 2, 1))).total

    assert (opening.reason, opening.missing) == (Reason.VALUE_UNKNOWN, ("2023-12-31",))
    assert (nothing.value, nothing.reason) == (None, Reason.NO_DAYS)


@pytest.mark.parametrize(
    ("total", "days", "days_per_year", "yearly"),
    [
        (0.25, 45, 365.25, 5.11767),  # Wealthfolio
        (9.0, 65, 365.0, 412_461),  # pyxirr: short windows explode
        (0.1041737742737, 222, 365.0, 0.1769546658),  # Portfolio Performance
        (0.21, 730, 365.0, 0.10),
        (0.10, 30, 365.0, 1.1 ** (365 / 30) - 1),
        (-1.0, 400, 365.0, -1.0),
        (-1.2, 400, 365.0, -1.0),
        (0.10, 29, 365.0, None),
        (1e300, 30, 365.0, None),
    ],
)
def test_a_return_per_year(total, days, days_per_year, yearly):
    made = annualized(ratio(total), days, Annualization(days_per_year))

    assert made.value == (None if yearly is None else pytest.approx(yearly, rel=2e-6))


def test_a_yearly_figure_says_why_there_is_none_and_when_it_leads():
    assert annualized(ratio(0.1), 29).reason is Reason.TOO_SHORT
    assert annualized(ratio(1e300), 30).reason is Reason.TOO_LARGE
    assert annualized(ratio(-1.0), 400).reason is Reason.TOTAL_LOSS
    unknown = Ratio.unavailable(Denominator.DAILY_CAPITAL, Reason.FLOW_UNKNOWN, ["2024-01-02"])
    assert annualized(unknown, 400) == unknown
    assert [Annualization().leads(days) for days in (364, 365)] == [False, True]


@pytest.mark.parametrize(
    ("periods", "total"),
    [
        ("100>110 110+50>176", "0.21"),
        ("100>90 90-40>60", "0.08"),
        ("100>0", "-1"),
        ("0>10", None),
        ("", None),
    ],
)
def test_stretches_between_flows_are_chained(periods, total):
    made = chained([sub_period(text) for text in periods.split()])

    assert made.value == (None if total is None else pytest.approx(float(total)))
    assert made.denominator is Denominator.SUB_PERIOD_CAPITAL


def sub_period(text: str) -> SubPeriod:
    """`110+50>176`: 110, then 50 came in, then it was 176."""
    begins, ends = text.split(">")
    sign = "-" if "-" in begins else "+"
    value, _, flow = begins.partition(sign)
    return SubPeriod(Decimal(value), Decimal(f"{sign}{flow or 0}"), Decimal(ends))


@pytest.mark.parametrize(
    ("timing", "capital"),
    [
        (FlowTiming.END_OF_DAY, 1000 + 100 * 20 / 30),
        (FlowTiming.START_OF_DAY, 1000 + 100 * 21 / 30),
    ],
)
def test_modified_dietz_weighs_each_flow_by_the_time_it_was_there(timing, capital):
    # 30 days in June; 100 came in on the 10th, after which 20 days are left.
    made = modified_dietz(
        Decimal(1000),
        Decimal(1150),
        {date(2024, 6, 10): Decimal(100)},
        start=date(2024, 6, 1),
        end=date(2024, 7, 1),
        timing=timing,
    )

    assert made.value == pytest.approx(50 / capital)
    assert made.denominator is Denominator.WEIGHTED_CAPITAL


def test_modified_dietz_needs_capital():
    made = modified_dietz(Decimal(0), Decimal(5), {}, start=date(2024, 6, 1), end=date(2024, 7, 1))

    assert (made.value, made.reason) == (None, Reason.DENOMINATOR_NOT_POSITIVE)


# fava-portfolio-returns: (1 + r in the target) = (1 + r of the asset) (1 + r of the currency).
@pytest.mark.parametrize(
    ("asset", "currency", "target"),
    [
        (0, 0, 0),
        (0, 1, 1.0),
        (0.5, 1, 2.0),
        (0.5, -0.25, 0.125),
        (-0.25, -0.25, -0.4375),
        (-0.25, 0, -0.25),
    ],
)
def test_the_gain_of_the_currency_compounds(asset, currency, target):
    assert compounded([asset, currency]) == pytest.approx(target)
    assert currency_effect(target, asset) == pytest.approx(currency)


def test_no_currency_adds_to_a_total_loss():
    assert currency_effect(-1.0, -1.0) is None


def test_months_and_years_are_a_grid_with_gaps():
    days = "100+100 " + " ".join(["100"] * 30 + ["110"] * 29 + ["121"] * 20)
    made = return_grid(series(days, date(2023, 12, 1)))

    assert [year.year for year in made] == [2023, 2024]
    assert made[0].months[:11] == (None,) * 11
    assert made[0].months[11].value == 0
    assert [month and month.value for month in made[1].months[:4]] == [
        pytest.approx(0.21),
        pytest.approx(0),
        None,
        None,
    ]
    assert made[1].total.value == pytest.approx(0.21)


AMOUNTS = st.integers(0, 1_000_000).map(lambda cents: cents / 100)


@st.composite
def some_series(draw, flows=AMOUNTS) -> ValueSeries:
    size = draw(st.integers(2, 12))
    column = lambda of: np.array(draw(st.lists(of, min_size=size, max_size=size)))  # noqa: E731
    value = column(st.integers(1, 1_000_000).map(lambda cents: cents / 100))
    return ValueSeries(date(2024, 1, 1), draw(AMOUNTS), value, column(flows), column(flows))


@given(some_series(), st.integers(0, 12))
def test_two_stretches_chained_are_the_whole(days, place):
    middle = days.day(min(place, len(days) - 1))
    halves = [days.between(days.first, middle), days.between(middle, days.end)]

    rates = [time_weighted(each).total.value for each in halves if len(each)]

    assert compounded(rates) == pytest.approx(time_weighted(days).total.value, rel=1e-9, abs=1e-9)


@given(some_series(), st.sampled_from([0.001, 7.0, 1e6]))
def test_the_size_of_the_money_is_irrelevant(days, factor):
    scaled = ValueSeries(
        days.first,
        days.opening * factor,
        days.value * factor,
        days.inflow * factor,
        days.outflow * factor,
    )

    assert time_weighted(scaled).index == pytest.approx(time_weighted(days).index)


@given(some_series(flows=st.just(0.0)), AMOUNTS, st.integers(0, 11))
def test_what_comes_in_at_the_price_of_the_day_changes_nothing(days, bought, place):
    """More of the same from then on: the price of a unit is the value without flows."""
    place = min(place, len(days) - 1)
    units = np.ones(len(days))
    units[place:] += bought / days.value[place]
    inflow = np.zeros(len(days))
    inflow[place] = bought
    more = ValueSeries(days.first, days.opening, days.value * units, inflow, days.outflow)

    made = time_weighted(more, timing=FlowTiming.END_OF_DAY)

    plain = time_weighted(days, timing=FlowTiming.END_OF_DAY)
    assert made.index == pytest.approx(plain.index, rel=1e-6, abs=1e-6)
