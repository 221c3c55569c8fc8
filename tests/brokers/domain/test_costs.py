"""What both sides say that units cost, in tables."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from brokers.domain.costs import (
    Costed,
    averaged_by_day,
    premiums_apart,
    unpriced,
    washed_losses,
)
from portfolios.domain.books import Disposal, Lot
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Event

DAY = date(2026, 3, 2)


def costed(units, theirs, ours, **known):
    figures = (None if each is None else Decimal(each) for each in (units, theirs, ours))
    return Costed("ACME", "USD", *figures, **known)


@pytest.mark.parametrize(
    ("units", "theirs", "ours", "outcome"),
    [
        ("10", "500", "500", "match"),
        # A cent, whatever it is of.
        ("1", "0.5", "0.51", "match"),
        # Half a cent a unit is what rounding the average to cents leaves.
        ("30", "3000", "3000.15", "match"),
        ("30", "3000", "3000.4", "drift"),
        # A ten-thousandth of the whole.
        ("1", "20000", "20002", "match"),
        ("1", "20000", "20002.1", "drift"),
        # A million units of next to nothing aren't the same at any cost.
        ("1000000", "100", "100.5", "match"),
        ("1000000", "100", "101", "drift"),
        ("-10", "-500", "-500", "match"),
        ("-10", "-500", "-510", "drift"),
        ("10", "500", None, "explained"),
    ],
)
def test_costs_are_compared_with_what_rounding_leaves(units, theirs, ours, outcome):
    line = costed(units, theirs, ours).line()

    assert (line.outcome, line.measure, line.currency) == (outcome, "cost", "USD")
    assert bool(line.reason) == (outcome != "match")


def test_the_rules_that_explain_a_cost_are_named():
    found = costed(
        "10", "500", "520", otherwise=(("“average cost”", Decimal(500)), ("others", None))
    )

    assert found.is_explained
    assert found.line().outcome == "explained"
    assert "“average cost”" in found.line().reason
    assert found.line().suggestion is None


def test_rules_explain_what_the_own_ones_leave_unknown():
    found = costed("10", "500", None, otherwise=(("“first in, first out”", Decimal(500)),))

    assert "first in, first out" in found.line().reason


def test_a_loss_that_was_washed_explains_a_cost():
    line = costed("10", "520", "500", washed=Decimal(20)).line()

    assert line.outcome == "explained"
    assert "20" in line.reason


@pytest.mark.parametrize(
    ("known", "code", "data"),
    [
        ({"unknown": Decimal(4), "can_price": True}, "unknown_cost", {"quantity": "4"}),
        ({"unknown": Decimal(4)}, None, {}),
    ],
)
def test_an_unknown_cost_can_be_given_where_only_prices_are_missing(known, code, data):
    line = costed("10", "500", None, **known).line()

    assert line.outcome == "explained"
    assert "4 of them" in line.reason
    assert (line.suggestion and line.suggestion.code) == code
    assert data.items() <= (line.suggestion.data if line.suggestion else {}).items()


def test_a_cost_that_nothing_explains_says_what_to_look_at():
    line = costed("10", "500", "520").line()

    assert line.suggestion.code == "check_cost"
    assert line.suggestion.data == {"theirs": "50", "ours": "52"}
    changed = costed("10", "500", "520", changed=("0" * 24, DAY)).line()
    assert changed.suggestion.code == "changed_here"
    assert changed.suggestion.data["date"] == "2026-03-02"


def bought(quantity, price, *, day=DAY, kind=Kind.BUY, key="a"):
    return Event(
        id=f"{quantity}@{price}",
        created_at=datetime(2026, 3, 3, tzinfo=UTC),
        kind=kind,
        trade_date=day,
        currency="USD",
        instrument_id=key,
        quantity=Decimal(quantity),
        price=None if price is None else Decimal(price),
    )


def test_purchases_of_one_day_are_averaged_by_instrument():
    rows = [
        bought(10, 50),
        bought(30, 60),
        bought(5, 7, key="b"),
        bought(4, 80, day=date(2026, 3, 3)),
        bought(2, 99, kind=Kind.SELL),
        bought(3, None, kind=Kind.TRANSFER_IN),
    ]

    prices = [each.price for each in averaged_by_day(rows)]

    assert prices == [Decimal("57.5"), Decimal("57.5"), 7, 80, 99, None]


def test_options_that_were_exercised_are_a_trade_at_the_strike_and_an_expiry():
    exercised = replace(
        bought(2, 50, kind=Kind.EXERCISE_SELL),
        multiplier=Decimal(100),
        to_instrument_id="shares",
        fee=Decimal(1),
    )
    purchase = bought(1, 3)

    same, expiry, trade = premiums_apart([purchase, exercised])

    assert same == purchase
    assert (expiry.kind, expiry.quantity, expiry.price, expiry.fee) == (Kind.EXPIRY, 2, None, 0)
    assert (trade.kind, trade.instrument_id, trade.quantity) == (Kind.SELL_SHORT, "shares", 200)
    assert (trade.price, trade.fee, trade.multiplier) == (50, 1, 1)


def lot(units, opened_on, *, cost=Decimal(100), event_id="e"):
    return Lot(opened_on, event_id, Decimal(units), cost, None)


def sale(units, gain, sold_on=DAY, *, is_short=False):
    nothing = dict.fromkeys(
        (
            *("proceeds", "cost", "proceeds_base", "cost_base", "gain_base"),
            *("price_gain_base", "currency_gain_base", "charges_base"),
        )
    )
    return Disposal(
        event_id="s",
        instrument_id="a",
        date=sold_on,
        currency="USD",
        quantity=Decimal(units),
        gain=Decimal(gain),
        lots=(),
        is_short=is_short,
        **nothing,
    )


@pytest.mark.parametrize(
    ("sales", "lots", "washed"),
    [
        ([sale(10, -50)], [lot(10, date(2026, 4, 1))], "50"),
        ([sale(10, -50)], [lot(10, date(2026, 1, 31))], "50"),
        ([sale(10, -50)], [lot(10, date(2026, 4, 2))], "0"),
        ([sale(10, -50)], [lot(4, DAY)], "20"),
        ([sale(10, -50), sale(5, -10)], [lot(12, DAY)], "54"),
        ([sale(10, 50)], [lot(10, DAY)], "0"),
        ([sale(10, -50, is_short=True)], [lot(10, DAY)], "0"),
    ],
)
def test_losses_are_washed_as_far_as_units_were_bought_again(sales, lots, washed):
    assert washed_losses(sales, lots) == Decimal(washed)


def test_only_deliveries_that_lack_a_price_can_be_given_one():
    delivered = replace(bought(4, None, kind=Kind.TRANSFER_IN), id="d")
    spun_off = replace(bought(4, None, kind=Kind.SPIN_OFF), id="s")
    known = {each.id: each for each in (delivered, spun_off)}
    open_lots = [lot(1, DAY), lot(3, DAY, cost=None, event_id="d")]

    assert unpriced(open_lots, known) == (3, [delivered])
    assert unpriced([*open_lots, lot(2, DAY, cost=None, event_id="s")], known) == (5, [])
    assert unpriced([lot(1, DAY)], known) == (0, [])
