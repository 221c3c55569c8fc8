"""Shorts, corporate actions, options and transfers, row by row.

The examples of docs/methods.md are among the tables here, so that the two can't drift apart.
"""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from marketdata.domain.fx import RateHistory
from portfolios.domain.attribution import attribute
from portfolios.domain.engine import (
    Charges,
    Code,
    CostMethod,
    Ledger,
    OversellRule,
    Policy,
    PoolScope,
    compute,
)
from portfolios.domain.kinds import RANKS, Kind
from portfolios.domain.transactions import Event
from tests.portfolios.domain.notation import CREATED_AT, day, events

NUMBERS = {
    *("quantity", "price", "amount", "ratio", "cost_share", "accrued", "to_amount"),
    *("fee", "tax", "multiplier", "to_multiplier"),
}
BY_ACCOUNT = Policy(pool_scope=PoolScope.ACCOUNT)


def row(kind: str, number: int = 9, instrument: str | None = "X", **fields) -> Event:
    """One row on the n-th day, the 9th unless told; numbers may be given as texts."""
    known = {
        name: Decimal(value) if name in NUMBERS and value is not None else value
        for name, value in ({"currency": "USD"} | fields).items()
    }
    return Event(
        id=f"{kind}{number}{known.get('account', '')}",
        created_at=CREATED_AT,
        kind=Kind(kind),
        trade_date=day(number),
        instrument_id=instrument,
        **known,
    )


def book_of(rows: str, *more: Event, policy: Policy | None = None, base="USD", rates=None):
    found = [*events(rows), *more]
    return compute(Ledger(found, base, rates or RateHistory()), policy=policy or Policy())


def figures(book) -> dict[str, Decimal | None]:
    """Name what a table looks at: of X plainly, of Y with its name."""
    found = {"cash": book.cash.get("USD"), "income": book.totals.income_base}
    for key, prefix in (("X", ""), ("Y", "y ")):
        position = book.positions.get(key)
        if position is not None:
            for name in ("quantity", "cost", "realized"):
                found[f"{prefix}{name}"] = getattr(position, name)
    return found


def assert_figures(book, expected):
    found = figures(book)
    rounded = {name: None if found[name] is None else round(found[name], 6) for name in expected}
    assert rounded == {
        name: None if text is None else Decimal(text) for name, text in expected.items()
    }


def assert_nothing_left_over(book):
    """Assert that every change of value is explained by prices, income, rates or charges."""
    prices = {"X": Decimal(7), "Y": Decimal(3)}
    found = attribute(book, prices=prices, rates=RateHistory().on(day(9), 99))
    assert round(found.residual, 9) == 0


SPIN_OFF = {"to_instrument_id": "Y", "ratio": "0.5", "cost_share": "0.2"}
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


def in_two_accounts() -> list[Event]:
    """10 at 5 in account A, and 10 at 9 in account B."""
    older, newer = events("10@5 10@9")
    return [replace(older, account="A"), replace(newer, account="B")]


def test_a_transfer_moves_lots_with_their_day_and_cost():
    rows = [*in_two_accounts(), row("transfer", quantity="4", account="A", to_account="C", fee="2")]

    shared = compute(Ledger(rows, "USD"))
    apart = compute(Ledger(rows, "USD"), policy=BY_ACCOUNT)

    for book in (shared, apart):
        assert book.positions["X"].accounts == {"A": 6, "B": 10, "C": 4}
        assert book.positions["X"].cost == 140
        assert book.positions["X"].realized == 0
        assert book.cash == {"USD": Decimal(-142)}
        assert_nothing_left_over(book)
    moved = [lot for lot in apart.positions["X"].lots if lot.account == "C"]
    assert [(lot.opened_on, lot.quantity, lot.cost) for lot in moved] == [(day(1), 4, 20)]


def test_more_than_an_account_has_cannot_leave_it_where_accounts_are_kept_apart():
    rows = [*in_two_accounts(), row("transfer", quantity="15", account="A", to_account="C")]

    book = compute(Ledger(rows, "USD"), policy=BY_ACCOUNT)

    assert [problem.code for problem in book.problems] == [Code.OVERSOLD]
    assert book.positions["X"].accounts == {"B": 10, "C": 10}


@pytest.mark.parametrize(
    ("policy", "gain"), [(Policy(), "70"), (BY_ACCOUNT, "30")], ids=["shared", "by account"]
)
def test_a_sale_takes_lots_of_its_own_account_where_accounts_are_kept_apart(policy, gain):
    rows = [*in_two_accounts(), row("sell", quantity="10", price="12", account="B")]

    assert_figures(compute(Ledger(rows, "USD"), policy=policy), {"realized": gain})


@pytest.mark.parametrize("policy", [Policy(), BY_ACCOUNT], ids=["shared", "by account"])
@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"kind": "split", "ratio": "2"}, {"quantity": "40", "cost": "140"}),
        ({"kind": "spin_off"} | SPIN_OFF, {"quantity": "20", "cost": "112", "y quantity": "10"}),
        ({"kind": "merger", "amount": "80"}, {"quantity": "0", "realized": "20"}),
        (
            {"kind": "merger", "to_instrument_id": "Y", "ratio": "0.5"},
            {"quantity": "0", "y quantity": "10", "y cost": "140"},
        ),
    ],
    ids=["split", "spin-off", "merger for cash", "merger for units"],
)
def test_what_two_accounts_report_of_one_event_counts_once(policy, action, expected):
    reported = [row(**action, account=account) for account in ("A", "B")]

    book = compute(Ledger([*in_two_accounts(), *reported], "USD"), policy=policy)

    assert book.problems == ()
    assert_figures(book, expected)
    assert_nothing_left_over(book)


