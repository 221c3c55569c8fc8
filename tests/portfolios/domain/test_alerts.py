"""When alerts fire, in a trader's notation: `a` arms, `F` fires, `.` does nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.alerts import (
    AlertKind,
    AlertRefused,
    AlertState,
    Rule,
    Zone,
    check_rule,
    step,
    title_of,
)
from portfolios.domain.thresholds import Thresholds

KIND = AlertKind


def rule(kind: str, limit: str, reference: str | None = None) -> Rule:
    return Rule(AlertKind(kind), Decimal(limit), Decimal(reference) if reference else None)


def told(watched: Rule, values: list[Decimal]) -> str:
    state, marks = AlertState.ARMED, []
    for value in values:
        before = state
        state, fires = step(state, watched.line.zone(value))
        marks.append("F" if fires else "a" if state is not before else ".")
    return "".join(marks)


@pytest.mark.parametrize(
    ("watched", "values", "marks"),
    [
        (rule("price_above", "200"), "190 200 210 205 199.5 200 199 200", ".F....aF"),
        (rule("price_above", "200"), "210 210", "F."),
        (rule("price_below", "100"), "101 100 90 100.4 100 100.5 99", ".F...aF"),
        (rule("day_move", "0.05"), "0 0.05 0.06 0.041 0.04 0.05", ".F..aF"),
        (rule("day_move", "-0.05"), "0 0.05 -0.05 -0.06 -0.041 -0.04 -0.05", "..F..aF"),
        (rule("move_from", "0.10", "50"), "54 55 54.5 54 55", ".F.aF"),
        (rule("move_from", "-0.10", "50"), "46 45 45.5 46 45", ".F.aF"),
        (rule("stale", "10"), "9 10 11 9 8 0 10", ".F..a.F"),
        (rule("drawdown", "0.10"), "0 0.1 0.15 0.09 0.08 0.11", ".F..aF"),
        (rule("drift", "0.05"), "0.04 0.05 0.041 0.04 0.05", ".F.aF"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "kind", None),
)
def test_an_alert_fires_once_and_again_only_after_a_way_back(watched, values, marks):
    assert told(watched, [Decimal(value) for value in values.split()]) == marks


RULES = st.one_of(
    st.builds(
        Rule,
        st.sampled_from([KIND.PRICE_ABOVE, KIND.PRICE_BELOW]),
        st.decimals("0.01", "10000", places=4),
    ),
    st.builds(
        Rule,
        st.just(KIND.DAY_MOVE),
        st.decimals("-0.9", "5", places=4).filter(bool),
    ),
    st.builds(
        Rule,
        st.just(KIND.MOVE_FROM),
        st.decimals("-0.9", "5", places=4).filter(bool),
        st.decimals("0.01", "10000", places=4),
    ),
)


@given(RULES, st.lists(st.decimals("0.85", "1.15", places=4), max_size=40))
def test_no_sequence_of_quotes_fires_twice_without_a_reversal(watched, factors):
    values = [watched.line.level * factor for factor in factors]

    marks = told(watched, values)

    # Firing and arming take turns, and arming needs a value that is really back.
    assert "FF" not in marks.replace(".", "")
    assert all(
        watched.line.zone(value) is Zone.BACK
        for value, mark in zip(values, marks, strict=True)
        if mark == "a"
    )


@given(RULES)
def test_the_way_back_lies_on_the_other_side_of_the_line(watched):
    line = watched.line

    assert line.zone(line.level) is Zone.BEYOND
    assert line.zone(line.back) is Zone.BACK


@given(RULES, st.lists(st.decimals("0.85", "1.15", places=4), max_size=40))
def test_levels_in_order_find_exactly_what_the_rule_itself_would(watched, factors):
    thresholds, state = Thresholds(), AlertState.ARMED
    place = ("acme", watched.kind.measure)
    thresholds.put("a1", place, watched.line, state)
    thresholds.put("b2", ("other", watched.kind.measure), watched.line, state)

    for factor in factors:
        value = watched.line.level * factor
        after, _ = step(state, watched.line.zone(value))

        reached = [key for key, _ in thresholds.reached({place: value})]

        assert reached == (["a1"] if after is not state else [])
        state = after
        thresholds.put("a1", place, watched.line, state)


def test_what_no_alert_waits_for_is_forgotten():
    thresholds = Thresholds()
    watched = rule("price_above", "200")
    thresholds.put("a1", ("acme", watched.kind.measure), watched.line, AlertState.ARMED)

    thresholds.remove("a1")
    thresholds.remove("a1")

    assert (len(thresholds), thresholds.instruments()) == (0, set())


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        (rule("price_above", "0"), {"limit"}),
        (rule("price_below", "-1"), {"limit"}),
        (rule("price_above", "NaN"), {"limit"}),
        (rule("price_above", "1e30"), {"limit"}),
        (rule("day_move", "0"), {"limit"}),
        (rule("day_move", "-1"), {"limit"}),
        (rule("move_from", "0.1"), {"reference"}),
        (rule("move_from", "0", "0"), {"limit", "reference"}),
        (rule("price_above", "1", "5"), {"reference"}),
        (rule("stale", "0"), {"limit"}),
        (rule("stale", "1.5"), {"limit"}),
        (rule("drawdown", "1"), {"limit"}),
        (rule("drift", "-0.1"), {"limit"}),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong, fields):
    with pytest.raises(AlertRefused) as refused:
        check_rule(wrong)

    assert set(refused.value.errors) == fields


@pytest.mark.parametrize(
    ("watched", "words"),
    [
        (rule("price_above", "200.50"), "ACME at or above 200.5 USD"),
        (rule("price_below", "5"), "ACME at or below 5 USD"),
        (rule("day_move", "-0.05"), "ACME down 5 % in a day"),
        (rule("move_from", "0.125", "80"), "ACME up 12.5 % from 80 USD"),
        (rule("stale", "1"), "ACME without a quote for 1 minute while its market is open"),
        (rule("drawdown", "0.2"), "ACME 20 % below its high"),
        (rule("drift", "0.05"), "ACME 5 % away from its targets"),
    ],
)
def test_rules_are_said_in_words(watched, words):
    check_rule(watched)

    assert title_of(watched, name="ACME", currency="USD") == words
