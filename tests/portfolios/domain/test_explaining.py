"""Every number of every tree follows from those below it, and the roots are the figures shown."""

from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain.fx import Rates
from marketdata.domain.quotes import MarketState, Quote
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.summary import (
    CashInput,
    LotInput,
    PositionInput,
    TotalInput,
    explain,
)
from portfolios.domain.explaining.trees import Node, listed, made, recomputed
from portfolios.domain.explaining.trees import given as node
from portfolios.domain.valuation import Holding, value
from tests.portfolios.domain.notation import CREATED_AT

RATES = Rates({("EUR", "USD"): Decimal("1.25"), ("CHF", "EUR"): Decimal("0.95")})
BEFORE = Rates({("EUR", "USD"): Decimal("1.20")})
NOTHING = TotalInput(*[Decimal(0)] * 4)


def walk(tree: Node) -> Iterator[Node]:
    yield tree
    for each in tree.inputs:
        yield from walk(each)


def trees_of(found) -> Iterator[Node]:
    roots = (getattr(found, field.name) for field in fields(found))
    yield from (each for each in roots if isinstance(each, Node))
    for position in found.positions.values():
        yield from (getattr(position, field.name) for field in fields(position))


numbers = st.decimals("-1000", "1000", places=4)
maybe = st.none() | numbers
positions = st.builds(
    PositionInput,
    key=st.sampled_from(["A", "B", "C"]),
    label=st.just("X"),
    currency=st.just("EUR"),
    quantity=numbers,
    multiplier=st.sampled_from([Decimal(1), Decimal("0.01"), Decimal(100)]),
    price=maybe,
    price_currency=st.sampled_from(["EUR", "USD", "CHF", "JPY"]),
    rate=st.none(),
    previous_close=maybe,
    previous_rate=st.none(),
    lots=st.lists(st.builds(LotInput, st.just("Lot"), numbers, maybe, maybe), max_size=3),
    realized=maybe,
    income=maybe,
    fees=maybe,
    taxes=maybe,
)


def rated(position: PositionInput) -> PositionInput:
    currency = position.price_currency
    return replace(
        position,
        rate=RATES.find_rate(currency, "EUR"),
        previous_rate=BEFORE.find_rate(currency, "EUR"),
    )


@given(
    st.lists(positions, max_size=3, unique_by=lambda each: each.key),
    st.none() | st.dictionaries(st.sampled_from(["EUR", "USD", "JPY"]), numbers),
)
def test_every_node_is_recomputed_and_the_roots_are_what_the_valuation_says(found, cash):
    found = [rated(each) for each in found]
    balances = None
    if cash is not None:
        balances = [
            CashInput(name, amount, RATES.find_rate(name, "EUR"), BEFORE.find_rate(name, "EUR"))
            for name, amount in cash.items()
        ]

    trees = explain("EUR", positions=found, cash=balances, totals=NOTHING)
    costs = {key: each.cost.value for key, each in trees.positions.items()}
    shown = value(
        [
            Holding(each.key, each.currency, each.quantity, costs.get(each.key), each.multiplier)
            for each in found
        ],
        cash,
        quotes={
            each.key: Quote(
                instrument_id=each.key,
                price=each.price,
                currency=each.price_currency,
                at=CREATED_AT,
                source="test",
                previous_close=each.previous_close,
                market_state=MarketState.OPEN,
            )
            for each in found
            if each.price is not None
        },
        rates=RATES,
        previous_rates=BEFORE,
        base_currency="EUR",
    )

    for tree in trees_of(trees):
        for each in walk(tree):
            assert recomputed(each) == each.value
    assert trees.total.value == shown.total
    assert trees.holdings_value.value == shown.holdings_value
    assert trees.day_change.value == shown.day_change
    assert trees.unrealized.value == shown.unrealized
    if cash is not None:
        assert trees.cash.value == shown.cash
    for each in shown.positions:
        tree = trees.positions[each.instrument_id]
        assert tree.value.value == each.value_base
        assert tree.unrealized.value == each.unrealized_base
        assert tree.weight.value == each.weight
        assert tree.value_local.value == each.value
        assert tree.day_change.value == each.day_change_base
        assert tree.unrealized_rate.value == each.unrealized_rate
        assert_close(tree.day_change_rate.value, each.day_change_rate)
    assert_close(trees.day_change_rate.value, shown.day_change_rate)


def assert_close(told: Decimal | None, shown: Decimal | None) -> None:
    assert told == (shown and pytest.approx(shown, rel=Decimal("1e-20")))


def test_what_was_booked_on_no_instrument_is_a_line_of_its_own():
    totals = TotalInput(Decimal(0), Decimal(7), Decimal(0), None)

    trees = explain("EUR", positions=[], cash=None, totals=totals)

    assert [(each.label, each.value) for each in trees.income.inputs] == [
        ("On no instrument", Decimal(7))
    ]
    assert (trees.taxes.value, trees.fees.value, trees.cash) == (None, Decimal(0), None)


