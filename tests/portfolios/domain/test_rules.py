"""The rules: each with its numbers, and never passed on a guess."""

from decimal import Decimal

import pytest

from portfolios.domain.allocation import By, Worth, allocate
from portfolios.domain.measures import Line, Subject
from portfolios.domain.rules import (
    DEFAULT_LIMITS,
    RULES,
    LimitsRefused,
    Verdict,
    check,
    check_limits,
)
from portfolios.domain.status import Status
from tests.portfolios.domain.test_allocation import KINDS, weights

PASSED, FAILED, UNAVAILABLE = Verdict.PASSED, Verdict.FAILED, Verdict.UNAVAILABLE


def subject(text: str, cash: str | None = "0", **more) -> Subject:
    """`subject("SHARE 100, WORLD ?", cash="50")`: each holding cost what it is worth."""
    pairs = [each.split() for each in text.split(",") if each.strip()]
    worths = [Worth(name, None if value == "?" else Decimal(value)) for name, value in pairs]
    held = sum(each.value or 0 for each in worths)
    own = {} if cash is None else {"EUR": Decimal(cash)}
    known = {
        "currency": "EUR",
        "total": Decimal(held) + sum(own.values()),
        "status": Status.PARTIAL if "?" in text else Status.COMPLETE,
        "lines": [
            Line(
                each.instrument_id, each.value, each.value, is_spread=each.instrument_id == "WORLD"
            )
            for each in worths
        ],
        "cash": None if cash is None else Decimal(cash),
        "fees": Decimal(1),
        "monthly_spending": None,
        "allocations": {
            by: allocate(worths, by=by, classifications=KINDS, cash=own)
            for by in By
            if by is not By.ACCOUNT
        },
    }
    return Subject(**(known | more))


def checked(rule_id: str, subject: Subject, limit: str | None = "default"):
    limits = {}
    if limit != "default":
        limits[rule_id] = None if limit is None else Decimal(limit)
    return next(each for each in check(subject, limits=limits) if each.id == rule_id)


def words_of(check) -> str:
    return check.explanation.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("rule", "holdings", "cash", "limit", "value", "verdict"),
    [
        # At the limit is within it.
        ("largest-position", "SHARE 10, WORLD 90", "0", "0.1", "0.1", PASSED),
        ("largest-position", "SHARE 11, WORLD 89", "0", "0.1", "0.11", FAILED),
        ("largest-position", "WORLD 100", "0", "0.1", "0", PASSED),
        ("largest-position", "SHARE ?", "5", "0.1", None, UNAVAILABLE),
        ("asset-class", "SHARE 60, HOUSE 40", "0", "0.5", "0.6", FAILED),
        ("asset-class", "SHARE 60, HOUSE 40", "100", "0.5", "0.3", PASSED),
        ("sector", "SHARE 40, WORLD 0, HOUSE 0", "60", "0.4", "0.4", PASSED),
        # Another 60 % isn't classified, so the largest sector could be all of it.
        ("sector", "SHARE 40, HOUSE 60", "0", "0.5", "0.4", UNAVAILABLE),
        ("sector", "SHARE 40, HOUSE 60", "0", "0.3", "0.4", FAILED),
        ("sector", "HOUSE 60", "0", "0.3", None, UNAVAILABLE),
        ("country", "SHARE 50, WORLD 50", "0", "0.65", "0.8", FAILED),
        ("foreign-currencies", "SHARE 25, HOUSE 75", "0", "0.25", "0.25", PASSED),
        ("foreign-currencies", "WORLD 100", "0", "0.75", "1", FAILED),
        ("foreign-currency", "WORLD 100", "0", "0.6", "0.6", PASSED),
        ("foreign-currency", "HOUSE 100", "0", "0.6", "0", PASSED),
        ("account", "SHARE 1", "0", "0.75", None, UNAVAILABLE),
        ("fees", "SHARE 100", "0", "0.01", "0.01", PASSED),
        ("fees", "SHARE 50", "0", "0.01", "0.02", FAILED),
        ("fees", "SHARE ?", "0", "0.01", None, UNAVAILABLE),
        ("emergency-cash", "SHARE 1", "5", "3", None, UNAVAILABLE),
        ("emergency-cash", "SHARE 1", None, "3", None, UNAVAILABLE),
        ("cash", "SHARE 98", "2", "0.02", "0.02", PASSED),
        ("cash", "SHARE 99", "1", "0.02", "0.01", FAILED),
        ("cash", "SHARE 99", None, "0.02", None, UNAVAILABLE),
        ("positions", "SHARE 1, HOUSE 1", "0", "2", "2", PASSED),
        ("positions", "SHARE 1", "0", "2", "1", FAILED),
        ("concentration", "SHARE 50, HOUSE 50", "0", "0.5", "0.5", PASSED),
        ("concentration", "SHARE 75, HOUSE 25", "0", "0.5", "0.625", FAILED),
        ("concentration", "", "10", "0.5", None, UNAVAILABLE),
        ("unpriced", "SHARE 1, HOUSE ?", "0", "0", "0.5", FAILED),
        ("unpriced", "SHARE 1", "0", "0", "0", PASSED),
    ],
)
def test_a_rule_measures_and_judges(rule, holdings, cash, limit, value, verdict):
    found = checked(rule, subject(holdings, cash), limit)

    assert (found.value, found.verdict) == (None if value is None else Decimal(value), verdict)
    assert (found.status is Status.UNAVAILABLE) == (value is None)


