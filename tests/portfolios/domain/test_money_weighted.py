"""The money-weighted return, against figures that others publish."""

import itertools
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portfolios.domain.money_weighted import DayCount, MoneyWeighted, money_weighted, xirr
from portfolios.domain.money_weighted_many import xirr_many
from portfolios.domain.percentages import Reason
from portfolios.domain.status import Status
from tests.portfolios.domain.day_notation import series


def flows(text: str) -> list[tuple[date, Decimal]]:
    """`flows("2024-01-01:-100 2025-01-01:110")`: paid in 100, took out 110."""
    pairs = (token.split(":") for token in text.split())
    return [(date.fromisoformat(day), Decimal(amount)) for day, amount in pairs]


# Pyxirr's test suite publishes most of these.
PUBLISHED = {
    "364 days": ("2010-01-01:-200 2010-12-31:210", 0.050140747, 1e-8),
    "nearly everything lost": (
        "2019-05-24:-1560.94 2020-01-13:-1160 2020-06-29:42.8",
        -0.999251643,
        1e-8,
    ),
    "a large last flow": (
        (
            "2008-01-01:-10000 2008-03-01:2750 2008-10-30:4250 2009-02-15:3250 2009-04-01:2750 "
            "2009-06-01:46000"
        ),
        3.434984565,
        1e-8,
    ),
    "a loan": ("2015-04-01:4000 2019-06-27:-46000", 0.77868869226873, 1e-7),
    "a day twice": (
        (
            "2019-06-20:1893.67 2019-06-27:139947.43 2019-06-21:52573.25 2019-06-24:48849.74 "
            "2019-06-27:26369.16 2019-07-27:-273029.18"
        ),
        0.15467888,
        1e-6,
    ),
    "a huge rate": (
        (
            "2019-06-27:1 2019-06-27:1893.67 2019-06-21:52573.25 2019-06-24:48849.74 "
            "2019-06-27:26369.16 2019-07-27:-273029.18"
        ),
        3235.159644,
        1e-5,
    ),
    "no growth": ("2010-01-01:-1000 2011-01-01:1000", 0.0, 1e-9),
    "a loss of a tenth": ("2010-01-01:-1000 2011-01-01:900", -0.1, 1e-9),
    "threefold": ("2010-01-01:-1000 2011-01-01:3000", 2.0, 1e-9),
    "17 years": (
        (
            "2000-05-24:-10000 2000-06-05:3027.25 2001-04-09:630.68 2004-02-24:2018.2 "
            "2005-03-18:1513.62 2006-02-15:1765.89 2007-01-10:4036.33 2007-11-14:4036.33 "
            "2008-12-17:1513.62 2010-01-15:1513.62 2011-01-14:2018.16 2012-02-03:1513.62 "
            "2013-01-18:1009.08 2014-01-24:1513.62 2015-01-30:1513.62 2016-01-22:1765.89 "
            "2017-01-20:1765.89 2017-06-05:22421.55"
        ),
        0.2126861,
        1e-6,
    ),
    "in no order": (
        "2015-06-11:-1000 2015-07-21:-9000 2018-06-10:20000 2015-10-17:-3000",
        0.16353715844,
        1e-9,
    ),
    "eleven days": ("2020-03-05:-18480 2020-03-16:13120", -0.9999884228170087, 1e-10),
    "zeros before, between and after": (
        (
            "2021-12-31:0 2022-12-31:0 2023-12-31:-100 2024-12-31:10 2025-12-31:0 2026-12-31:10 "
            "2027-12-31:10 2028-12-31:10 2029-12-31:200 2030-12-31:0 2033-12-31:0"
        ),
        0.175680730580782,
        1e-9,
    ),
    # Portfolio Performance.
    "a short sale's collateral": (
        "2024-01-01:-200 2024-02-01:-240 2024-12-31:800",
        0.871,
        1e-4,
    ),
    "a security with its dividend before tax": (
        "2015-12-31:-1000 2016-06-01:150 2016-12-31:1230",
        0.412128788,
        1e-8,
    ),
    "a security in another currency": (
        "2015-01-01:-454.6 2015-01-01:-462.81 2015-08-03:-498.45 2015-08-10:1495.34",
        0.1446282845545095,
        1e-9,
    ),
    "bought four times, sold once": (
        "2019-01-15:-150 2019-02-15:-1000 2019-04-15:-174.6 2019-05-15:188 2019-12-31:600",
        -0.507177136905005,
        1e-9,
    ),
    "a delivery without its tax": ("2014-01-02:-7648 2014-12-06:7430", -0.030745789, 1e-8),
    "one deposit": ("2021-01-15:-155 2023-06-12:190.06", 0.0885, 5e-4),
    "three deposits": (
        "2021-01-15:-155 2022-01-14:-84 2022-09-30:-67 2023-06-12:396.85",
        0.156,
        5e-4,
    ),
    "two years": ("2021-01-01:-100 2023-01-01:130", 0.140175, 1e-5),
}


