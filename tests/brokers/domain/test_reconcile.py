"""A broker's figures beside ours, in tables."""

from decimal import Decimal

import pytest

from brokers.domain.reconcile import Account, compare, find_shrunk_cash, is_shrunk


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


@pytest.mark.parametrize(
    ("theirs", "ours", "is_whole", "expected"),
    [
        ("USD 5", "USD 5, EUR 7", True, "EUR drift 0, USD match 5"),
        ("USD 5", "USD 5, EUR 7", False, "EUR explained None, USD match 5"),
        ("", "EUR -7", True, "EUR drift 0"),
        ("", "EUR 7", False, "EUR explained None"),
        # What the ledger once had isn't missing.
        ("USD 5", "USD 5, EUR 0", True, "USD match 5"),
        ("USD 5", "USD 5, EUR 0.01", False, "USD match 5"),
    ],
)
def test_currencies_that_only_the_ledger_has_are_listed(theirs, ours, is_whole, expected):
    lines = compare(
        theirs=Account({}, numbers(theirs), is_cash_whole=is_whole),
        ours=Account({}, numbers(ours)),
        unbooked=(),
        pending={},
    )

    assert ", ".join(f"{each.what} {each.outcome} {each.theirs}" for each in lines) == expected


@pytest.mark.parametrize(
    ("theirs", "is_whole", "before", "says"),
    [
        ("USD 100, EUR 50", True, "", ""),
        ("USD 100", True, "", "no EUR is left"),
        ("USD 100", False, "", "no EUR is left"),
        ("", True, "", "no EUR is left"),
        ("USD 100", True, "EUR 50", "no EUR is left"),
        # It was told as little, or less than nothing, the last time.
        ("USD 100", True, "EUR 0", ""),
        ("USD 100", True, "EUR -5", ""),
        ("USD 49, EUR 50", True, "", "less than half of the USD is left"),
        ("USD 51, EUR 50", True, "", ""),
        ("USD -20, EUR 50", True, "USD 100", "less than half of the USD is left"),
        ("USD 49, EUR 50", True, "USD 50", ""),
        ("USD 49, EUR 50", True, "USD 200", "less than half of the USD is left"),
    ],
)
def test_cash_that_shrinks_suddenly_is_found(theirs, is_whole, before, says):
    ours = numbers("USD 100, EUR 50, GBP 0.5, INR -90")
    lines = compare(
        theirs=Account({}, {"INR": Decimal(-190)} | numbers(theirs), is_cash_whole=is_whole),
        ours=Account({}, ours),
        unbooked=(),
        pending={},
    )

    assert find_shrunk_cash(lines, before=numbers(before)) == says


def test_cash_that_was_left_out_before_has_not_gone_since():
    lines = compare(
        theirs=Account({}, {}, is_cash_whole=False),
        ours=Account({}, numbers("USD 100")),
        unbooked=(),
        pending={},
    )

    assert not find_shrunk_cash(lines, before={"USD": None})
    assert find_shrunk_cash(lines, before={})


def test_cash_that_is_on_its_way_has_not_shrunk():
    lines = compare(
        theirs=Account({}, numbers("USD 20")),
        ours=Account({}, numbers("USD 100")),
        unbooked=(),
        pending=numbers("USD -80"),
    )

    assert not find_shrunk_cash(lines, before={})


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [("4", "10", True), ("5", "10", False), (None, "10", True), ("-4", "-10", True)],
)
def test_what_was_told_too_little_of_is_known_by_its_line(theirs, ours, expected):
    assert is_shrunk({"theirs": theirs, "ours": ours}) is expected
