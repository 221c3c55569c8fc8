"""What each rule measures is what its tree comes to, and each of its numbers is recomputed."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.allocation import By, Worth, allocate
from portfolios.domain.explaining.allocation import Held, explain_slices
from portfolios.domain.explaining.checks import (
    CheckTrees,
    Examination,
    Examined,
    explain_checks,
)
from portfolios.domain.explaining.summary import (
    CashInput,
    LotInput,
    PositionInput,
    TotalInput,
    explain,
)
from portfolios.domain.explaining.trees import Node, leaves, recomputed
from portfolios.domain.measures import Line, Subject
from portfolios.domain.rules import Check, check
from portfolios.domain.status import Status
from tests.portfolios.domain.strategies import decimals
from tests.portfolios.domain.test_allocation import KINDS

ACCOUNTS = {"SHARE": {"A": Decimal(1), "B": Decimal(3)}, "WORLD": {"A": Decimal(1)}}


def walk(tree: Node) -> Iterator[Node]:
    yield tree
    for each in tree.inputs:
        yield from walk(each)


def examined(worths, cash, *, costs=None, fees="1", spending=None, limits=None):
    """Check a portfolio, and explain it, from what one unit of each holding is worth."""
    costs = costs or {}
    balances = None if cash is None else [CashInput("EUR", cash, Decimal(1))]
    positions = [
        PositionInput(
            key=name,
            label=name,
            currency="EUR",
            quantity=Decimal(1),
            multiplier=Decimal(1),
            price=worth,
            price_currency="EUR",
            rate=Decimal(1),
            lots=[LotInput("Lot", Decimal(1), costs.get(name), costs.get(name))],
            fees=Decimal(0),
        )
        for name, worth in worths.items()
    ]
    charged = None if fees is None else Decimal(fees)
    totals = TotalInput(Decimal(0), Decimal(0), charged, Decimal(0))
    trees = explain("EUR", positions=positions, cash=balances, totals=totals)
    held = Held(
        currency="EUR",
        total=trees.total,
        values={key: each.value for key, each in trees.positions.items()},
        cash=trees.balances,
        labels={name: name for name in worths},
    )
    own = {} if not cash else {"EUR": cash}
    lines = [Worth(name, worth) for name, worth in worths.items()]
    allocations = {
        by: allocate(lines, by=by, classifications=KINDS, cash=own, accounts=ACCOUNTS) for by in By
    }
    is_known = None not in worths.values()
    subject = Subject(
        currency="EUR",
        total=trees.total.value,
        status=Status.COMPLETE if is_known else Status.PARTIAL,
        lines=[
            Line(name, worth, costs.get(name), is_spread=name == "WORLD")
            for name, worth in worths.items()
        ],
        cash=cash,
        fees=charged,
        monthly_spending=spending,
        allocations=allocations,
    )
    found = check(subject, limits=limits or {})
    examination = Examination(
        currency="EUR",
        positions=[
            Examined(
                name,
                Decimal(1),
                trees.positions[name].value,
                trees.positions[name].cost,
                is_spread=name == "WORLD",
            )
            for name in worths
        ],
        total=trees.total,
        cash=trees.cash,
        fees=trees.fees,
        spending=spending,
        slices={
            by: explain_slices(each, held, {part.key: part.key for part in each.slices})
            for by, each in allocations.items()
        },
    )
    return found, explain_checks(examination, found)


def assert_comes_to(found: Check, trees: CheckTrees) -> None:
    value = trees.value.value
    assert (value is None) == (found.value is None), (found, trees.value)
    if value is not None:
        assert value == pytest.approx(found.value, rel=Decimal("1e-25"), abs=Decimal("1e-25"))
    assert trees.value.note == found.explanation
    assert (trees.limit and trees.limit.value) == found.limit
    for tree in filter(None, (trees.value, trees.most, trees.limit)):
        for node in walk(tree):
            assert recomputed(node) == node.value


amounts = st.one_of(st.none(), decimals("-1000", "1000", places=2))


@given(
    st.dictionaries(st.sampled_from(["SHARE", "WORLD", "HOUSE"]), amounts),
    st.none() | decimals("-500", "500", places=2),
    st.dictionaries(st.sampled_from(["SHARE", "WORLD", "HOUSE"]), decimals("0", "1000", places=2)),
    st.sampled_from([None, "0", "12.34"]),
    st.none() | decimals("1", "99", places=2),
)
def test_every_tree_comes_to_what_its_rule_measured(worths, cash, costs, fees, spending):
    checks, trees = examined(worths, cash, costs=costs, fees=fees, spending=spending)

    assert list(trees) == [each.id for each in checks]
    for each in checks:
        assert_comes_to(each, trees[each.id])


@pytest.mark.parametrize(
    ("rule", "labels"),
    [
        ("largest-position", {"Quantity", "Price", "EUR balance"}),
        # A fund is looked through: which part of it is in a sector is a number of its own.
        ("sector", {"Quantity", "Price", "Share", "EUR balance"}),
        ("fees", {"Lot", "On no instrument"}),
        ("emergency-cash", {"EUR balance", "Spent in a month"}),
        ("unpriced", {"SHARE", "WORLD", "HOUSE"}),
    ],
)
def test_a_check_reaches_what_was_stored_and_quoted(rule, labels):
    worths = {"SHARE": Decimal(40), "WORLD": Decimal(50), "HOUSE": None}
    costs = dict.fromkeys(worths, Decimal(30))

    _, trees = examined(worths, Decimal(10), costs=costs, spending=Decimal(4))

    assert labels <= {each.label for each in leaves(trees[rule].value)}


def test_what_is_not_classified_adds_up_to_what_it_could_be():
    worths = {"SHARE": Decimal(40), "HOUSE": Decimal(60)}

    _, trees = examined(worths, None, limits={"sector": Decimal("0.5"), "country": Decimal(1)})

    assert trees["sector"].most.value == 1
    assert [each.value for each in trees["sector"].most.inputs] == [Decimal("0.4"), Decimal("0.6")]
    assert trees["country"].most is None


def test_what_is_owed_counts_by_its_size():
    worths = {"SHARE": Decimal(-40), "HOUSE": Decimal(140)}

    _, trees = examined(worths, None)

    assert trees["sector"].value.value == Decimal("0.4")
    assert "Size of Weight of energy" in {each.label for each in walk(trees["sector"].value)}


def test_a_rule_that_is_switched_off_has_nothing_to_explain():
    _, trees = examined({"SHARE": Decimal(40)}, None, limits={"fees": None})

    assert (trees["fees"].value.value, trees["fees"].limit) == (None, None)
    assert trees["fees"].value.note == "This rule is switched off."
