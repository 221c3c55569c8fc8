"""A portfolio's days as arrays."""

from datetime import date
from math import isnan

import pytest

from portfolios.domain.series import BadSeries, DayRow, ValueSeries
from tests.portfolios.domain.day_notation import rows, series


def test_days_follow_each_other_and_flows_stay_gross():
    made = series("100+100 150+60-10 ?")

    assert made.dates == (date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3))
    assert made.end == date(2024, 1, 4)
    assert made.inflow.tolist() == [100, 60, 0]
    assert made.outflow.tolist() == [0, 10, 0]
    assert isnan(made.closing)


def test_a_stretch_opens_with_the_close_of_the_day_before():
    made = series("100+100 110 120 130").between(date(2024, 1, 3), date(2024, 1, 4))

    assert (made.first, made.opening, made.value.tolist()) == (date(2024, 1, 3), 110, [120])


def test_a_stretch_is_cut_where_the_series_ends_and_keeps_its_opening():
    whole = series("100 110", opening="90")

    stretch = whole.between(date(2023, 1, 1), date(2025, 1, 1))
    nothing = whole.between(date(2025, 1, 1), date(2025, 2, 1))

    assert (stretch.opening, stretch.value.tolist()) == (90, [100, 110])
    assert (len(nothing), nothing.opening, nothing.closing) == (0, 110, 110)


@pytest.mark.parametrize(
    "days",
    [
        [],
        [*rows("100"), *rows("100")],
        [*rows("100"), *rows("100", date(2024, 1, 3))],
        [rows("1")[0]._replace(inflow=-1)],
    ],
    ids=["no days", "a day twice", "a day missing", "a negative gross flow"],
)
def test_what_is_no_row_of_days_is_refused(days: list[DayRow]):
    with pytest.raises(BadSeries):
        ValueSeries.of(days)
