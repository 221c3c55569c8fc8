"""Lots of several accounts: shared or kept apart, moved, and what actions do to them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from portfolios.domain.engine import (
    Code,
    CostMethod,
    Ledger,
    Policy,
    compute,
)
from portfolios.domain.transactions import Event
from tests.portfolios.domain.booking import (
    BY_ACCOUNT,
    SPIN_OFF,
    assert_figures,
    assert_nothing_left_over,
    row,
)
from tests.portfolios.domain.notation import day, events


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
