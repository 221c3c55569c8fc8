"""What a sale would realize by each cost method is what its trees come to."""

from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.domain.engine import Policy
from portfolios.domain.explaining import disposals
from portfolios.domain.explaining.whatif import explain_alternative
from portfolios.domain.whatif import what_if
from tests.portfolios.domain.notation import day, events, ledger
from tests.portfolios.domain.test_explaining_disposals import NAMES, assert_comes_to, closed

purchases = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 99)), min_size=1, max_size=6)


def considered(rows, sale, on):
    """Return what each method makes of a sale, and the rows with it."""
    (event,) = events(sale)
    sold = replace(event, id="what-if", trade_date=day(on))
    return what_if(ledger(rows), sold, policy=Policy()), [*events(rows), sold]


@given(purchases, st.integers(1, 20), st.integers(7, 400), st.sampled_from([1, 300]))
def test_every_tree_comes_to_its_figure(bought, part, on, most_lots):
    rows = " ".join(f"{quantity}@{price}" for quantity, price in bought)
    quantity = min(part, sum(quantity for quantity, _ in bought))
    found, all_rows = considered(rows, f"-{quantity}@50", on)

    for each in found:
        with patch.object(disposals, "MOST_LOTS", most_lots):
            trees = explain_alternative(closed(each.disposal, all_rows, Policy(), "USD"))

        for name in NAMES:
            assert_comes_to(getattr(trees, name), getattr(each.disposal, name))
        assert_comes_to(trees.short_term, each.short_term)
        assert_comes_to(trees.long_term, each.long_term)


@pytest.mark.parametrize(("on", "short", "long"), [(9, 2, 0), (367, 1, 1), (700, 0, 2)])
def test_lots_are_told_by_how_long_they_were_held(on, short, long):
    (first, *_), all_rows = considered("10@5 10@7", "-20@8", on)

    trees = explain_alternative(closed(first.disposal, all_rows, Policy(), "USD"))

    assert (len(trees.short_term.inputs), len(trees.long_term.inputs)) == (short, long)
