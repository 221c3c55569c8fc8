"""Volatility, ratios and comparisons, in the numbers of published test suites and of our own."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain import comparison, ratios, risk
from portfolios.domain.estimates import (
    EVERY_DAY,
    LISTED,
    MONTHLY,
    WEEKLY,
    Basis,
    gaps_as_no_change,
    per_observation,
    sample,
)
from portfolios.domain.status import Status
from tests.portfolios.domain.return_series import (
    ALL_NEGATIVE,
    BENCHMARK,
    FLAT,
    LINES,
    MIXED,
    NAN,
    NEGATIVE,
    ONE,
    POSITIVE,
    TWO,
    UNBROKEN,
    UPS_AND_DOWNS,
    percent,
)

NO_SCALE = Basis(1, "as they are")


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        (risk.volatility(LINES, Basis(365.25, "days")), 0.21952),
        (risk.volatility(LINES, NO_SCALE), 0.011486),
        (risk.volatility(LINES, EVERY_DAY), 0.011486 * math.sqrt(365)),
    ],
)
def test_log_returns_of_straight_lines_spread_as_published(estimate, expected):
    assert estimate.value == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        (risk.simple_volatility(MIXED, LISTED), 0.9136465399704637),
        (risk.simple_volatility(UNBROKEN, WEEKLY), 0.38851569394870583),
        (risk.simple_volatility(UNBROKEN, MONTHLY), 0.18663690238892558),
        (risk.simple_volatility(FLAT, LISTED), 0),
        (risk.volatility(FLAT, LISTED), 0),
        (risk.semi_deviation(FLAT), 0),
        (risk.period_volatility(UPS_AND_DOWNS), 0.017736692475),
        (risk.semi_deviation(UPS_AND_DOWNS), 0.012188677034),
        (risk.downside_deviation(MIXED, LISTED), 0.60448325038829653),
        (risk.downside_deviation(MIXED, LISTED, required=0.1), 1.7161730681956295),
        (risk.downside_deviation(MIXED, LISTED, required=MIXED), 0),
        (risk.downside_deviation([0.01], LISTED), 0),
        (risk.downside_deviation(UNBROKEN, WEEKLY), 0.25888650451930134),
        (risk.downside_deviation(UNBROKEN, WEEKLY, required=0.1), 0.7733045971672482),
        (risk.downside_deviation(UNBROKEN, MONTHLY), 0.1243650540411842),
        (risk.downside_deviation(UNBROKEN, MONTHLY, required=0.1), 0.37148351242013422),
        (risk.downside_deviation(ONE, LISTED), 0.20671788246185202),
        (risk.downside_deviation(TWO, LISTED), 0.083495680595704475),
    ],
)
def test_spreads_are_as_published(estimate, expected):
    assert estimate.value == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        (ratios.cagr(gaps_as_no_change(MIXED), LISTED), 1.9135925373194231),
        (ratios.cagr(UNBROKEN, WEEKLY), 0.24690830513998208),
        (ratios.cagr(UNBROKEN, MONTHLY), 0.052242061386048144),
        (ratios.cagr([0.01], LISTED), 11.274002099240244),
        (ratios.cagr(LINES, Basis(365.25, "days")), 1.25 ** (365.25 / 45) - 1),
        (ratios.cagr([0.5, -1, 0.5], LISTED), -1),
        (ratios.sharpe(MIXED, LISTED), 1.7238613961706866),
        (ratios.sharpe(MIXED, LISTED, risk_free=BENCHMARK), 0.34111411441060574),
        (ratios.sharpe(POSITIVE, LISTED), 52.915026221291804),
        (ratios.sharpe(NEGATIVE, LISTED), -24.406808633910085),
        (ratios.sortino(MIXED, LISTED), 2.605531251673693),
        (ratios.sortino(MIXED, LISTED, required=0.01), -1.3934779588919977),
        (ratios.sortino(NEGATIVE, LISTED), -13.5327430750434),
        (ratios.sortino(UNBROKEN, WEEKLY), 1.1158901056866439),
        (ratios.sortino(UNBROKEN, MONTHLY), 0.53605626741889756),
        (ratios.sortino(ONE, LISTED), 3.0639640966566306),
        (ratios.sortino(TWO, LISTED), 38.090963117002495),
        (ratios.calmar(gaps_as_no_change(MIXED), LISTED), 19.135925373194233),
        (ratios.calmar(UNBROKEN, WEEKLY), 2.4690830513998208),
        (ratios.calmar(UNBROKEN, MONTHLY), 0.52242061386048144),
        (ratios.omega(MIXED, threshold=per_observation(10, LISTED)), 0.83354263497557934),
        (ratios.omega(MIXED, threshold=0.01), 0.8125),
        (ratios.omega(POSITIVE, threshold=0.011), 1.125),
        (ratios.omega(POSITIVE, threshold=0.02), 0),
        (ratios.omega(NEGATIVE, threshold=0.01), 0),
    ],
)
def test_ratios_are_as_published(estimate, expected):
    assert estimate.value == pytest.approx(expected, abs=1e-8)


#: A mean of 1 % and a standard deviation of 2 %, as docs/methods.md has it.
PLAIN = percent(-1, 1, 3)


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        (risk.volatility(PLAIN, LISTED), 0.3144),
        (risk.simple_volatility(PLAIN, LISTED), 0.3175),
        (risk.period_volatility(PLAIN), 0.0343),
        (risk.semi_deviation(PLAIN), 0.0243),
        (risk.downside_deviation(PLAIN, MONTHLY), 0.02),
        (ratios.cagr(PLAIN, MONTHLY), 0.1251),
        (ratios.sharpe(PLAIN, MONTHLY), math.sqrt(3)),
        (ratios.sortino(PLAIN, MONTHLY), 6),
        (ratios.calmar(PLAIN, MONTHLY), 12.506),
        (ratios.omega(PLAIN), 4),
        (risk.value_at_risk(percent(5, -2, 1, -4, 0), cutoff=0.1), -0.032),
        (risk.expected_shortfall(percent(5, -2, 1, -4, 0), cutoff=0.1), -0.04),
        (risk.normal_value_at_risk(PLAIN), -0.0229),
        (comparison.tracking_error(percent(3, 7, -1), percent(1, 3, -1), MONTHLY), 0.0693),
        (comparison.information_ratio(percent(3, 7, -1), percent(1, 3, -1), MONTHLY), 3.464),
        (comparison.capture(percent(3, 7, -1), percent(1, 3, -1), MONTHLY), 3.336),
    ],
)
def test_round_numbers_give_what_pencil_and_paper_give(estimate, expected):
    assert estimate.value == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(
    ("returns", "cutoff", "expected"),
    [
        ([1, 2], 0, 1),
        ([1, 2], 0.3, 1.3),
        ([1, 2], 1, 2),
        ([1, 81, 82, 83, 84, 85], 0.1, 41),
        ([1, 81, 82, 83, 84, 85], 0.2, 81),
        ([1, 81, 82, 83, 84, 85], 0.3, 81.5),
    ],
)
def test_value_at_risk_lies_between_observations(returns, cutoff, expected):
    assert risk.value_at_risk(returns, cutoff=cutoff).value == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("cutoff", "expected"), [(0, 1), (0.2, 41), (0.3, 41), (0.4, 164 / 3)])
def test_the_expected_shortfall_is_the_mean_of_the_worst(cutoff, expected):
    found = risk.expected_shortfall([81, 1, NAN, 85, 82, 83, 84], cutoff=cutoff)

    assert found.value == pytest.approx(expected)


def test_the_value_at_risk_of_a_normal_distribution_grows_with_the_root_of_time():
    one, four = (risk.normal_value_at_risk(PLAIN, horizon=days).value for days in (1, 4))

    assert one == pytest.approx(0.01 - 1.6448536 * 0.02)
    assert four == pytest.approx(0.04 - 1.6448536 * 0.04)


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        (comparison.beta(MIXED, NEGATIVE), -0.71296296296296313),
        (comparison.alpha(MIXED, NEGATIVE, LISTED), -0.9997853834885004),
        (comparison.beta(MIXED, MIXED), 1),
        (comparison.alpha(MIXED, MIXED, LISTED), 0),
        (comparison.beta(MIXED, [-each for each in MIXED]), -1),
        (comparison.alpha(MIXED, [-each for each in MIXED], LISTED), 0),
        (comparison.capture(MIXED, MIXED, LISTED), 1),
        (comparison.capture([0.01], [0.01], LISTED), 1),
        (
            comparison.capture(ALL_NEGATIVE, gaps_as_no_change(MIXED), LISTED),
            -0.52257643222960259,
        ),
        (comparison.down_capture(ALL_NEGATIVE, MIXED, LISTED), 0.99956025703798634),
        (comparison.down_capture(POSITIVE, MIXED, LISTED), -11.27400221),
        (comparison.up_capture(MIXED, MIXED, LISTED), 1),
        (comparison.information_ratio(MIXED, [0] * 9, NO_SCALE), 0.10859306069076737),
        (comparison.information_ratio(MIXED, FLAT, NO_SCALE), -0.06515583641446039),
        (comparison.tracking_error(MIXED, [0] * 9, LISTED), 0.9136465399704637),
        # Twice the benchmark and 1 % more: 3, 7 and −1 % against 1, 3 and −1 %.
        (comparison.beta(percent(3, 7, -1), percent(1, 3, -1)), 2),
        (comparison.jensen_alpha(percent(3, 7, -1), percent(1, 3, -1), MONTHLY), 0.12),
        (comparison.alpha(percent(3, 7, -1), percent(1, 3, -1), MONTHLY), 1.01**12 - 1),
        # With 0.5 % risk-free, 2.5 − 2 × 0.5 = 1.5 % a month is beyond what beta explains.
        (
            comparison.jensen_alpha(percent(3, 7, -1), percent(1, 3, -1), MONTHLY, risk_free=0.005),
            0.18,
        ),
    ],
)
def test_comparisons_are_as_published(estimate, expected):
    assert estimate.value == pytest.approx(expected, abs=1e-8)


NOT_VARYING = [
    ratios.sharpe(FLAT, LISTED),
    ratios.sharpe([1.01**n / 1.01 ** (n - 1) - 1 for n in range(1, 30)], LISTED),
    ratios.sharpe(MIXED, LISTED, risk_free=MIXED),
    ratios.sortino(POSITIVE, LISTED),
    ratios.calmar(POSITIVE, LISTED),
    ratios.omega(POSITIVE, threshold=0.01),
    ratios.omega(MIXED, threshold=-1),
    comparison.beta(MIXED, FLAT),
    comparison.alpha(MIXED, FLAT, LISTED),
    comparison.jensen_alpha(MIXED, FLAT, LISTED),
    comparison.information_ratio(MIXED, MIXED, LISTED),
    comparison.capture(MIXED, [0] * 9, LISTED),
]
TOO_FEW = [
    risk.volatility([0.01], LISTED),
    risk.volatility(MIXED, Basis(252, "days", minimum=30)),
    risk.simple_volatility([0.01], LISTED),
    risk.period_volatility([NAN, 0.01]),
    risk.semi_deviation([0.01]),
    risk.downside_deviation([NAN], LISTED),
    risk.value_at_risk([]),
    risk.expected_shortfall([]),
    risk.normal_value_at_risk([0.01]),
    ratios.cagr([], LISTED),
    ratios.calmar([], LISTED),
    ratios.sharpe([0.01], LISTED),
    ratios.sortino([-0.01], LISTED),
    ratios.omega([0.01]),
    comparison.beta([0.01], [0.01]),
    comparison.alpha([0.01], [0.01], LISTED),
    comparison.beta([0.01, NAN], [NAN, 0.01]),
    comparison.capture([], [], LISTED),
    comparison.down_capture([0.01], [0.01], LISTED),
    comparison.tracking_error([0.01], [0.01], LISTED),
    comparison.information_ratio([0.01], [0.01], LISTED),
]
WITHOUT_MEANING = [
    risk.volatility([0.1, -1, 0.1], LISTED),
    ratios.cagr([50, 50, 50], LISTED),
    comparison.alpha([-1, -3, -2], [0, 1, 0.5], LISTED),
    comparison.alpha([50, 51, 50], [0, 1, 0], LISTED),
]


@pytest.mark.parametrize("estimate", [*NOT_VARYING, *TOO_FEW, *WITHOUT_MEANING])
def test_where_a_figure_is_not_defined_there_is_a_reason_instead(estimate):
    assert (estimate.value, estimate.status) == (None, Status.UNAVAILABLE)
    assert estimate.reason.endswith(".")


def test_unknown_returns_are_left_out_and_counted():
    estimate = risk.volatility(MIXED, LISTED)

    assert (estimate.observations, estimate.dropped) == (8, 1)
    assert (estimate.status, estimate.reason) == (
        Status.PARTIAL,
        "1 of 9 observations are unknown.",
    )
    assert estimate.value == risk.volatility(MIXED[1:], LISTED).value
    assert risk.volatility(MIXED[1:], LISTED).status is Status.COMPLETE


def test_a_figure_says_what_it_is_scaled_to():
    assert risk.volatility(UNBROKEN, LISTED).method == (
        "log returns × √252 (trading days, 252 a year)"
    )


def test_series_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="shape"):
        sample([0.1, 0.2], [0.1, 0.2, 0.3])


returns_lists = st.lists(st.floats(-0.5, 0.5).map(lambda each: round(each, 6)), min_size=3)


@given(returns_lists, st.sampled_from([0.01, 0.05, 0.2, 0.5, 1]))
def test_the_expected_shortfall_is_never_better_than_the_value_at_risk(returns, cutoff):
    shortfall = risk.expected_shortfall(returns, cutoff=cutoff).value

    assert min(returns) - 1e-12 <= shortfall
    assert shortfall <= risk.value_at_risk(returns, cutoff=cutoff).value + 1e-12


@given(returns_lists, st.floats(0.1, 10))
def test_ratios_do_not_depend_on_the_size_of_returns(returns, factor):
    scaled = [each * factor for each in returns]

    for compute in (
        lambda each: ratios.sharpe(each, LISTED),
        lambda each: ratios.sortino(each, LISTED),
        ratios.omega,
    ):
        before, after = compute(returns).value, compute(scaled).value
        assert (before is None) == (after is None)
        assert before is None or after == pytest.approx(before, rel=1e-6)


@given(returns_lists, st.floats(0.1, 10))
def test_spreads_grow_with_the_returns(returns, factor):
    scaled = [each * factor for each in returns]

    for compute in (risk.simple_volatility, risk.downside_deviation):
        before, after = compute(returns, LISTED).value, compute(scaled, LISTED).value
        assert after == pytest.approx(before * factor, rel=1e-6, abs=1e-9)


@given(returns_lists, st.floats(-3, 3), st.floats(-0.01, 0.01))
def test_beta_finds_the_factor_that_a_benchmark_was_multiplied_by(benchmark, factor, more):
    returns = [factor * each + more for each in benchmark]
    found = comparison.beta(returns, benchmark)

    assert found.value is None or found.value == pytest.approx(factor, abs=1e-6)
    assert (found.value is None) == (np.ptp(benchmark) < 1e-9)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_no_series_makes_a_figure_infinite(returns):
    with np.errstate(all="ignore"):
        estimates = [
            risk.simple_volatility(returns, LISTED),
            risk.value_at_risk(returns),
            risk.expected_shortfall(returns),
            ratios.cagr(returns, LISTED),
            ratios.sharpe(returns, LISTED),
            ratios.sortino(returns, LISTED),
            ratios.omega(returns),
            comparison.beta(returns, returns),
        ]

    for estimate in estimates:
        assert estimate.value is None or math.isfinite(estimate.value)
        assert (estimate.value is None) == (estimate.status is Status.UNAVAILABLE)
