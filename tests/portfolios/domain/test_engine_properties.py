"""What holds of every ledger, whatever is in it."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.engine import Code, CostMethod, Ledger, Policy, PoolScope, compute
from portfolios.domain.kinds import RULES, Kind
from portfolios.domain.transactions import Event, cash_changes, order_key
from tests.portfolios.domain.notation import CREATED_AT, FIRST_DAY, after, day
from tests.portfolios.domain.notation import events as written
from tests.portfolios.domain.strategies import decimals, some_events

#: What dividing at 34 digits may leave.
TINY = Decimal("1e-20")
TRADES = (Kind.BUY, Kind.SELL)
RATES = RateHistory(
    {("EUR", "USD"): [(FIRST_DAY + timedelta(days=3 * n), Decimal(f"1.{n}1")) for n in range(5)]}
)


#: Every way to choose lots, in one pool and in one for each account.
POLICIES = [
    Policy(cost_method=method, pool_scope=scope) for method in CostMethod for scope in PoolScope
]


def close(left: Decimal, right: Decimal) -> bool:
    with exact():
        return abs(left - right) <= TINY * max(abs(left), abs(right), Decimal(1))


def fields_of(kind: Kind) -> tuple[str, ...]:
    return (*RULES[kind].needs, *RULES[kind].allows)


def total(amounts) -> Decimal:
    with exact():
        return sum(amounts, Decimal(0))


@given(some_events(currencies=("EUR", "USD")), st.randoms())
def test_any_order_of_insertion_gives_the_same_book(events, random):
    shuffled = list(events)
    random.shuffle(shuffled)

    assert compute(Ledger(shuffled, "EUR", RATES)) == compute(Ledger(events, "EUR", RATES))


@given(some_events(currencies=("EUR", "USD")), st.integers(0, 12), st.sampled_from(POLICIES))
def test_a_book_continued_equals_one_made_at_once(events, cut, policy):
    events = sorted(events, key=order_key)
    opening = compute(Ledger(events[:cut], "EUR", RATES), policy=policy)

    continued = compute(Ledger(events[cut:], "EUR", RATES, opening=opening), policy=policy)

    assert after(opening, continued) == compute(Ledger(events, "EUR", RATES), policy=policy)


@given(some_events(kinds=(Kind.BUY, Kind.SPLIT)))
def test_selling_everything_leaves_exactly_nothing(events):
    bought = compute(Ledger(events, "EUR"))
    sales = [
        replace(
            written("EUR:-1@3")[0],
            id=f"s{key}",
            trade_date=day(40),
            instrument_id=key,
            quantity=position.quantity,
        )
        for key, position in bought.positions.items()
        if position.quantity
    ]

    book = compute(Ledger([*events, *sales], "EUR"))

    assert book.problems == bought.problems
    for position in book.positions.values():
        assert (position.quantity, position.cost, position.cost_base) == (0, 0, 0)
        assert position.lots == ()


@given(some_events(kinds=TRADES), decimals("0.01", "900"))
def test_realized_and_unrealized_gain_add_up_to_what_was_earned(events, price):
    book = compute(Ledger(events, "EUR"))
    if any(problem.code is Code.OVERSOLD for problem in book.problems):
        return

    with exact():
        gains = sum(
            each.realized + each.quantity * price - each.cost for each in book.positions.values()
        )
        worth = sum(each.quantity * price for each in book.positions.values())
        earned = worth + book.cash.get("EUR", 0)

    assert close(gains, earned)


@given(some_events(currencies=("EUR", "USD")))
def test_cash_is_the_sum_of_what_was_booked(events):
    expected = defaultdict(Decimal)
    with exact():
        for event in events:
            for currency, change in cash_changes(event):
                expected[currency] += change

    book = compute(Ledger(events, "EUR", RATES))

    assert book.cash == {key: amount for key, amount in expected.items() if key in book.cash}
    assert all(not amount for key, amount in expected.items() if key not in book.cash)


@given(some_events())
def test_lots_add_up_to_their_position_oldest_first(events):
    for position in compute(Ledger(events, "EUR")).positions.values():
        assert close(total(lot.quantity for lot in position.lots), position.quantity)
        assert len({lot.quantity > 0 for lot in position.lots}) <= 1
        assert [lot.opened_on for lot in position.lots] == sorted(
            lot.opened_on for lot in position.lots
        )
        if position.cost is not None:
            assert close(total(lot.cost for lot in position.lots), position.cost)


@given(some_events())
def test_what_the_lots_of_a_sale_cost_is_its_cost(events):
    for disposal in compute(Ledger(events, "EUR")).disposals:
        assert close(total(lot.quantity for lot in disposal.lots), disposal.quantity)
        if disposal.cost is not None:
            assert close(total(lot.cost for lot in disposal.lots), disposal.cost)
        assert (disposal.gain is None) == (None in (disposal.cost, disposal.proceeds))
        if disposal.gain is not None:
            assert close(disposal.gain + disposal.cost, disposal.proceeds)


@given(some_events(kinds=(*TRADES, Kind.TRANSFER_IN)), st.sampled_from(["0.5", "2", "3", "10"]))
def test_a_split_keeps_the_cost(events, ratio):
    split = replace(written(f"x{ratio}")[0], id="split", trade_date=day(40))
    before = compute(Ledger(events, "EUR")).positions.get("X")
    after = compute(Ledger([*events, split], "EUR")).positions.get("X")

    if before is None:
        assert after is None
        return
    assert after.cost == before.cost
    assert close(after.quantity, before.quantity * Decimal(ratio))
    assert after.realized == before.realized


@given(some_events(kinds=TRADES), st.sampled_from(["0.01", "3", "1000"]))
def test_prices_times_a_factor_give_figures_times_it(events, factor):
    factor = Decimal(factor)
    scaled = [replace(each, price=each.price * factor, fee=each.fee * factor) for each in events]

    small, large = compute(Ledger(events, "EUR")), compute(Ledger(scaled, "EUR"))

    assert small.positions.keys() == large.positions.keys()
    for key, position in small.positions.items():
        assert close(position.cost * factor, large.positions[key].cost)
        assert close(position.realized * factor, large.positions[key].realized)
        assert position.quantity == large.positions[key].quantity


@given(some_events(kinds=tuple(each for each in Kind if "to_instrument_id" not in fields_of(each))))
def test_instruments_do_not_touch_each_other(events):
    whole = compute(Ledger(events, "EUR"))
    for key, position in whole.positions.items():
        own = [event for event in events if event.instrument_id == key]
        assert compute(Ledger(own, "EUR")).positions[key] == position


@given(some_events(currencies=("EUR", "USD")))
def test_a_figure_is_complete_exactly_where_no_problem_touches_it(events):
    book = compute(Ledger(events, "EUR"))

    doubtful = {problem.event_id for problem in book.problems}
    touched = {
        key
        for event in events
        if event.id in doubtful
        for key in (event.instrument_id, event.to_instrument_id)
    }
    for key, position in book.positions.items():
        assert bool(position.flags) == (key in touched)
    assert (book.status == "complete") == (not book.problems)


JUNK = [
    Decimal(text)
    for text in (
        *("0", "-0", "1", "-5", "0.3", "1e-18", "1e15", "1e17", "-1e30", "1e400", "1e-400"),
        *("NaN", "sNaN", "Infinity", "-Infinity"),
    )
]
NUMBERS = st.sampled_from(JUNK)


@given(
    st.lists(
        st.builds(
            Event,
            id=st.uuids().map(str),
            created_at=st.just(CREATED_AT),
            kind=st.sampled_from(Kind),
            trade_date=st.dates(),
            executed_at=st.none() | st.datetimes(),
            currency=st.sampled_from(["EUR", "USD", "???", "GBX"]),
            instrument_currency=st.sampled_from([None, "USD", "JPY"]),
            instrument_id=st.sampled_from([None, "", "X"]),
            quantity=st.none() | NUMBERS,
            price=st.none() | NUMBERS,
            amount=st.none() | NUMBERS,
            ratio=st.none() | NUMBERS,
            fx_rate=st.none() | NUMBERS,
            fee=NUMBERS,
            tax=NUMBERS,
        ),
        max_size=6,
    )
)
def test_nothing_in_a_ledger_makes_the_engine_fail(events):
    book = compute(Ledger(events, "EUR", RATES))

    assert {problem.event_id for problem in book.problems} <= {event.id for event in events}
    assert all(each.quantity.is_finite() for each in book.positions.values())
    assert all(balance.is_finite() for balance in book.cash.values())
