"""A book that was put away is the same when it is taken out again."""

import json

from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.engine import Ledger, compute
from portfolios.domain.keeping import book_values, kept_book, kept_position, position_values
from portfolios.domain.transactions import order_key
from tests.portfolios.domain.notation import after
from tests.portfolios.domain.strategies import some_events
from tests.portfolios.domain.test_engine_properties import POLICIES, RATES


def put_away(book, wanted=None):
    """Write a book as JSON and read it again, with the positions that are wanted or all."""
    text = json.dumps([book_values(book), [position_values(p) for p in book.positions.values()]])
    head, positions = json.loads(text)
    return kept_book(
        head,
        [
            kept_position(each)
            for each in positions
            if wanted is None or each["instrument"] in wanted
        ],
    )


@given(some_events(currencies=("EUR", "USD")), st.integers(0, 12), st.sampled_from(POLICIES))
def test_a_kept_book_continues_like_one_that_never_was_away(events, cut, policy):
    events = sorted(events, key=order_key)
    opening = compute(Ledger(events[:cut], "EUR", RATES), policy=policy)

    later = Ledger(events[cut:], "EUR", RATES, opening=put_away(opening))

    assert after(opening, compute(later, policy=policy)) == compute(
        Ledger(events, "EUR", RATES), policy=policy
    )


@given(some_events(currencies=("EUR", "USD")), st.integers(0, 12))
def test_only_the_positions_that_later_rows_name_are_needed(events, cut):
    events = sorted(events, key=order_key)
    opening = compute(Ledger(events[:cut], "EUR", RATES))
    later = events[cut:]
    needed = {key for each in later for key in (each.instrument_id, each.to_instrument_id) if key}

    part = compute(Ledger(later, "EUR", RATES, opening=put_away(opening, needed)))

    whole = compute(Ledger(events, "EUR", RATES))
    assert (part.cash, part.cash_base, part.totals) == (whole.cash, whole.cash_base, whole.totals)
    for key, position in part.positions.items():
        assert position == whole.positions[key]
    for key in opening.positions.keys() - needed:
        assert opening.positions[key] == whole.positions[key]
