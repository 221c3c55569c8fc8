"""From a ledger to positions, cash and gains."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from marketdata.domain.fx import RateHistory
from portfolios.domain.engine import (
    Book,
    BookMismatch,
    Code,
    Ledger,
    OutOfOrder,
    Policy,
    compute,
)
from portfolios.domain.kinds import Kind
from portfolios.domain.status import Status
from portfolios.domain.transactions import Event
from tests.portfolios.domain.notation import CREATED_AT, FIRST_DAY, after, day, events, ledger


def rates(pair: str, *points: str) -> RateHistory:
    """`rates("USD/CAD", "1:1.30", "4:1.32")`: 1.30 from the first day on, 1.32 from the fourth."""
    source, target = pair.split("/")
    series = [point.split(":") for point in points]
    return RateHistory(
        {(source, target): [(day(int(number)), Decimal(rate)) for number, rate in series]}
    )


@pytest.mark.parametrize(
    ("rows", "quantity", "cost", "realized"),
    [
        ("", None, None, None),
        ("10@5", "10", "50", "0"),
        ("10@5 10@7 -5@99", "15", "95", "470"),
        ("10@5 10@7 -15@99", "5", "35", "1400"),
        ("10@5 10@7 -20@99", "0", "0", "1860"),
        ("10@5+1 -10@6", "0", "0", "9"),
        ("10@5 -10@6+1+2", "0", "0", "7"),
        ("10@5+1+2", "10", "53", "0"),
        ("10@5 -5@6 -5@4", "0", "0", "0"),
        ("10@5 -10@6 10@9", "10", "90", "10"),
        ("10@0 -4@3", "6", "0", "12"),
        ("10@-3 -10@-5", "0", "0", "-20"),
        ("10@6 x2", "20", "60", "0"),
        ("10@6 x2 -5@4", "15", "45", "5"),
        ("25@10 x0.1,-0.5@100", "2", "200", "0"),
        ("10@6,x2", "10", "60", "0"),
        (">10@5", "10", "50", "0"),
        (">10@5+1 -10@6", "0", "0", "9"),
        (">10", "10", None, "0"),
        ("10@5 >10 -10@7", "10", None, "20"),
        ("10@5 >10 -11@7", "9", None, None),
        ("10@5 <4", "6", "30", "0"),
        ("10@5 10@7 <15", "5", "35", "0"),
        ("o0.000000000000000001", "0", "0", "0"),
        ("10@5 d20+1+2", "10", "50", "0"),
        ("10@5 -5@6,5@7", "10", "60", "5"),
    ],
)
def test_a_position_follows_from_the_trades(rows, quantity, cost, realized):
    position = compute(ledger(rows)).positions.get("X")

    if quantity is None:
        assert position is None
        return
    assert position.quantity == Decimal(quantity)
    assert position.cost == position.cost_base == (Decimal(cost) if cost else None)
    assert position.realized == (Decimal(realized) if realized else None)
    assert position.realized_base == position.realized


def test_a_gain_may_come_from_the_currency_alone():
    # Sold at the price it was bought at, after the dollar rose.
    book = compute(ledger("10@100 -10@100", base="CAD", rates=rates("USD/CAD", "1:1.3", "2:1.4")))

    assert book.positions["X"].realized == 0
    assert book.positions["X"].realized_base == book.realized_base == Decimal(100)


def test_the_booked_rate_beats_the_one_of_the_day():
    (bought,) = events("10@100")
    book = compute(
        Ledger([replace(bought, fx_rate=Decimal("1.25"))], "CAD", rates("USD/CAD", "1:1.3"))
    )

    assert book.positions["X"].cost_base == Decimal(1250)


def test_an_instrument_bought_in_another_currency_is_kept_in_its_own():
    bought, sold = events("EUR:10@100 USD:-10@150")
    trades = [replace(each, instrument_currency="USD") for each in (bought, sold)]
    book = compute(Ledger(trades, "EUR", rates("EUR/USD", "1:1.2", "2:1.25")))

    position = book.positions["X"]
    assert position.currency == "USD"
    assert (position.realized, position.realized_base) == (Decimal(300), Decimal(200))
    assert book.cash == {"EUR": Decimal(-1000), "USD": Decimal(1500)}


def test_pence_are_a_hundredth_of_a_pound():
    book = compute(ledger("GBX:1000@250 GBX:d500", base="GBP"))

    assert book.positions["X"].cost == Decimal(250_000)
    assert book.positions["X"].cost_base == Decimal(2500)
    assert book.cash == {"GBP": Decimal(-2495)}
    assert book.totals.income == {"GBP": Decimal(5)}


def test_selling_more_than_is_held_takes_what_there_is_and_says_so():
    book = compute(ledger("10@5 -15@6+3"))

    (disposal,) = book.disposals
    assert (disposal.quantity, disposal.proceeds, disposal.gain) == (10, Decimal(58), Decimal(8))
    assert book.positions["X"].quantity == 0
    assert book.positions["X"].flags == (Code.OVERSOLD,)
    assert book.cash == {"USD": Decimal(37)}
    (problem,) = book.problems
    assert (problem.event_id, problem.code) == ("e002", Code.OVERSOLD)
    assert problem.reason == ("15 went out, but only 10 were held: where 5 came from is unknown.")
    assert book.status is book.positions["X"].status is Status.PARTIAL


def test_quantities_are_told_without_the_noughts_that_they_are_stored_with():
    book = compute(ledger("10.0000000000@5 -15.5000000000@6"))

    assert book.problems[0].reason == (
        "15.5 went out, but only 10 were held: where 5.5 came from is unknown."
    )


def test_selling_what_was_never_held_gains_nothing_and_says_so():
    book = compute(ledger("-15@6"))

    assert book.disposals == ()
    assert book.positions["X"].realized == 0
    assert book.positions["X"].status is Status.PARTIAL
    assert book.cash == {"USD": Decimal(90)}


def test_a_missing_rate_leaves_the_foreign_side_unknown_and_the_own_side_known():
    book = compute(ledger("10@5 -4@6", base="EUR"))

    position = book.positions["X"]
    assert (position.cost, position.cost_base) == (Decimal(30), None)
    assert (position.realized, position.realized_base) == (Decimal(4), None)
    assert [problem.code for problem in book.problems] == [Code.RATE_MISSING] * 2
    assert book.problems[0].reason == "There is no exchange rate USD/EUR for 2024-01-01."


def test_a_rate_that_is_too_old_is_none():
    bought = ledger("10@5", base="EUR", rates=rates("USD/EUR", "-9:0.9"))

    assert compute(bought).positions["X"].cost_base is None
    assert compute(bought, policy=Policy(max_rate_age_days=30)).positions["X"].cost_base == 45


def test_a_later_rate_is_never_taken():
    bought = ledger("10@5", base="EUR", rates=rates("USD/EUR", "2:0.9"))

    assert compute(bought).positions["X"].cost_base is None


def test_units_without_a_cost_stay_unknown_until_they_are_gone():
    book = compute(ledger(">10 10@5 -10@7 -10@9"))

    position = book.positions["X"]
    unknown, known = book.disposals
    assert (unknown.proceeds, unknown.cost, unknown.gain) == (Decimal(70), None, None)
    assert known.gain == Decimal(40)
    assert (position.cost, position.realized) == (0, None)
    assert position.flags == (Code.COST_UNKNOWN,)
    assert book.realized_base is None


def test_income_and_charges_are_told_apart():
    fee = Event(
        id="f",
        created_at=CREATED_AT,
        kind=Kind.FEE,
        trade_date=day(3),
        currency="USD",
        amount=Decimal(7),
    )
    tax = replace(fee, id="t", kind=Kind.TAX, amount=Decimal(3), instrument_id="X")
    interest = replace(fee, id="i", kind=Kind.INTEREST, amount=Decimal(11), tax=Decimal(2))
    book = compute(Ledger([*events("10@5+1 d20+1+4"), fee, tax, interest], "USD"))

    position = book.positions["X"]
    assert (position.income, position.fees_base, position.taxes_base) == (20, 2, 7)
    assert (book.totals.income, book.totals.income_base) == ({"USD": 31}, 31)
    assert (book.totals.fees, book.totals.fees_base) == ({"USD": 9}, 9)
    assert (book.totals.taxes, book.totals.taxes_base) == ({"USD": 9}, 9)
    assert book.cash == {"USD": Decimal(-50 - 1 + 20 - 1 - 4 - 7 - 3 + 11 - 2)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quantity": None}, "Quantity is missing."),
        ({"price": None}, "Price is missing."),
        ({"instrument_id": None}, "Instrument is missing."),
        ({"quantity": Decimal(0)}, "Quantity must be more than 0."),
        ({"quantity": Decimal(-1)}, "Quantity must be more than 0."),
        ({"quantity": Decimal("NaN")}, "Quantity must be more than 0."),
        ({"price": Decimal("NaN")}, "Every number, and what they make together, must be below"),
        ({"price": Decimal("1e18")}, "Every number, and what they make together, must be below"),
        ({"price": Decimal("1e17")}, "Every number, and what they make together, must be below"),
        ({"fee": Decimal("Infinity")}, "Every number, and what they make together, must be below"),
    ],
)
def test_an_event_that_cannot_be_computed_is_reported_and_changes_nothing_else(change, reason):
    good, bad = events("10@5 10@7")
    book = compute(Ledger([good, replace(bad, **change)], "USD"))

    (problem,) = book.problems
    assert problem.code is Code.UNUSABLE
    assert problem.reason.startswith(reason)
    assert book.cash == {"USD": Decimal(-50)}
    assert book.positions["X"].quantity == 10
    assert book.status is Status.PARTIAL


@pytest.mark.parametrize(
    ("rows", "quantity", "cost"),
    [
        ("0.000000000000000001@5", "1E-18", "5E-18"),
        ("0.000000000000000001@5 -0.000000000000000001@6", "0", "0"),
        ("1000000000000000@100", "1E15", "1E17"),
        ("1000000000000000@0.0000000001", "1E15", "1E5"),
        ("1000000000000000@1 0.0000000001@1", "1000000000000000.0000000001", None),
    ],
)
def test_tiny_and_huge_amounts_stay_exact(rows, quantity, cost):
    position = compute(ledger(rows)).positions["X"]

    assert position.quantity == Decimal(quantity)
    assert position.cost == Decimal(cost or quantity)


def test_a_split_that_makes_too_many_units_is_reported():
    book = compute(ledger("1000000000000000@1 x1000000"))

    assert book.problems[0].code is Code.TOO_LARGE
    assert book.positions["X"].quantity == Decimal("1E15")


def test_an_amount_too_large_for_the_other_currency_is_unknown_there():
    book = compute(ledger("1000000000000000@100", base="JPY", rates=rates("USD/JPY", "1:150")))

    assert book.problems[0].code is Code.TOO_LARGE
    assert book.positions["X"].cost_base is None


def test_days_before_1970_count_like_any_other():
    (old,) = events("10@5")
    book = compute(Ledger([replace(old, trade_date=date(1929, 10, 29))], "USD"))

    assert book.positions["X"].opened_on == date(1929, 10, 29)
    assert book.status is Status.COMPLETE


def test_a_split_counts_before_everything_else_of_its_day():
    morning = datetime(2024, 1, 2, 8, tzinfo=UTC)
    first, split, sold = events("10@6 x2,-20@4")
    book = compute(Ledger([first, split, replace(sold, executed_at=morning)], "USD"))

    assert book.positions["X"].realized == Decimal(20)


def test_rows_of_one_instant_follow_the_brokers_sequence():
    at = datetime(2024, 1, 1, 9, tzinfo=UTC)
    bought, sold = events("10@5,-10@6")
    rows = [replace(bought, executed_at=at, sequence=2), replace(sold, executed_at=at, sequence=1)]

    assert compute(Ledger(rows, "USD")).problems[0].code is Code.OVERSOLD


def test_a_purchase_typed_without_a_time_is_there_when_it_is_sold():
    bought, sold = events("10@5,-10@6")
    sold = replace(sold, executed_at=datetime(2024, 1, 1, 9, tzinfo=UTC))

    assert compute(Ledger([sold, bought], "USD")).problems == ()


def test_a_book_can_be_continued():
    *first, later = events("10@5 -4@6 10@7 -15@9")
    opening = compute(Ledger(first, "USD"))

    continued = compute(Ledger([later], "USD", opening=opening))

    assert after(opening, continued) == compute(Ledger([*first, later], "USD"))
    assert opening.positions["X"].quantity == 16


def test_a_continued_book_tells_what_is_new_only():
    *first, later = events("10@5 -14@6 -1@7")
    opening = compute(Ledger(first, "USD"))

    continued = compute(Ledger([later], "USD", opening=opening))

    assert continued.disposals == ()
    assert [problem.event_id for problem in continued.problems] == ["e003"]
    assert compute(Ledger((), "USD", opening=opening)).status is Status.PARTIAL


def test_an_earlier_event_cannot_be_appended():
    first, later = events("10@5 10@7")
    book = compute(Ledger([later], "USD"))

    with pytest.raises(OutOfOrder):
        compute(Ledger([first], "USD", opening=book))
    with pytest.raises(OutOfOrder):
        compute(Ledger([later], "USD", opening=book))


def test_a_book_cannot_be_continued_in_another_currency_or_by_another_policy():
    book = Book("USD")

    with pytest.raises(BookMismatch):
        compute(Ledger((), "EUR", opening=book))
    with pytest.raises(BookMismatch):
        compute(Ledger((), "USD", opening=book), policy=Policy(max_rate_age_days=1))


def test_the_threads_own_decimal_context_makes_no_difference():
    from decimal import localcontext

    rows = ledger("3@7 -1@9.123456789")
    with localcontext() as coarse:
        coarse.prec = 3
        book = compute(rows)

    assert book == compute(rows)
    assert book.cash["USD"] == Decimal("-11.876543211")


def test_an_empty_ledger_gives_an_empty_book():
    book = compute(Ledger((), "USD"))

    assert book == Book("USD")
    assert book.status is Status.COMPLETE
    assert book.realized_base == 0


def test_a_closed_position_keeps_its_gains_and_has_no_opening_day():
    position = compute(ledger("10@5 -10@6")).positions["X"]

    assert (position.opened_on, position.lots, position.realized) == (None, (), Decimal(10))


def test_the_oldest_lot_says_since_when_a_position_is_held():
    position = compute(ledger("10@5 10@7 -12@9")).positions["X"]

    assert position.opened_on == FIRST_DAY + timedelta(days=1)
    (lot,) = position.lots
    assert (lot.event_id, lot.quantity, lot.cost) == ("e002", Decimal(8), Decimal(56))
