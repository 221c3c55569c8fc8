"""Every figure of a range is what its tree comes to, and each number of the tree is recomputed."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.benchmark import Blend, Rebalancing, index_return
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.trees import Node, recomputed
from portfolios.domain.ranges import DayRange
from portfolios.domain.series import DayRow, ValueSeries
from portfolios.models import Portfolio
from portfolios.selectors.history import History
from portfolios.selectors.range_explanations import RangeTrees
from portfolios.selectors.reports import Report

START = date(2025, 10, 20)


def walk(trees: Iterable[Node]) -> Iterator[Node]:
    """Give each node of trees once; what many of them are made of, they share."""
    left, seen = list(trees), set()
    while left:
        node = left.pop()
        if id(node) not in seen:
            seen.add(id(node))
            left += node.inputs
            yield node


NOTHING = Decimal(0)
#: In cents; whole numbers are what Hypothesis makes fastest.
cents = st.integers(0, 500_000).map(lambda number: Decimal(number).scaleb(-2))
flows = st.one_of(st.just(NOTHING), st.just(NOTHING), cents, st.none())
values = st.one_of(cents, cents, cents, st.none(), cents.map(lambda each: -each))
#: Long enough for every figure, and days on which anything may be unknown.
steady = st.lists(st.integers(900, 1100), min_size=25, max_size=120).map(
    lambda worths: [(Decimal(worth), NOTHING, NOTHING) for worth in worths]
)
odd = st.lists(st.tuples(values, flows, flows), min_size=1, max_size=40)


def history_of(rows, opening: Decimal | None) -> History:
    days = [DayRow(START + timedelta(days=place), *each) for place, each in enumerate(rows)]
    return History(
        portfolio=Portfolio(base_currency="EUR", policy={}),
        days=DayRange(START, START + timedelta(days=len(days))),
        series=ValueSeries.of(days, opening=opening),
        opening=opening,
        closing=days[-1].value,
        flows=tuple(each for each in days if each.inflow != 0 or each.outflow != 0),
        valued_at=None,
    )


def benchmark_of(blend: Blend, days: int, first: Decimal):
    closes = {
        key: [
            (START + timedelta(days=place), float(first) * (1 + (place * number) % 7 / 50))
            for place in range(-1, days)
        ]
        for number, key in enumerate(blend.weights, start=1)
    }
    return index_return(blend, closes, start=START, end=START + timedelta(days=days))


HALVES = {"A": Decimal("0.5"), "B": Decimal("0.5")}
blends = st.sampled_from(
    [
        Blend.alone("A"),
        Blend(HALVES, Rebalancing.DAILY),
        Blend(HALVES, Rebalancing.NEVER),
    ]
)


def assert_comes_to(tree: Node, value: Decimal | None) -> None:
    assert (tree.value is None) == (value is None), (tree, value)
    if value is not None:
        assert float(tree.value) == pytest.approx(float(value), rel=1e-7, abs=2e-9)


@given(steady | odd, st.none() | cents, blends, cents)
def test_every_tree_comes_to_its_figure(rows, opening, blend, price):
    history = history_of(rows, opening)
    report = Report(history, benchmark_of(blend, len(rows), price))

    trees = RangeTrees(report, blend, {"A": "A", "B": "B"})

    shown = {
        "performance": report.performance(),
        "risk": report.risk(),
        "benchmark": report.comparison(report.benchmark),
    }
    for part, figures in shown.items():
        found = getattr(trees, part)
        assert found.keys() == figures.keys()
        for name, figure in figures.items():
            assert_comes_to(found[name], figure.value)
            assert found[name].note or not figure.explanation
    content = report.content()
    assert_comes_to(trees.drawdown, content["drawdown"]["depth"].value)
    for each in (*content["months"], *content["years"]):
        assert_comes_to(trees.periods[each["period"]], each["return"].value)
    roots = (trees.performance, trees.risk, trees.periods, trees.benchmark)
    for node in walk([trees.drawdown, *(tree for each in roots for tree in each.values())]):
        assert recomputed(node) == node.value
        assert node.inputs or node.formula in {Formula.GIVEN, Formula.LIST, Formula.SUM}
