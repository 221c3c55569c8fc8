"""What a row needs, how rows are put in order, and how equal ones are known."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.checks import check
from portfolios.domain.kinds import RULES, Kind
from portfolios.domain.transactions import (
    Draft,
    Event,
    cash_changes,
    fingerprint,
    order_key,
)

TODAY = date(2026, 3, 2)
NUMBERS = {
    *("quantity", "price", "amount", "ratio", "fee", "tax", "fx_rate"),
    *("accrued", "cost_share", "to_amount"),
}
TEXTS = {"to_account", "to_currency"}
TRADE = {"instrument_id": "X", "quantity": "10", "price": "5"}
GOOD = {
    Kind.BUY: TRADE,
    Kind.SELL: TRADE,
    Kind.SELL_SHORT: TRADE,
    Kind.BUY_TO_COVER: TRADE,
    Kind.REDEMPTION: TRADE,
    Kind.REINVESTMENT: TRADE,
    Kind.EXERCISE_BUY: TRADE | {"to_instrument_id": "Y"},
    Kind.EXERCISE_SELL: TRADE | {"to_instrument_id": "Y"},
    Kind.EXPIRY: {"instrument_id": "X", "quantity": "10"},
    Kind.RETURN_OF_CAPITAL: {"instrument_id": "X", "amount": "20"},
    Kind.NOTIONAL_DISTRIBUTION: {"instrument_id": "X", "amount": "20"},
    Kind.FEE_REFUND: {"amount": "20"},
    Kind.TAX_REFUND: {"amount": "20"},
    Kind.EXCHANGE: {"amount": "20", "to_currency": "USD", "to_amount": "22"},
    Kind.SPIN_OFF: {"instrument_id": "X", "to_instrument_id": "Y", "ratio": "2"},
    Kind.TRANSFER: {"instrument_id": "X", "quantity": "10", "to_account": "B"},
    Kind.DIVIDEND: {"instrument_id": "X", "amount": "20"},
    Kind.INTEREST: {"amount": "20"},
    Kind.FEE: {"amount": "20"},
    Kind.TAX: {"amount": "20"},
    Kind.DEPOSIT: {"amount": "20"},
    Kind.WITHDRAWAL: {"amount": "20"},
    Kind.SPLIT: {"instrument_id": "X", "ratio": "2"},
    Kind.MERGER: {"instrument_id": "X", "amount": "20"},
    Kind.TRANSFER_IN: {"instrument_id": "X", "quantity": "10"},
    Kind.TRANSFER_OUT: {"instrument_id": "X", "quantity": "10"},
}


def draft(kind: Kind = Kind.BUY, **changes) -> Draft:
    known: dict[str, Any] = {"trade_date": TODAY, "currency": "EUR"} | GOOD[kind] | changes
    for name in NUMBERS & known.keys():
        if isinstance(known[name], str):
            known[name] = Decimal(known[name])
    return Draft(kind=kind, **known)


def problems(kind: Kind = Kind.BUY, **changes) -> dict[str, str]:
    return {each.field: each.message for each in check(draft(kind, **changes), today=TODAY)}


@pytest.mark.parametrize("kind", Kind)
def test_a_row_with_what_its_kind_needs_is_good(kind):
    assert problems(kind) == {}


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind in GOOD for field in RULES[kind].needs]
)
def test_what_a_kind_needs_must_be_there(kind, field):
    found = problems(kind, **{field: "" if field in TEXTS else None})

    assert found.keys() == {field}
    assert found[field].endswith(f"is needed for the kind “{kind.label.lower()}”.")


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (Kind.BUY, "amount"),
        (Kind.BUY, "ratio"),
        (Kind.DIVIDEND, "quantity"),
        (Kind.FEE, "fee"),
        (Kind.TAX, "tax"),
        (Kind.DEPOSIT, "instrument_id"),
        (Kind.DEPOSIT, "price"),
        (Kind.SPLIT, "quantity"),
        (Kind.SPLIT, "price"),
        (Kind.TRANSFER_IN, "amount"),
    ],
)
def test_what_a_kind_has_no_use_for_must_be_empty(kind, field):
    found = problems(kind, **{field: "X" if field == "instrument_id" else "3"})

    assert list(found) == [field]
    assert found[field].endswith(f"must be empty for the kind “{kind.label.lower()}”.")


def test_a_nought_counts_as_empty_where_a_field_has_no_use():
    assert problems(Kind.SPLIT, quantity="0", price="0", fee="0") == {}


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"quantity": "0"}, "quantity", "Quantity must be more than 0."),
        ({"quantity": "-1"}, "quantity", "Quantity must be more than 0."),
        ({"quantity": "NaN"}, "quantity", "Quantity must be a number."),
        ({"quantity": "sNaN"}, "quantity", "Quantity must be a number."),
        ({"price": "-0.01"}, "price", "Price must be 0 or more."),
        ({"fee": "-1"}, "fee", "Fee must be 0 or more."),
        ({"tax": "-1"}, "tax", "Tax must be 0 or more."),
        ({"fx_rate": "0"}, "fx_rate", "Exchange rate must be more than 0."),
        (
            {"quantity": "1e18"},
            "quantity",
            "Quantity must have at most 18 digits before the point and 10 after it.",
        ),
        (
            {"price": "0.00000000001"},
            "price",
            "Price must have at most 18 digits before the point and 10 after it.",
        ),
        (
            {"quantity": "1e10", "price": "1e8"},
            "price",
            "Quantity times price must be less than 1,000,000,000,000,000,000.",
        ),
        (
            {"quantity": "1e9", "price": "1e8", "fx_rate": "1e2"},
            "fx_rate",
            "The converted amount must be less than 1,000,000,000,000,000,000.",
        ),
        (
            {"trade_date": date(1969, 12, 31)},
            "trade_date",
            "Date must be between 1970-01-01 and 2026-03-03.",
        ),
        (
            {"trade_date": date(2026, 3, 4)},
            "trade_date",
            "Date must be between 1970-01-01 and 2026-03-03.",
        ),
        (
            {"executed_at": datetime.fromisoformat("2026-03-02")},
            "executed_at",
            "Time must say its offset from UTC.",
        ),
        *(
            (
                {"executed_at": datetime.fromisoformat(moment)},
                "executed_at",
                "Time must be on 2026-03-02, give or take a day for the time zone.",
            )
            for moment in (
                "2026-02-28T23:59:59.999Z",
                "2026-03-04T00:00:00Z",
                "2026-03-03T12:00:00-12:00",
                "2026-03-01T13:59:59+14:00",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-14:00",
            )
        ),
        ({"currency": "EUX"}, "currency", "Currency must be a known code, such as EUR."),
        ({"currency": "eur"}, "currency", "Currency must be a known code, such as EUR."),
        ({"sequence": -1}, "sequence", "Sequence must be between 0 and 2147483647."),
        ({"account": "x" * 81}, "account", "Account must have at most 80 characters."),
        ({"note": "x" * 501}, "note", "Note must have at most 500 characters."),
        ({"note": "a\x00b"}, "note", "Note must not hold the invisible character U+0000."),
        (
            {"account": "Depot\u202e1"},
            "account",
            "Account must not hold the invisible character U+202E.",
        ),
    ],
)
def test_a_field_out_of_range_is_named_with_what_is_expected(changes, field, message):
    assert problems(**changes) == {field: message}


@pytest.mark.parametrize(
    "changes",
    [
        {"price": "0"},
        {"trade_date": date(1970, 1, 1)},
        {"trade_date": date(2026, 3, 3)},
        {"quantity": "1e15"},
        {"quantity": "0.0000000001"},
        {"quantity": "1.50000000000000000000"},
        {"currency": "BTC"},
        {"fx_rate": "1.1"},
        {"executed_at": datetime(2026, 3, 1, tzinfo=UTC)},
        {"executed_at": datetime(2026, 3, 3, 23, 59, tzinfo=UTC)},
        {"trade_date": date(1970, 1, 1), "executed_at": datetime(1969, 12, 31, tzinfo=UTC)},
    ],
)
def test_the_edges_of_what_is_allowed_are_allowed(changes):
    assert problems(**changes) == {}


def test_every_problem_is_told_at_once():
    assert problems(quantity="0", price="-1", currency="?").keys() == {
        "quantity",
        "price",
        "currency",
    }


def event(kind: Kind = Kind.BUY, event_id: str = "e", **changes) -> Event:
    known = draft(kind, **changes)
    fields = {name: getattr(known, name) for name in Draft.__slots__}
    return Event(id=event_id, created_at=datetime(2026, 3, 2, tzinfo=UTC), **fields)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (Kind.BUY, "-53"),
        (Kind.SELL, "47"),
        (Kind.DIVIDEND, "17"),
        (Kind.INTEREST, "17"),
        (Kind.DEPOSIT, "17"),
        (Kind.WITHDRAWAL, "-23"),
        (Kind.TRANSFER_IN, "-3"),
        (Kind.TRANSFER_OUT, "-3"),
    ],
)
def test_cash_moves_by_the_worth_less_fee_and_tax(kind, change):
    assert cash_changes(event(kind, fee="1", tax="2")) == (("EUR", Decimal(change)),)


@pytest.mark.parametrize(
    ("kind", "change"), [(Kind.FEE, "-20"), (Kind.TAX, "-20"), (Kind.SPLIT, "0")]
)
def test_cash_moves_by_a_charge_and_not_by_a_split(kind, change):
    assert cash_changes(event(kind)) == (("EUR", Decimal(change)),)


NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
IN_ORDER = [
    event(Kind.WITHDRAWAL, "a day before", trade_date=date(2026, 3, 1)),
    event(Kind.SPLIT, "split, whenever", executed_at=TEN),
    event(Kind.DEPOSIT, "deposit without a time"),
    event(Kind.TRANSFER_IN, "delivery without a time"),
    event(Kind.BUY, "purchase without a time"),
    event(Kind.BUY, "at nine", executed_at=NINE),
    event(Kind.SELL, "at nine, sold after buying", executed_at=NINE),
    event(Kind.DIVIDEND, "at nine, income after trades", executed_at=NINE),
    event(Kind.SELL, "at nine, second by sequence", executed_at=NINE, sequence=1),
    event(Kind.BUY, "at nine, third by sequence", executed_at=NINE, sequence=2),
    event(Kind.BUY, "at ten, made first", executed_at=TEN),
    replace(
        event(Kind.BUY, "at ten, made later", executed_at=TEN),
        created_at=datetime(2026, 3, 3, tzinfo=UTC),
    ),
    event(Kind.SELL, "sale without a time, a"),
    event(Kind.SELL, "sale without a time, b"),
    event(Kind.TRANSFER_OUT, "delivery out without a time"),
    event(Kind.INTEREST, "interest without a time"),
    event(Kind.BUY, "purchase without a time, but with a sequence", sequence=1),
]


@given(st.permutations(IN_ORDER))
def test_rows_have_one_order_whatever_order_they_come_in(mixed):
    assert [each.id for each in sorted(mixed, key=order_key)] == [each.id for each in IN_ORDER]


def test_instants_are_compared_across_time_zones():
    early = datetime.fromisoformat("2026-03-02T10:00:00+02:00")

    assert order_key(event(executed_at=early)) < order_key(event(executed_at=NINE))


def test_a_fingerprint_is_32_hexadecimal_digits():
    assert re.fullmatch(r"[0-9a-f]{32}", fingerprint(draft()))


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "10.000"},
        {"quantity": "1e1"},
        {"fee": "0.00"},
        {"fee": Decimal("-0")},
        {"note": "seen"},
        {"account": "depot"},
        {"executed_at": datetime(2026, 3, 2, 9, tzinfo=UTC)},
        {"fx_rate": "1.2"},
        {"sequence": 4},
    ],
)
def test_the_same_row_has_the_same_fingerprint_however_it_is_written(changes):
    assert fingerprint(draft(**changes)) == fingerprint(draft())


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.SELL},
        {"trade_date": date(2026, 3, 1)},
        {"instrument_id": "Y"},
        {"instrument_id": None},
        {"quantity": "10.0000000001"},
        {"price": "5.1"},
        {"price": None},
        {"price": "0"},
        {"amount": "1"},
        {"ratio": "1"},
        {"fee": "1"},
        {"tax": "1"},
        {"currency": "USD"},
    ],
)
def test_another_row_has_another_fingerprint(changes):
    kind = changes.pop("kind", Kind.BUY)

    assert fingerprint(draft(kind, **changes)) != fingerprint(draft())


def test_fields_do_not_run_into_each_other_in_a_fingerprint():
    assert fingerprint(draft(quantity="1", price="23")) != fingerprint(
        draft(quantity="12", price="3")
    )


def test_a_fingerprint_never_changes():
    """It is stored: another algorithm would make every import look new."""
    assert fingerprint(draft()) == "e8c956813054320d7bcd860fc836c54e"
