"""A broker's figures beside ours, in tables."""

from decimal import Decimal

import pytest

from brokers.domain.reconcile import Account, compare


def numbers(text):
    """Read `ACME 4, KO 2`."""
    pairs = (each.split() for each in text.split(",") if each.strip())
    return {name: Decimal(number) for name, number in pairs}


@pytest.mark.parametrize(
    ("theirs", "ours", "unbooked", "expected"),
    [
        ("ACME 4", "ACME 4.0", "", "ACME match"),
        ("ACME 4", "ACME 4.000000001", "", "ACME match"),
        ("ACME 4", "ACME 4.001", "", "ACME drift"),
        ("ACME 4", "", "", "ACME drift"),
        ("", "ACME 4", "", "ACME drift"),
        ("", "ACME 0", "", ""),
        ("ACME -4", "ACME -4", "", "ACME match"),
        ("ACME 16", "ACME 4", "ACME", "ACME explained"),
        ("ACME 16, KO 1", "ACME 4, KO 2", "ACME", "ACME explained, KO drift"),
    ],
)
def test_units_are_compared_exactly(theirs, ours, unbooked, expected):
    lines = compare(
        theirs=Account(numbers(theirs), {}),
        ours=Account(numbers(ours), {}),
        unbooked=unbooked.split(),
        pending={},
    )

    assert ", ".join(f"{line.what} {line.outcome}" for line in lines) == expected
    assert all(bool(line.reason) == (line.outcome != "match") for line in lines)


@pytest.mark.parametrize(
    ("theirs", "ours", "pending", "unbooked", "expected"),
    [
        ("100", "100.01", "0", "", "match"),
        ("100", "100.02", "0", "", "drift"),
        ("100", "150", "50", "", "explained"),
        ("100", "150", "-50", "", "explained"),
        ("100", "150", "30", "", "drift"),
        ("100", "150", "0", "USD", "explained"),
        ("0", "150", "0", "", "drift"),
    ],
)
def test_cash_is_compared_to_the_cent(theirs, ours, pending, unbooked, expected):
    (line,) = compare(
        theirs=Account({}, {"USD": Decimal(theirs)}),
        ours=Account({}, {"USD": Decimal(ours)}),
        unbooked=unbooked.split(),
        pending={"USD": Decimal(pending)},
    )

    assert (line.outcome, line.measure) == (expected, "cash")