@pytest.mark.parametrize(("text", "rate", "tolerance"), PUBLISHED.values(), ids=PUBLISHED)
@pytest.mark.parametrize("solve", [xirr, lambda each: xirr_many([each])[0]], ids=["one", "many"])
def test_the_yearly_rate_is_the_published_one(solve, text, rate, tolerance):
    made = solve(flows(text))

    assert made.annual.value == pytest.approx(rate, abs=tolerance)
    assert made.annual.status is Status.COMPLETE
    assert made.other_roots == ()


@pytest.mark.parametrize(
    ("day_count", "rate"),
    [
        (DayCount.ACT_360, 0.0991988898057063),
        (DayCount.ACT_365F, 1.0991988898057063 ** (365 / 360) - 1),
        (DayCount.ACT_365_25, 1.0991988898057063 ** (365.25 / 360) - 1),
    ],
)
def test_a_year_has_as_many_days_as_the_convention_says(day_count, rate):
    text = "2007-01-12:-10000 2008-02-14:2500 2008-03-03:2000 2008-06-14:3000 2008-12-01:4000"

    assert xirr(flows(text), day_count=day_count).annual.value == pytest.approx(rate, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "rate", "others"),
    [
        # Gained 15 % without the last payment; the roots are 10 % and 20 %.
        ("2020-01-01:-100 2020-12-31:230 2021-12-31:-132", 0.10, [0.20]),
        # 1000 (1 + r)³ − 6000 (1 + r)² + 11000 (1 + r) − 6000 = 0.
        ("2021-01-01:-1000 2022-01-01:6000 2023-01-01:-11000 2024-01-01:6000", 0.0, [1.0, 2.0]),
        # Both roots near −100 %: the nearer one to the simple return, a loss of 72 %.
        (
            "2020-01-01:-100 2020-04-10:30 2020-04-20:-8 2020-07-19:-0.5",
            -0.99821825379,
            [-0.99999639453],
        ),
        # Roots of −99.379 % and −99.96 %, as in a published case.
        ("2021-01-01:-1000000 2022-01-01:6610 2023-01-01:-2.484", -0.99379, [-0.9996]),
        # A double root: (1 + r − 1.1)² touches zero and turns back.
        ("2021-01-01:-100 2022-01-01:220 2023-01-01:-121", 0.10, []),
    ],
    ids=["two", "three", "two near −100 %", "two more near it", "a double one"],
)
def test_of_several_rates_the_one_nearest_to_the_simple_return_is_taken(text, rate, others):
    made = xirr(flows(text))

    assert made.annual.value == pytest.approx(rate, abs=1e-6)
    assert made.other_roots == pytest.approx(others, abs=1e-6)
    assert xirr_many([flows(text)]) == [made]


@pytest.mark.parametrize(
    ("text", "closing", "reason"),
    [
        ("2020-01-01:-100 2021-01-01:-5", None, Reason.NO_SIGN_CHANGE),
        ("2020-01-01:-100 2021-01-01:0", None, Reason.NO_SIGN_CHANGE),
        ("2020-01-01:100", None, Reason.NO_SIGN_CHANGE),
        ("", None, Reason.NO_SIGN_CHANGE),
        ("2020-01-01:-100", "2020-01-01:110", Reason.NO_SIGN_CHANGE),
        ("2020-01-01:-100", "2021-01-01:-5", Reason.NO_SIGN_CHANGE),
        # Rounding leaves 5.6e-17 of these three.
        ("2020-01-01:-0.3 2020-01-01:0.1 2020-01-01:0.2", None, Reason.NO_SIGN_CHANGE),
        ("2020-01-01:-100 2021-01-01:150 2022-01-01:-100", None, Reason.NO_RATE),
        # Tenfold in a day is 10³⁶⁵ in a year: more than a number can hold.
        ("2020-01-01:-100", "2020-01-02:1000", Reason.TOO_LARGE),
    ],
)
def test_where_no_rate_can_be_given_it_is_unavailable(text, closing, reason):
    end = flows(closing)[0] if closing else None

    made = xirr(flows(text), closing=end)

    assert (made.annual.value, made.annual.status) == (None, Status.UNAVAILABLE)
    assert made.annual.reason is reason
    assert xirr_many([flows(text)], closings=[end]) == [made]


def test_what_is_worth_nothing_at_the_end_is_a_total_loss():
    made = xirr(flows("2020-01-01:-100 2020-06-01:-50"), closing=(date(2021, 1, 1), Decimal(0)))

    assert made.annual.value == made.period.value == -1
    assert (made.annual.status, made.annual.reason) == (Status.COMPLETE, Reason.TOTAL_LOSS)


