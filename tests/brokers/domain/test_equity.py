"""What an account was worth by two sides, in tables."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from brokers.domain.equity import DayEquity, differs, ended


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ("1000", "1000", False),
        ("1000", "1010", False),
        ("1000", "1010.01", True),
        ("1000", "989.99", True),
        # A dollar is nothing, however small the account.
        ("5", "6", False),
        ("5", "6.1", True),
        ("0", "0", False),
        ("-1000", "-1005", False),
        ("1000", None, None),
    ],
)
def test_a_hundredth_is_let_pass(theirs, ours, expected):
    assert differs(Decimal(theirs), None if ours is None else Decimal(ours)) is expected


def test_days_count_once_they_are_over_and_by_the_last_word():
    told = [DayEquity(date(2026, 3, day), Decimal(amount), "USD") for day, amount in TOLD]

    found = ended(told, now=datetime(2026, 3, 4, 1, tzinfo=UTC))

    assert {each.day: each.amount for each in found.values()} == {
        date(2026, 3, 2): 12,
        date(2026, 3, 3): 20,
    }


TOLD = [(2, 10), (3, 20), (4, 30), (2, 12)]
