"""What a sale would realize, by each cost method."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import exact
from portfolios.domain.engine import CostMethod, Ledger, Policy, PoolScope, compute
from portfolios.domain.whatif import NotEnoughHeld, what_if
from tests.portfolios.domain.notation import day, events, ledger


def considered(rows, sale, policy=Policy(), **more):  # noqa: B008 - it never changes
    (event,) = events(sale)
    last = replace(event, id="what-if", trade_date=day(99), **more)
    return {each.method: each for each in what_if(ledger(rows), last, policy=policy)}


@pytest.mark.parametrize(
    ("method", "gain"), [("fifo", "30"), ("lifo", "20"), ("hifo", "10"), ("average", "20")]
)
def test_each_method_takes_other_lots(method, gain):
    found = considered("10@5 10@7 10@6", "-10@8")

    assert found[CostMethod(method)].disposal.gain_base == Decimal(gain)
    assert [each.method for each in found.values() if each.is_chosen] == [CostMethod.FIFO]


def test_the_chosen_method_is_among_them_though_it_names_lots():
    assert CostMethod.SPECIFIC not in considered("10@5", "-1@8")
    assert considered("10@5", "-1@8", Policy(CostMethod.SPECIFIC))[CostMethod.SPECIFIC].is_chosen


@pytest.mark.parametrize(
    ("rows", "sale"), [("10@5", "-10.1@8"), ("10@5 -10@6", "-1@8"), ("$5", "-1@1")]
)
def test_no_more_is_considered_than_is_held(rows, sale):
    with pytest.raises(NotEnoughHeld):
        considered(rows, sale)


def test_only_the_account_s_own_lots_count_where_the_policy_says_so():
    policy = Policy(pool_scope=PoolScope.ACCOUNT)

    with pytest.raises(NotEnoughHeld):
        considered("10@5", "-1@8", policy, account="elsewhere")


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(1, 99)), min_size=1, max_size=6),
    st.integers(1, 20),
)
def test_the_engine_says_the_same_once_it_is_sold(purchases, part):
    rows = " ".join(f"{quantity}@{price}" for quantity, price in purchases)
    quantity = min(part, sum(quantity for quantity, _ in purchases))

    for method, found in considered(rows, f"-{quantity}@50").items():
        sold = compute(ledger(f"{rows} -{quantity}@50"), policy=Policy(method)).disposals[-1]
        assert (found.disposal.gain, found.disposal.cost) == (sold.gain, sold.cost)
        with exact():
            assert found.short_term + found.long_term == found.disposal.gain_base


def test_nothing_of_the_ledger_is_changed():
    rows = events("10@5")

    what_if(
        Ledger(rows, "USD"), replace(events("-1@8")[0], id="x", trade_date=day(9)), policy=Policy()
    )

    assert rows == events("10@5")