@pytest.mark.parametrize(
    ("formula", "values", "expected"),
    [
        (Formula.SUM, ["1", "2", "3"], "6"),
        (Formula.SUM, ["1", None], None),
        (Formula.SUM_KNOWN, ["1", None], "1"),
        (Formula.SUM_KNOWN, [None], None),
        (Formula.PRODUCT, ["2", "3", "4"], "24"),
        (Formula.DIFFERENCE, ["9", "3", "4"], "2"),
        (Formula.SHARE, ["1", "4"], "0.25"),
        (Formula.SHARE, ["1", "-4"], None),
        (Formula.QUOTIENT, ["1", "-4"], "-0.25"),
        (Formula.QUOTIENT, ["1", "0"], None),
        (Formula.SIZE, ["-4"], "4"),
        (Formula.GREATEST, ["1", "-4", "3"], "3"),
        (Formula.LEAST, ["1", "-4", "3"], "-4"),
        (Formula.LEAST, [], None),
        (Formula.LOGARITHM, ["1"], "0"),
        (Formula.LOGARITHM, ["0"], None),
        (Formula.EXPONENTIAL, ["0"], "1"),
        (Formula.LOG_GROWTH, ["0"], "0"),
        (Formula.LOG_GROWTH, ["-1"], None),
        (Formula.POWER, ["0.1", "2"], "1.21"),
        (Formula.BETWEEN, ["10", "20", "0.25"], "12.5"),
        (Formula.LAST, ["1", "3", "2"], "2"),
        (Formula.ROOT, ["9"], "3"),
        (Formula.ROOT, ["-9"], None),
        (Formula.GROWTH, ["12", "10"], "0.2"),
        (Formula.GROWTH, ["12", "0"], "0"),
        (Formula.COMPOUND, ["0.5", "-0.25"], "0.125"),
        (Formula.COMPOUND, ["0.5", None], None),
        (Formula.STRETCHED, ["0.21", "365", "730"], "0.1"),
        (Formula.STRETCHED, ["-1", "365", "730"], "-1"),
        (Formula.DISCOUNTED, ["121", "2", "0.1"], "100"),
        (Formula.SOLUTION, ["0.1", "-100", "100"], "0.1"),
        (Formula.SOLUTION, ["0.1", "-100", "101"], None),
    ],
)
def test_each_formula_does_what_it_says(formula, values, expected):
    inputs = [node("x", each and Decimal(each), "value") for each in values]

    assert made("y", formula, "value", inputs).value == (expected and Decimal(expected))


@pytest.mark.parametrize(
    ("formula", "part", "observations", "expected"),
    [
        (Formula.MEAN, None, ["-0.01", "0.01", "0.03"], "0.01"),
        (Formula.DEVIATION, None, ["-0.01", "0.01", "0.03"], "0.02"),
        (Formula.DEVIATION, None, ["0.01"], None),
        (Formula.LOG_DEVIATION, None, ["0", "0"], "0"),
        (Formula.LOG_DEVIATION, None, ["-1", "0"], None),
        (Formula.SHORTFALL, None, ["-0.04", "0.03", "0", "0"], "0.02"),
        (Formula.QUANTILE, "0.1", ["0.05", "-0.04", "0", "0.01", "-0.02"], "-0.032"),
        (Formula.LEAST, None, ["0.05", "-0.04"], "-0.04"),
        (Formula.GREATEST, None, ["0.05", "-0.04"], "0.05"),
        (Formula.GREATEST, None, [], None),
        (Formula.MEDIAN, None, ["0.05", "-0.04", "0.01"], "0.01"),
        (Formula.MEDIAN, None, ["0.05", "-0.04"], "0.005"),
        (Formula.MEDIAN_DEVIATION, None, ["0.05", "-0.04", "0.01"], "0.04"),
        (Formula.COUNT, None, ["0.05", "-0.04"], "2"),
    ],
)
def test_each_statistic_is_that_of_its_observations(formula, part, observations, expected):
    sample = listed("x", "risk", [node("r", Decimal(each), "risk") for each in observations])
    inputs = [*([node("part", Decimal(part), "risk")] if part else []), sample]

    assert made("y", formula, "risk", inputs).value == (expected and Decimal(expected))


@pytest.mark.parametrize(
    ("formula", "values", "observations", "expected"),
    [
        (Formula.COURSE, ["100", "10"], ["0", "0"], "120"),
        # What is there never falls below zero, and grows from there again.
        (Formula.COURSE, ["100", "-60"], ["0", "0"], "0"),
        (Formula.RANDOM_COURSE, ["100", "5", "0", "0.2"], ["0", "0"], "110"),
        (Formula.RANDOM_COURSE, ["100", "5", "-0.2", "0.1"], ["2"], "105"),
    ],
)
def test_a_course_grows_and_is_paid_into_month_by_month(formula, values, observations, expected):
    months = listed("x", "forecast", [node("r", Decimal(each), "x") for each in observations])
    inputs = [*(node("n", Decimal(each), "forecast") for each in values), months]

    assert made("y", formula, "forecast", inputs).value == Decimal(expected)


def test_a_covariance_is_that_of_pairs():
    first, second = (
        listed("x", "risk", [node("r", Decimal(each), "risk") for each in texts])
        for texts in (["3", "7", "-1"], ["1", "3", "-1"])
    )

    assert made("y", Formula.COVARIANCE, "risk", [first, second]).value == 8