@pytest.mark.parametrize(
    ("policy", "realized"), [(Policy(), "-10"), (BY_ACCOUNT, "-18")], ids=["shared", "by account"]
)
def test_each_account_is_paid_for_its_own_fraction_of_a_unit(policy, realized):
    """Of 2.5 units in each account half a one is sold for 5; where lots are shared, the oldest."""
    splits = [row("split", ratio="0.25", amount="5", account=account) for account in ("A", "B")]

    book = compute(Ledger([*in_two_accounts(), *splits], "USD"), policy=policy)

    assert book.problems == ()
    assert_figures(book, {"quantity": "4", "realized": realized, "cash": "-130"})
    assert book.positions["X"].accounts == {"A": 2, "B": 2}
    assert_nothing_left_over(book)


def test_a_merger_in_one_account_sells_the_part_that_its_own_cash_is_of_what_it_received():
    merger = row("merger", to_instrument_id="Y", ratio="0.5", amount="20", price="12", account="A")

    book = compute(Ledger([*in_two_accounts(), merger], "USD"), policy=BY_ACCOUNT)

    assert_figures(book, {"realized": "7.5", "y cost": "37.5", "cost": "90", "quantity": "10"})
    assert_nothing_left_over(book)


@pytest.mark.parametrize("policy", [Policy(), BY_ACCOUNT], ids=["shared", "by account"])
@pytest.mark.parametrize(
    ("received", "gains", "expected"),
    [
        # 20 of 80 sell a quarter of each account's units: 2.5 at 5, and 2.5 at 9.
        (
            {"amount": "20", "to_instrument_id": "Y", "ratio": "0.5", "price": "12"},
            {"A": "7.5", "B": "-2.5"},
            {"y quantity": "10", "y cost": "105", "cash": "-100"},
        ),
        ({"amount": "80"}, {"A": "30", "B": "-10"}, {"quantity": "0", "cash": "20"}),
        # The price of the new units is unknown: the cash is capital paid back, 40 of 50 and of 90.
        (
            {"amount": "60", "to_instrument_id": "Y", "ratio": "0.5"},
            {"A": "10"},
            {"y quantity": "10", "y cost": "30", "realized": "10"},
        ),
    ],
    ids=["cash and shares", "cash", "shares without a price"],
)
def test_each_account_is_paid_for_its_own_units_in_a_merger(policy, received, gains, expected):
    mergers = [row("merger", **received, account=account) for account in ("A", "B")]

    book = compute(Ledger([*in_two_accounts(), *mergers], "USD"), policy=policy)

    assert {sale.account: sale.gain for sale in book.disposals} == {
        account: Decimal(gain) for account, gain in gains.items()
    }
    assert_figures(book, expected)
    received_units = {"A": 5, "B": 5} if "ratio" in received else {}
    assert (book.positions["Y"].accounts if "Y" in book.positions else {}) == received_units
    assert_nothing_left_over(book)


@pytest.mark.parametrize("method", CostMethod)
def test_a_merger_that_one_account_reports_leaves_the_units_of_the_others(method):
    """By the method 10 of the 20 units go, at 5 the oldest, at 9 the newest and dearest."""
    policy = Policy(cost_method=method)
    merger = row("merger", to_instrument_id="Y", ratio="1", account="B")
    gone = {CostMethod.LIFO: "90", CostMethod.HIFO: "90", CostMethod.AVERAGE: "70"}.get(
        method, "50"
    )

    book = compute(Ledger([*in_two_accounts(), merger], "USD"), policy=policy)

    assert book.positions["X"].accounts == {"A": 10}
    assert book.positions["Y"].accounts == {"B": 10}
    assert_figures(book, {"quantity": "10", "y quantity": "10", "y cost": gone, "realized": "0"})


def test_a_merger_that_names_no_account_is_about_all_units():
    merger = row("merger", to_instrument_id="Y", ratio="0.5", amount="40", price="12")

    book = compute(Ledger([*in_two_accounts(), merger], "USD"))

    assert_figures(book, {"quantity": "0", "realized": "5", "y quantity": "10", "y cost": "105"})


def test_an_action_in_an_account_leaves_the_lots_of_others_where_accounts_are_kept_apart():
    """Also once the account has sold all it had, and in a book that is continued."""
    sale = row("sell", 3, quantity="10", price="9", account="B")
    split = row("split", ratio="2", account="B")
    held = compute(Ledger([*in_two_accounts(), sale], "USD"), policy=BY_ACCOUNT)

    at_once = compute(Ledger([*in_two_accounts(), sale, split], "USD"), policy=BY_ACCOUNT)
    continued = compute(Ledger([split], "USD", opening=held), policy=BY_ACCOUNT)

    assert at_once.positions == continued.positions
    assert at_once.positions["X"].accounts == {"A": 10}


def test_units_of_one_account_stay_where_another_sold_as_many_short():
    sold = row("sell_short", 3, quantity="10", price="9", account="C")
    bought = row("buy", 4, quantity="3", price="9", account="A")
    older = in_two_accounts()[:1]

    book = compute(Ledger([*older, sold, bought], "USD"), policy=BY_ACCOUNT)

    assert book.positions["X"].accounts == {"A": 13, "C": -10}


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
