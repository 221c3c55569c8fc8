"""Shorts, corporate actions, options and transfers, row by row.

The examples of docs/methods.md are among the tables here, so that the two can't drift apart.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from marketdata.domain.fx import RateHistory
from portfolios.domain.engine import (
    Charges,
    Code,
    CostMethod,
    Ledger,
    OversellRule,
    Policy,
    compute,
)
from portfolios.domain.kinds import RANKS, Kind
from tests.portfolios.domain.booking import (
    SPIN_OFF,
    assert_figures,
    assert_nothing_left_over,
    book_of,
    row,
)
from tests.portfolios.domain.notation import day

CALL = {"instrument": "X", "to_instrument_id": "Y", "price": "50", "multiplier": "100"}


@pytest.mark.parametrize(
    ("rows", "more", "expected"),
    [
        # Short sales.
        ("s10@8+1", [], {"quantity": "-10", "cost": "-79", "realized": "0", "cash": "79"}),
        ("s10@8+1 c4@5+2", [], {"quantity": "-6", "cost": "-47.4", "realized": "9.6"}),
        ("s10@8+1 c10@5+2", [], {"quantity": "0", "realized": "27", "cash": "27"}),
        ("s10@8 12@5", [], {"quantity": "2", "cost": "10", "realized": "30"}),
        ("s10@8 s10@6 c15@5", [], {"quantity": "-5", "cost": "-30", "realized": "35"}),
        ("10@5 s12@8", [], {"quantity": "-2", "cost": "-16", "realized": "30"}),
        ("s10@8 x2 c20@3", [], {"quantity": "0", "realized": "20"}),
        # A price of a bond is in percent of its face; interest accrued is income, not cost.
        (
            "",
            [
                row("buy", 1, quantity="1000", price="98", multiplier="0.01", accrued="12"),
                row("redemption", 9, quantity="1000", price="100", multiplier="0.01"),
            ],
            {"quantity": "0", "realized": "20", "income": "-12", "cash": "8"},
        ),
        (
            "10@5",
            [row("sell", quantity="10", price="6", accrued="3", fee="1")],
            {"realized": "9", "income": "3", "cash": "12"},
        ),
        # Income in units, and income that is kept.
        ("10@5 r2@6+1", [], {"quantity": "12", "cost": "62", "income": "13", "cash": "-50"}),
        ("10@5 n20", [], {"cost": "70", "income": "20", "cash": "-50"}),
        ("10@5 30@6 n20", [], {"cost": "250", "income": "20"}),
        # Capital that is paid back lowers the cost, to no less than the charges.
        ("10@5 k20", [], {"cost": "30", "realized": "0", "cash": "-30"}),
        ("10@5 k70", [], {"cost": "0", "realized": "20", "cash": "20"}),
        ("10@5+2 k70", [], {"cost": "2", "realized": "20"}),
        ("10@5 10@1 k40", [], {"cost": "30", "realized": "10"}),
        # Fractions of a split are sold for the cash paid for them.
        (
            "5@10",
            [row("split", ratio="0.3", amount="18")],
            {"quantity": "1", "cost": "33.333333", "realized": "1.333333", "cash": "-32"},
        ),
        ("4@10", [row("split", ratio="0.5", amount="3")], {"quantity": "2", "realized": "3"}),
        ("", [row("split", ratio="2", amount="3")], {"realized": "3", "cash": "3"}),
        # Spin-offs.
        (
            "10@5 10@10",
            [row("spin_off", **SPIN_OFF)],
            {"cost": "120", "y quantity": "10", "y cost": "30", "quantity": "20"},
        ),
        (
            "10@5",
            [row("spin_off", **SPIN_OFF | {"cost_share": None})],
            {"cost": None, "y quantity": "5", "y cost": None},
        ),
        (
            "10@5",
            [row("spin_off", **SPIN_OFF | {"cost_share": "0"}, fee="2")],
            {"cost": "50", "y cost": "0", "cash": "-52"},
        ),
        ("s10@5", [row("spin_off", **SPIN_OFF)], {"cost": "-40", "y quantity": "-5"}),
        # Mergers: for cash, for units, for both.
        (
            "10@5",
            [row("merger", amount="80", fee="1")],
            {"quantity": "0", "realized": "29", "cash": "29"},
        ),
        (
            "10@5",
            [row("merger", to_instrument_id="Y", ratio="0.5")],
            {"quantity": "0", "realized": "0", "y quantity": "5", "y cost": "50"},
        ),
        (
            "10@5",
            [row("merger", to_instrument_id="Y", ratio="0.5", amount="20", price="12")],
            {"realized": "7.5", "y quantity": "5", "y cost": "37.5", "cash": "-30"},
        ),
        (
            "10@5",
            [row("merger", to_instrument_id="Y", ratio="0.5", amount="20")],
            {"realized": "0", "y quantity": "5", "y cost": "30", "cash": "-30"},
        ),
        (
            "10@5",
            [row("merger", to_instrument_id="Y", ratio="0.5", amount="70")],
            {"realized": "20", "y quantity": "5", "y cost": "0"},
        ),
        (
            "s10@5",
            [row("merger", to_instrument_id="Y", ratio="0.5")],
            {"quantity": "0", "y quantity": "-5", "y cost": "-50"},
        ),
        # Options, of 100 units each: what was paid or received for them is part of the trade.
        (
            "",
            [row("buy", 1, quantity="2", price="3", multiplier="100", fee="1")],
            {"quantity": "2", "cost": "601", "cash": "-601"},
        ),
        (
            "",
            [
                row("buy", 1, quantity="2", price="3", multiplier="100", fee="1"),
                row("expiry", quantity="2", multiplier="100"),
            ],
            {"quantity": "0", "realized": "-601"},
        ),
        (
            "",
            [
                row("sell_short", 1, quantity="2", price="3", multiplier="100", fee="1"),
                row("expiry", quantity="2", multiplier="100"),
            ],
            {"quantity": "0", "realized": "599"},
        ),
    ],
)
def test_a_ledger_comes_out_as_it_would_by_hand(rows, more, expected):
    book = book_of(rows, *more)

    assert_figures(book, expected)
    assert {problem.code for problem in book.problems} <= {Code.COST_UNKNOWN}
    if not book.problems:
        assert_nothing_left_over(book)


@pytest.mark.parametrize(
    ("opened", "kind", "held", "expected"),
    [
        # A call exercised, and a put that was sold assigned: units are bought at the strike.
        ("buy", "exercise_buy", "", {"y quantity": "100", "y cost": "5301", "cash": "-5301"}),
        ("sell_short", "exercise_buy", "", {"y quantity": "100", "y cost": "4701"}),
        # A put exercised, and a call that was sold assigned: units are sold at the strike.
        ("buy", "exercise_sell", "Y/USD:100@40", {"y quantity": "0", "y realized": "699"}),
        ("sell_short", "exercise_sell", "Y/USD:100@40", {"y quantity": "0", "y realized": "1299"}),
        # Without the units the sale is a short one.
        ("buy", "exercise_sell", "", {"y quantity": "-100", "y cost": "-4699"}),
    ],
)
def test_the_premium_of_an_exercised_option_is_part_of_the_trade(opened, kind, held, expected):
    option = row(opened, 2, quantity="1", price="3", multiplier="100", fee="1")

    book = book_of(held, option, row(kind, quantity="1", **CALL))

    assert_figures(book, {"quantity": "0", "realized": "0"} | expected)
    assert book.problems == ()
    assert_nothing_left_over(book)


@pytest.mark.parametrize(
    ("method", "lots", "gain"),
    [
        (CostMethod.FIFO, (), "70"),
        (CostMethod.LIFO, (), "50"),
        (CostMethod.HIFO, (), "30"),
        (CostMethod.AVERAGE, (), "50"),
        (CostMethod.SPECIFIC, (), "70"),
        (CostMethod.SPECIFIC, (("e002", "4"), ("e003", "6")), "42"),
        # Of a lot that isn't there, and of one that has less, the oldest units go instead.
        (CostMethod.SPECIFIC, (("gone", "10"),), "70"),
        (CostMethod.SPECIFIC, (("e003", "10"),), "50"),
        # By the other methods a sale takes what the method says.
        (CostMethod.LIFO, (("e002", "10"),), "50"),
    ],
)
def test_the_policy_says_which_lots_a_sale_takes(method, lots, gain):
    named = tuple((key, Decimal(units)) for key, units in lots)
    sale = row("sell", quantity="10", price="12", lots=named)

    book = book_of("10@5 10@9 10@7", sale, policy=Policy(cost_method=method))

    expected = {"quantity": "20", "cost": str(210 - (120 - Decimal(gain))), "realized": gain}
    assert_figures(book, expected)
    assert {problem.code for problem in book.problems} == (
        {Code.LOTS_UNKNOWN} if lots[:1] == (("gone", "10"),) else set()
    )
    assert_nothing_left_over(book)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), {"cost": "-49.5", "realized": "5.5"}),
        (Policy(fees=Charges.SEPARATE), {"cost": "-50", "realized": "10"}),
    ],
)
def test_the_policy_says_whether_charges_belong_to_a_short_sale(policy, expected):
    """Sold 10 short at 10 with a fee of 1, covered half at 8 with a fee of 4."""
    book = book_of("s10@10+1 c5@8+4", policy=policy)

    assert book.positions["X"].quantity == -5
    assert_figures(book, expected)
    assert_nothing_left_over(book)


@pytest.mark.parametrize(
    ("oversell", "expected", "code"),
    [
        (OversellRule.REPORT, {"quantity": "0", "realized": "10"}, Code.OVERSOLD),
        (OversellRule.SHORT, {"quantity": "-5", "cost": "-30", "realized": "10"}, None),
        (OversellRule.ZERO_COST, {"quantity": "0", "realized": "40"}, Code.OVERSOLD),
    ],
)
def test_the_policy_says_what_selling_more_than_is_held_means(oversell, expected, code):
    book = book_of("10@5 -15@6", policy=Policy(oversell=oversell))

    assert_figures(book, expected | {"cash": "40"})
    assert [problem.code for problem in book.problems] == ([code] if code else [])
    assert_nothing_left_over(book)


def test_covering_more_than_was_sold_short_is_a_purchase_and_said():
    book = book_of("s10@8 c12@5")

    assert_figures(book, {"quantity": "2", "cost": "10", "realized": "30"})
    (problem,) = book.problems
    assert (problem.code, problem.reason) == (
        Code.OVERCOVERED,
        "12 were bought to cover, but only 10 were sold short.",
    )


def test_an_exchange_moves_cash_and_is_worth_the_same_on_both_sides():
    euro = RateHistory({("EUR", "USD"): [(day(1), Decimal("1.10"))]})
    paid_in = row("deposit", 1, None, amount="1000")
    exchanged = row("exchange", 2, None, amount="550", to_currency="EUR", to_amount="495", fee="5")

    book = compute(Ledger([paid_in, exchanged], "USD", euro))

    assert book.cash == {"EUR": Decimal(495), "USD": Decimal(445)}
    assert book.cash_base["EUR"] == 550
    assert (book.totals.fees_base, book.totals.contributed_base) == (5, 1000)


def test_the_same_currency_cannot_be_exchanged():
    book = compute(
        Ledger([row("exchange", 2, None, amount="5", to_currency="USD", to_amount="5")], "USD")
    )

    assert [problem.code for problem in book.problems] == [Code.UNUSABLE]
    assert book.cash == {}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("spin_off", {"to_instrument_id": "Y", "ratio": "1", "cost_share": "0.1"}),
        ("merger", {"to_instrument_id": "Y", "ratio": "1"}),
        ("merger", {"amount": "5"}),
        ("return_of_capital", {"amount": "5"}),
    ],
)
def test_what_happens_to_units_that_are_not_held_leaves_nothing_unexplained(kind, fields):
    book = book_of("", row(kind, **fields))

    assert book.positions["X"].quantity == 0
    assert_nothing_left_over(book)


def test_income_kept_in_units_that_are_not_held_is_said():
    book = book_of("", row("notional_distribution", amount="5"))

    assert [problem.code for problem in book.problems] == [Code.OVERSOLD]
    assert book.totals.income == {}


def test_the_order_of_kinds_within_an_instant_is_the_one_that_is_documented():
    documented = (Path(__file__).parents[3] / "docs" / "methods.md").read_text()
    listed = documented.partition("5. Kind: ")[2].partition(".\n6.")[0]
    short = {
        "transfer between own accounts": "transfer",
        "exercise that buys": "exercise buy",
        "exercise that sells": "exercise sell",
        "reinvested dividend": "reinvestment",
        "spin-off": "spin off",
    }
    names = [" ".join(each.split()) for each in listed.split(",")]
    for place, name in enumerate(names):
        if name == "its refund":
            names[place] = f"{names[place - 1]} refund"

    assert [short.get(name, name).replace(" ", "_") for name in names] == sorted(
        Kind, key=RANKS.__getitem__
    )


def test_refunds_lower_what_was_charged():
    refunds = [row("fee_refund", 8, amount="2"), row("tax_refund", 9, amount="3")]

    book = book_of("10@5+4+5", *refunds)

    assert (book.totals.fees_base, book.totals.taxes_base) == (2, 2)
    assert book.cash == {"USD": Decimal(-54)}
    assert_nothing_left_over(book)
