"""A portfolio parted in two: what the parts come to, added up, is what the whole comes to."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.daily import DayValue, daily_values
from portfolios.domain.engine import Book, CostMethod, Ledger, Policy, PoolScope, compute
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Event
from tests.portfolios.domain.notation import FIRST_DAY, day
from tests.portfolios.domain.strategies import ACCOUNTS, INSTRUMENTS, some_events

DAYS = 14
RATES = RateHistory(
    {("EUR", "USD"): [(FIRST_DAY + timedelta(days=3 * n), Decimal(f"1.{n}1")) for n in range(5)]}
)
#: A close of every day, so that no part lacks a price or a split that only the other has.
CLOSES = {
    key: [(day(number), Decimal(number + place)) for number in range(1, DAYS + 1)]
    for place, key in enumerate((*INSTRUMENTS, *(f"{each}2" for each in INSTRUMENTS)))
}
#: Those that are about all accounts where they name none.
ACTIONS = {
    Kind.SPLIT,
    Kind.SPIN_OFF,
    Kind.MERGER,
    Kind.RETURN_OF_CAPITAL,
    Kind.NOTIONAL_DISTRIBUTION,
}
POSITION_FIGURES = (
    *("quantity", "cost", "cost_base", "charges_base", "realized", "realized_base"),
    *("price_gain_base", "currency_gain_base", "income", "income_base", "fees_base", "taxes_base"),
)
DAY_FIGURES = ("value", "cash", "inflow", "outflow")
METHODS = st.sampled_from(CostMethod)


@st.composite
def ledgers(draw) -> list[Event]:
    """Rows in two currencies on instruments in one; each turns into another of its own."""
    return [
        replace(
            event,
            account=(event.account or "A") if event.kind in ACTIONS else event.account,
            instrument_currency="USD",
            to_instrument_currency="USD",
            to_instrument_id=event.to_instrument_id and f"{event.instrument_id}2",
        )
        for event in draw(some_events(currencies=("EUR", "USD")))
    ]


def amounts_of(book: Book) -> dict[str, Decimal | None]:
    """Name every figure of a book that adds up."""
    found: dict[str, Decimal | None] = {}
    for key, position in book.positions.items():
        found |= {f"{key} {name}": getattr(position, name) for name in POSITION_FIGURES}
        found |= {f"{key} in {name}": units for name, units in position.accounts.items()}
    found |= {f"cash {name}": amount for name, amount in book.cash.items()}
    found |= {f"cash {name} in base": amount for name, amount in book.cash_base.items()}
    for name in ("income", "fees", "taxes"):
        booked = getattr(book.totals, name)
        found |= {f"{name} {currency}": amount for currency, amount in booked.items()}
        found[f"{name} in base"] = getattr(book.totals, f"{name}_base")
    return found | {"contributed": book.totals.contributed_base, "gains": book.realized_base}


def amounts_of_days(days: Iterable[DayValue]) -> dict[str, Decimal | None]:
    return {f"{name} on {each.date}": getattr(each, name) for each in days for name in DAY_FIGURES}


def added(parts: Iterable[dict[str, Decimal | None]]) -> dict[str, Decimal | None]:
    """Add figures up by name; a sum with something unknown in it is unknown."""
    sums: dict[str, Decimal | None] = {}
    with exact():
        for part in parts:
            for name, amount in part.items():
                before = sums.get(name, Decimal(0))
                sums[name] = None if before is None or amount is None else before + amount
    return sums


def assert_equal(whole: dict[str, Decimal | None], sums: dict[str, Decimal | None]) -> None:
    """Assert that two are the same but for what dividing at 34 digits leaves."""
    for name in whole.keys() | sums.keys():
        expected, found = whole.get(name, Decimal(0)), sums.get(name, Decimal(0))
        if expected is None or found is None:
            assert (name, found) == (name, expected)
        else:
            tiny = Decimal("1e-16") * max(abs(expected), Decimal(1))
            assert abs(found - expected) <= tiny, f"{name}: {found}, not {expected}"


def assert_parts_add_up(
    events: list[Event], in_first: set[str], *, policy: Policy, tracks_cash: bool
) -> None:
    parts = [
        [event for event in events if (event.id in in_first) is is_first]
        for is_first in (True, False)
    ]

    def book(rows: list[Event]) -> Book:
        return compute(Ledger(rows, "EUR", RATES), policy=policy)

    def days(rows: list[Event]) -> Iterable[DayValue]:
        return daily_values(
            Ledger(rows, "EUR", RATES),
            closes=CLOSES,
            rates=RATES,
            start=day(1),
            end=day(DAYS),
            tracks_cash=tracks_cash,
            policy=policy,
        )

    assert_equal(amounts_of(book(events)), added(amounts_of(book(part)) for part in parts))
    assert_equal(
        amounts_of_days(days(events)), added(amounts_of_days(days(part)) for part in parts)
    )


@given(ledgers(), st.sets(st.sampled_from(ACCOUNTS)), METHODS, st.booleans())
def test_groups_of_accounts_add_up_where_each_has_its_own_lots(
    events, accounts, method, tracks_cash
):
    chosen = {event.id for event in events if event.account in accounts}
    policy = Policy(cost_method=method, pool_scope=PoolScope.ACCOUNT)

    assert_parts_add_up(events, chosen, policy=policy, tracks_cash=tracks_cash)


@given(
    ledgers(),
    st.sets(st.sampled_from((None, *INSTRUMENTS))),
    st.builds(Policy, cost_method=METHODS, pool_scope=st.sampled_from(PoolScope)),
    st.booleans(),
)
def test_groups_of_instruments_add_up(events, instruments, policy, tracks_cash):
    chosen = {event.id for event in events if event.instrument_id in instruments}

    assert_parts_add_up(events, chosen, policy=policy, tracks_cash=tracks_cash)