@pytest.mark.parametrize(
    ("text", "annual", "period"),
    [
        ("2020-01-01:-100 2020-01-02:110", 1.1**365 - 1, 0.1),
        ("2020-01-01:-100 2020-01-02:10", -1.0, -0.9),
        ("1920-01-01:-1 2020-01-01:1000000", 10 ** (6 * 365 / 36525) - 1, 999_999),
        ("2020-01-01:-0.000001 2020-12-31:1000000000000", 1e18, 1e18),
    ],
    ids=["a good day", "a bad day", "a century", "far apart"],
)
def test_very_short_and_very_long_times_overflow_nowhere(text, annual, period):
    made = xirr(flows(text))

    assert made.annual.value == pytest.approx(annual, rel=1e-9)
    assert made.period.value == pytest.approx(period, rel=1e-9)


def test_the_rate_of_the_period_is_the_same_growth_over_its_days():
    # Wealthfolio: 1,000 EUR held in a USD portfolio, 200 EUR taken out after five days.
    made = money_weighted(
        series("1050 1060 1080 1080 864-216 872 880", date(2025, 1, 3), opening="1050")
    )

    assert made.days == 7
    assert made.period.value == pytest.approx(0.04649827, abs=1e-8)


def test_values_between_may_be_unknown_but_not_flows_nor_the_ends():
    known = money_weighted(series("100+100 ? 110"))
    flow = money_weighted(series("100+100 100+? 110"))
    ends = money_weighted(series("100 ?", opening="?"))

    assert known.period.value == pytest.approx(0.1)
    assert (flow.annual.reason, flow.annual.missing) == (Reason.FLOW_UNKNOWN, ("2024-01-02",))
    assert ends.annual.reason is Reason.VALUE_UNKNOWN
    assert ends.annual.missing == ("2023-12-31", "2024-01-02")


def test_many_of_none_are_none_and_the_order_is_kept():
    one, lost = flows("2020-01-01:-100 2020-12-31:110"), flows("2020-01-01:-100 2020-12-31:0")

    assert xirr_many([]) == []
    assert [each.annual.value for each in xirr_many([[], one, lost, one])] == [
        None,
        pytest.approx(0.1),
        None,
        pytest.approx(0.1),
    ]


def test_many_at_once_overflow_nowhere_either():
    # The last two flows alone have a rate that would make e¹⁸⁰⁰⁰ of the first.
    text = "2020-01-01:-1000000 2022-09-25:1 2022-09-26:-1000000 2022-09-27:0.01"

    assert same(xirr_many([flows(text)])[0], xirr(flows(text)))


START = date(2015, 1, 1)
AMOUNTS = st.integers(-100_000, 100_000).map(lambda cents: Decimal(cents).scaleb(-2))
A_PORTFOLIO = st.lists(st.tuples(st.integers(0, 4000), AMOUNTS), min_size=1, max_size=12).map(
    lambda rows: [(START + timedelta(days=days), amount) for days, amount in rows]
)


def same(left: MoneyWeighted, right: MoneyWeighted) -> bool:
    """Rates of both, or neither, to nine digits."""
    if left.annual.value is None or right.annual.value is None:
        return left.annual == right.annual
    return left.annual.value == pytest.approx(right.annual.value, rel=1e-9, abs=1e-9)


@given(st.lists(A_PORTFOLIO, max_size=8))
def test_many_at_once_are_each_as_alone(portfolios):
    for alone, made in zip(map(xirr, portfolios), xirr_many(portfolios), strict=True):
        assert same(alone, made)
        assert made.other_roots == pytest.approx(alone.other_roots, rel=1e-6, abs=1e-6)


@given(A_PORTFOLIO, st.randoms(use_true_random=False))
def test_the_order_of_flows_is_irrelevant(portfolio, dice):
    shuffled = dice.sample(portfolio, len(portfolio))

    assert same(xirr(portfolio), xirr(shuffled))


@given(A_PORTFOLIO, st.sampled_from([Decimal("0.001"), Decimal(7), Decimal(1_000_000)]))
def test_the_size_of_the_money_is_irrelevant(portfolio, factor):
    scaled = [(day, amount * factor) for day, amount in portfolio]

    assert same(xirr(portfolio), xirr(scaled))


@given(A_PORTFOLIO)
def test_all_rates_are_roots_and_there_are_no_others(portfolio):
    made = xirr(portfolio)
    assume(made.annual.value is not None)
    days = np.array([day.toordinal() for day, _ in portfolio], dtype=float)
    times = (days - days.min()) / 365
    amounts = np.array([float(amount) for _, amount in portfolio])

    def worth(rate):
        return float(np.sum(amounts * np.exp(-np.log1p(rate) * times)))

    rates = sorted({made.annual.value, *made.other_roots})
    assume(rates[0] > -0.99 and rates[-1] < 100)
    for rate in rates:
        size = np.sum(np.abs(amounts) * np.exp(-np.log1p(rate) * times))
        assert abs(worth(rate)) <= 1e-9 * size
    grid = np.expm1(np.linspace(np.log(0.02), np.log(90), 400))
    changes = [
        (low, high) for low, high in itertools.pairwise(grid) if worth(low) * worth(high) < 0
    ]
    assert all(any(low <= rate <= high for rate in rates) for low, high in changes)