def test_emergency_cash_is_measured_by_what_is_spent():
    found = checked("emergency-cash", subject("SHARE 1", "600", monthly_spending=Decimal(250)), "3")

    assert (found.value, found.verdict) == (Decimal("2.4"), FAILED)
    assert words_of(found) == (
        "Cash of 600.00 EUR lasts 2.4 months at 250.00 EUR a month. The limit is at least 3 months."
    )


def test_a_check_explains_itself_with_its_numbers():
    found = checked("fees", subject("SHARE 50"))

    assert words_of(found) == (
        "Fees of 1.00 EUR are 2.00 % of the 50.00 EUR that the holdings cost. "
        "The limit is at most 1.00 %."
    )


def test_what_could_be_above_the_limit_is_not_passed_and_says_so():
    found = checked("sector", subject("SHARE 40, HOUSE 60"), "0.5")

    assert "could be up to 100.00 %" in words_of(found)


def test_a_measure_over_what_is_known_is_partial():
    found = checked("largest-position", subject("SHARE 5, WORLD 95, HOUSE ?"))

    assert (found.verdict, found.status) == (PASSED, Status.PARTIAL)


def test_without_any_input_no_rule_is_passed():
    nothing = subject("", None, total=None, fees=None, allocations={})
    found = check(nothing, limits={})

    passed = {each.id for each in found if each.verdict is PASSED}
    # That nothing lacks a value is known of nothing, too.
    assert passed == {"unpriced"}


def test_a_rule_can_be_switched_off():
    found = checked("fees", subject("SHARE 50"), None)

    assert (found.verdict, found.value, found.limit) == (Verdict.OFF, None, None)


def test_every_rule_has_a_usual_limit_that_makes_sense():
    check_limits(DEFAULT_LIMITS)

    assert [each.id for each in check(subject("SHARE 1"), limits={})] == [each.id for each in RULES]


@pytest.mark.parametrize(
    ("limits", "wrong"),
    [("nonsense 0.1", {"nonsense"}), ("sector 1.1", {"sector"}), ("positions -1", {"positions"})],
)
def test_limits_that_make_no_sense_are_refused(limits, wrong):
    with pytest.raises(LimitsRefused) as refused:
        check_limits(weights(limits))

    assert set(refused.value.errors) == wrong
