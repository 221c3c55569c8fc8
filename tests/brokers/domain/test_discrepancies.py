"""What may lie behind a difference, and which readings aren't believed at once, in tables."""

from datetime import date
from decimal import Decimal

import pytest

from brokers.domain.discrepancies import (
    Hints,
    Removed,
    find_shrinkage,
    suggest_for_cash,
    suggest_for_units,
)
from tests.brokers.domain.test_reconcile import numbers

DAY = date(2026, 3, 2)
REMOVED = Removed("0" * 24, DAY, {"ACME": Decimal(-4), "USD": Decimal("399.5")})
HINTS = Hints(
    booked={"ACME", "USD"},
    first_day=date(2025, 1, 2),
    matched_at={"ACME": DAY},
    removed=(REMOVED,),
)


@pytest.mark.parametrize(
    ("symbol", "theirs", "ours", "code", "data"),
    [
        ("ACME", "16", "4", "split", {"new": "4", "old": "1"}),
        ("ACME", "1", "10", "split", {"new": "1", "old": "10"}),
        ("ACME", "15", "10", "split", {"new": "3", "old": "2"}),
        # Nine new for ten old is no split that happens.
        ("ACME", "9", "10", "missing_trade", {"side": "sale", "quantity": "1"}),
        ("ACME", "16.5", "12", "missing_trade", {"side": "purchase", "quantity": "4.5"}),
        ("ACME", "-5", "5", "missing_trade", {"side": "sale", "quantity": "10"}),
        ("ACME", "3", "7", "removed_here", {"date": "2026-03-02"}),
        ("KO", "7.0", "0", "opening_balance", {"quantity": "7", "before": "2025-01-02"}),
    ],
)
def test_units_that_differ_suggest_what_to_look_for(symbol, theirs, ours, code, data):
    found = suggest_for_units(symbol, Decimal(theirs), Decimal(ours), HINTS)

    assert found.code == code
    assert data.items() <= found.data.items()
    assert all(value in found.message for value in data.values())


@pytest.mark.parametrize(
    ("currency", "difference", "ours", "code", "data"),
    [
        ("USD", "-1.25", "100", "fee", {"amount": "1.25"}),
        ("USD", "-25", "100", "fee", {"amount": "25"}),
        ("USD", "-26", "100", "missing_cash", {"amount": "26"}),
        ("USD", "-26", "9000", "fee", {"amount": "26"}),
        ("USD", "12.5", "100", "missing_cash", {"amount": "12.5"}),
        ("USD", "399.5", "100", "removed_here", {"date": "2026-03-02"}),
        ("EUR", "50", "0", "opening_balance", {"amount": "50"}),
    ],
)
def test_cash_that_differs_suggests_what_to_look_for(currency, difference, ours, code, data):
    found = suggest_for_cash(currency, Decimal(difference), Decimal(ours), HINTS)

    assert found.code == code
    assert data.items() <= found.data.items()


def test_a_missing_trade_is_looked_for_since_both_sides_were_equal():
    found = suggest_for_units("ACME", Decimal(11), Decimal(12), HINTS)

    assert found.data["since"] == "2026-03-02"
    assert "since 2026-03-02" in found.message


@pytest.mark.parametrize(
    ("theirs", "ours", "explained", "says"),
    [
        ("A 1, B 1, C 1, D 1", "A 1, B 1, C 1, D 1", "", ""),
        # One of four is less than 30 %.
        ("A 1, B 1, C 1", "A 1, B 1, C 1, D 1", "", ""),
        ("A 1, B 1", "A 1, B 1, C 1, D 1", "", "2 of 4 positions"),
        ("", "A 1", "", "1 of 1 positions"),
        ("", "A 1", "A", ""),
        ("A 4, B 1", "A 10, B 1", "", "more than half"),
        ("A 6, B 1", "A 10, B 1", "", ""),
        ("A 20", "A 10", "", ""),
        ("A -2", "A 10", "", "more than half"),
        ("A -10", "A -10", "", ""),
        ("A 5", "", "", ""),
    ],
)
def test_a_reading_that_closes_much_is_not_believed_at_once(theirs, ours, explained, says):
    held = numbers(ours)

    found = find_shrinkage(
        theirs=numbers(theirs), ours=held, costs=held, explained=explained.split()
    )

    assert found.startswith(says) if says else not found
