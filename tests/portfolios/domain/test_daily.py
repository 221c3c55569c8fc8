"""What a portfolio was worth day by day."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain.fx import RateHistory
from marketdata.domain.quotes import MarketState, Quote
from portfolios.domain.daily import DayValue, daily_values
from portfolios.domain.engine import Ledger, compute
from portfolios.domain.kinds import Kind
from portfolios.domain.status import Status
from portfolios.domain.valuation import Holding, value
from tests.portfolios.domain.notation import FIRST_DAY, day, ledger
from tests.portfolios.domain.strategies import some_events


def prices(**series: str):
    """`prices(X="5 6 - 8")`: X closed at 5 on the first day, at nothing on the third."""
    return {
        key: [
            (day(number), Decimal(close))
            for number, close in enumerate(closes.split(), start=1)
            if close != "-"
        ]
        for key, closes in series.items()
    }


def usd_per_eur(closes: str) -> RateHistory:
    return RateHistory({("EUR", "USD"): prices(pair=closes)["pair"]})


def values(
    rows: str, days: int, *, closes=None, base="USD", rates=None, start=1, **options
) -> list[DayValue]:
    rates = rates or RateHistory()
    return list(
        daily_values(
            ledger(rows, base, rates=rates),
            closes=closes or {},
            rates=rates,
            start=day(start),
            end=day(start + days),
            **({"tracks_cash": True} | options),
        )
    )


def column(made: list[DayValue], name: str) -> list[Any]:
    return [getattr(each, name) for each in made]


def test_each_day_is_worth_its_holdings_at_the_close_and_its_cash():
    made = values("$100 10@5 -4@8", 4, closes=prices(X="5 6 7 8"))

    assert column(made, "date") == [day(1), day(2), day(3), day(4)]
    assert column(made, "value") == [100, 110, 124, 130]
    assert column(made, "cash") == [100, 50, 82, 82]
    assert column(made, "net_flow") == [100, 0, 0, 0]
    assert set(column(made, "status")) == {Status.COMPLETE}


def test_the_last_day_is_left_out_and_no_days_are_no_values():
    assert values("10@5", 0) == []


def test_days_without_a_close_take_the_one_before_but_never_a_later_one():
    made = values("10@5", 3, closes=prices(X="- 6 -"), tracks_cash=False)

    assert column(made, "value") == [None, 60, 60]
    assert column(made, "status") == [Status.UNAVAILABLE, Status.COMPLETE, Status.COMPLETE]
    assert made[0].missing == ("X",)


def test_a_close_is_taken_for_ten_days():
    made = values("10@5", 12, closes=prices(X="5"), tracks_cash=False)

    assert column(made, "value") == [50] * 11 + [None]


def test_a_close_that_lasts_is_taken_at_any_age_and_only_for_its_instrument():
    made = values(
        "A/USD:10@5,B/USD:1@3",
        400,
        closes=prices(A="- 5", B="3"),
        tracks_cash=False,
        lasting={"A"},
    )

    assert column(made, "value") == [3] + [53] * 10 + [50] * 389
    assert column(made, "missing") == [("A",)] + [()] * 10 + [("B",)] * 389


def test_of_what_lacks_a_price_the_rest_is_shown():
    made = values("$100 A/USD:10@5,B/USD:1@3", 2, closes=prices(A="5 6"))

    assert made[1].value == 60 + 47
    assert (made[1].status, made[1].missing) == (Status.PARTIAL, ("B",))


def test_a_split_changes_the_units_on_its_day():
    made = values("10@6 x2", 2, closes=prices(X="6 3"), tracks_cash=False)

    assert column(made, "value") == [60, 60]


def test_foreign_values_move_with_the_rate_of_the_day():
    made = values(
        "$100 10@5", 3, closes=prices(X="5 5 5"), base="EUR", rates=usd_per_eur("1.25 2 1.6")
    )

    assert column(made, "value") == [80, 50, Decimal("62.5")]
    assert column(made, "cash") == [80, 25, Decimal("31.25")]
    assert column(made, "net_flow") == [80, 0, 0]


def test_a_missing_rate_is_named():
    (made,) = values("$100", 1, base="EUR")

    assert (made.value, made.cash, made.net_flow) == (None, None, None)
    assert (made.status, made.missing) == (Status.UNAVAILABLE, ("USD/EUR",))


@pytest.mark.parametrize(
    ("rows", "flow"),
    [
        ("$100+1", "100"),
        ("$100,$-40+1", "60"),
        (">10@4", "50"),
        (">10", "50"),
        (">10@4,<3", "35"),
        ("10@5,-2@9,d20", "0"),
        ("Y/USD:>10@4", "40"),
    ],
)
def test_flows_are_what_crosses_the_border_of_the_portfolio(rows, flow):
    (made,) = values(rows, 1, closes=prices(X="5"))

    assert made.net_flow == Decimal(flow)


@pytest.mark.parametrize(
    ("rows", "flow"),
    [
        ("$100", "0"),
        ("10@5+1", "51"),
        ("10@5,-2@9+1", "33"),
        ("10@5,d20+1+2", "33"),
        (">10@4+1", "51"),
    ],
)
def test_without_cash_the_flows_are_what_was_paid_and_received(rows, flow):
    (made,) = values(rows, 1, closes=prices(X="5"), tracks_cash=False)

    assert made.net_flow == Decimal(flow)


def test_a_delivery_that_nobody_can_price_leaves_the_flow_open():
    (made,) = values(">10", 1)

    assert (made.net_flow, made.missing) == (None, ("X",))


def test_only_what_was_there_flows_out():
    (made,) = values(">10@4,<30", 1, closes=prices(X="5"))

    assert (made.value, made.net_flow) == (0, 0)


def test_a_worth_too_large_to_be_kept_is_unknown():
    (made,) = values("1000000000000@1", 1, closes=prices(X="1000000000"), tracks_cash=False)

    assert (made.value, made.missing) == (None, ("X",))


def test_the_callers_decimal_context_is_left_alone():
    from decimal import getcontext

    before = getcontext().prec
    for _ in daily_values(
        ledger("$1"),
        closes={},
        rates=RateHistory(),
        start=day(1),
        end=day(3),
        tracks_cash=True,
    ):
        assert getcontext().prec == before


CLOSES = prices(X="5 6 7 8 - - 9 10 11 12", Y="3 - - 4 4", Z="100 101 99 98 102 103 104 1 2 3")
RATES = usd_per_eur("1.1 1.2 - - 1.15 1.05 1.3")


NO_SPLITS = tuple(kind for kind in Kind if kind is not Kind.SPLIT)


def every_day(events, **options) -> list[DayValue]:
    known: dict[str, Any] = {
        "start": FIRST_DAY,
        "end": FIRST_DAY + timedelta(days=15),
        "tracks_cash": True,
    }
    return list(
        daily_values(Ledger(events, "EUR", RATES), closes=CLOSES, rates=RATES, **(known | options))
    )


@given(some_events(currencies=("EUR", "USD")), st.integers(0, 15), st.booleans())
def test_starting_later_gives_the_same_days(events, skipped, tracks_cash):
    start = FIRST_DAY + timedelta(days=skipped)

    later = every_day(events, start=start, tracks_cash=tracks_cash)

    assert later == every_day(events, tracks_cash=tracks_cash)[skipped:]


@given(some_events(NO_SPLITS, currencies=("EUR", "USD")), st.booleans())
def test_a_day_equals_the_book_of_that_day_at_its_closes(events, tracks_cash):
    made = every_day(events, tracks_cash=tracks_cash)
    for each in made[::4]:
        book = compute(
            Ledger([event for event in events if event.trade_date <= each.date], "EUR", RATES)
        )
        worth = value(
            [
                Holding(position.instrument_id, position.currency, position.quantity, None)
                for position in book.positions.values()
            ],
            book.cash if tracks_cash else None,
            quotes=closing_quotes(book, each.date),
            rates=RATES.on(each.date),
            previous_rates=None,
            base_currency="EUR",
        )
        assert each.status is Status.PARTIAL or each.status is worth.status
        if each.value is None or worth.total is None:
            assert each.value is worth.total
        else:
            assert abs(each.value - worth.total) < Decimal("1e-18")


def closing_quotes(book, on):
    quotes = {}
    for key, position in book.positions.items():
        known = [(when, close) for when, close in CLOSES.get(key, ()) if when <= on]
        if known and (on - known[-1][0]).days <= 10:
            quotes[key] = Quote(
                key, known[-1][1], position.currency, None, "", None, MarketState.CLOSED
            )
    return quotes
