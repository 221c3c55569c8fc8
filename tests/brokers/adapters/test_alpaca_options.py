"""Options at Alpaca in their published form: what they are called, traded for, and become."""

import itertools
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from brokers.adapters.alpaca import options, parser
from brokers.domain.events import InstrumentName, Stream
from marketdata.domain.instruments import AssetClass
from tests.brokers.adapters.rows import line_of

CALL, PUT = "ACME260320C00150000", "ACME260320P00042500"


def fill(number, side, *, symbol=CALL, **more):
    return {
        "id": f"20260302093000123::{number:02d}",
        "activity_type": "FILL",
        "transaction_time": "2026-03-02T14:30:00Z",
        "symbol": symbol,
        "side": side,
        "qty": "2",
        "price": "3.05",
        **more,
    }


def ended(number, activity, symbol, qty, *, net="0", day="2026-03-20", **more):
    return {
        "id": f"{day.replace('-', '')}000000000::{number:02d}",
        "activity_type": activity,
        "date": day,
        "net_amount": net,
        "description": "Option",
        "symbol": symbol,
        "qty": qty,
        "status": "executed",
        **more,
    }


def delivered(number, qty, net, *, price="150", symbol="ACME", **more):
    return ended(number, "OPTRD", symbol, qty, net=net, price=price, **more)


def read(*rows):
    return parser.read_activities(json.dumps(rows).encode())


def told(*rows):
    """Write events by the last two digits of the id."""
    return [line_of(event).partition("::")[2] for event in read(*rows).events]


@pytest.mark.parametrize(
    ("symbol", "name", "multiplier"),
    [
        (CALL, "ACME 20 Mar 2026 150 call", Decimal(100)),
        (PUT, "ACME 20 Mar 2026 42.5 put", Decimal(100)),
        # An adjusted one may stand for any number of shares, and money besides.
        ("ACME1260320C00150000", "ACME 20 Mar 2026 150 call", None),
    ],
)
def test_an_option_is_named_by_its_terms(symbol, name, multiplier):
    (event,) = read(fill(1, "buy", symbol=symbol)).events

    assert event.instrument == InstrumentName(
        symbol, AssetClass.OTHER, name=name, multiplier=multiplier
    )


@pytest.mark.parametrize("symbol", ["ACME", "BRK.B", "ACME260332C00150000", "ACME260320X00150000"])
def test_other_symbols_are_no_options(symbol):
    assert options.contract_of(symbol) is None


def test_positions_of_options_are_those_that_were_traded():
    rows = [{"symbol": CALL, "qty": "-2", "side": "short", "asset_class": "us_option"}]

    (held,) = parser.READERS[Stream.POSITIONS](json.dumps(rows).encode()).positions

    assert held.instrument == read(fill(1, "sell")).events[0].instrument
    assert held.quantity == -2


@pytest.mark.parametrize(
    ("side", "intent", "kind"),
    [
        ("buy", "", "buy"),
        ("buy", "buy_to_close", "buy"),
        ("sell", "sell_to_close", "sell"),
        ("sell", "sell_to_open", "sell_short"),
        # Without a word, what is held goes first, and the rest is owed.
        ("sell", "", "sell_short"),
        ("sell_short", "", "sell_short"),
    ],
)
def test_what_a_trade_of_options_is(side, intent, kind):
    (event,) = read(fill(1, side, position_intent=intent)).events

    assert (event.kind_name, event.quantity, event.price) == (kind, 2, Decimal("3.05"))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [ended(1, "OPEXP", CALL, "-2"), ended(2, "OPEXP", PUT, "1")],
            [f"01 expiry 2026-03-20 {CALL} 2 - -", f"02 expiry 2026-03-20 {PUT} 1 - -"],
            id="expired",
        ),
        pytest.param(
            # The price of the trade may be that of the market; what was paid is the strike.
            [ended(1, "OPEXC", CALL, "-2"), delivered(2, "200", "-30000", price="163.2")],
            [f"01 exercise_buy 2026-03-20 {CALL} 2 150 -"],
            id="a call exercised",
        ),
        pytest.param(
            [delivered(1, "-200", "30000"), ended(2, "OPASN", CALL, "2")],
            [f"02 exercise_sell 2026-03-20 {CALL} 2 150 -"],
            id="a call assigned",
        ),
        pytest.param(
            [ended(1, "OPEXC", PUT, "-1"), delivered(2, "-100", "4250", price="42.5")],
            [f"01 exercise_sell 2026-03-20 {PUT} 1 42.5 -"],
            id="a put exercised",
        ),
        pytest.param(
            [ended(1, "OPASN", PUT, "1"), delivered(2, "100", "-4250", price="42.5")],
            [f"01 exercise_buy 2026-03-20 {PUT} 1 42.5 -"],
            id="a put assigned",
        ),
        pytest.param(
            [
                ended(1, "OPEXC", CALL, "-2"),
                ended(2, "OPEXC", "ACME260320C00140000", "-2"),
                delivered(3, "200", "-28000", price="140"),
                delivered(4, "200", "-30000"),
            ],
            [
                f"01 exercise_buy 2026-03-20 {CALL} 2 150 -",
                "02 exercise_buy 2026-03-20 ACME260320C00140000 2 140 -",
            ],
            id="two strikes on one day",
        ),
        pytest.param(
            [
                ended(1, "OPEXC", CALL, "-2", group_id="a"),
                delivered(2, "200", "-30000", group_id="b"),
                delivered(3, "200", "-30000", group_id="a"),
            ],
            [
                "02 unmapped 2026-03-20 ACME 200 - -30000",
                f"01 exercise_buy 2026-03-20 {CALL} 2 150 -",
            ],
            id="a trade of another group",
        ),
        pytest.param(
            [ended(1, "OPEXC", CALL, "-2"), delivered(2, "-200", "30000")],
            [
                f"01 unmapped 2026-03-20 {CALL} -2 - -",
                "02 unmapped 2026-03-20 ACME -200 - 30000",
            ],
            id="a trade the other way",
        ),
        pytest.param(
            [ended(1, "OPEXP", "ACME1260320C00150000", "-2")],
            ["01 unmapped 2026-03-20 ACME1260320C00150000 -2 - -"],
            id="adjusted",
        ),
    ],
)
def test_what_becomes_of_options(rows, expected):
    assert told(*rows) == expected


def test_an_exercise_names_both_instruments_and_both_rows():
    rows = [ended(1, "OPEXC", CALL, "-2"), delivered(2, "200", "-30000")]

    (event,) = read(*rows).events

    assert (event.instrument.symbol, event.to_instrument.symbol) == (CALL, "ACME")
    assert event.alias == rows[1]["id"]
    # After the close in New York, for what was traded that day was there before.
    assert (event.trade_date, event.executed_at) == (
        date(2026, 3, 20),
        datetime(2026, 3, 20, 21, 30, tzinfo=UTC),
    )


def test_the_order_of_the_rows_makes_no_difference():
    rows = [
        ended(1, "OPEXC", CALL, "-1"),
        ended(2, "OPEXC", CALL, "-1"),
        delivered(3, "100", "-15000"),
        delivered(4, "100", "-15000"),
    ]

    found = {tuple(sorted(told(*each))) for each in itertools.permutations(rows)}

    line = f"exercise_buy 2026-03-20 {CALL} 1 150 -"
    assert found == {(f"01 {line}", f"02 {line}")}


def test_what_is_taken_back_is_the_whole():
    rows = [
        ended(1, "OPEXC", CALL, "-2", status="canceled"),
        delivered(2, "200", "-30000", status="canceled"),
    ]

    (event,) = read(*rows).events

    assert (event.kind_name, event.is_canceled) == ("exercise_buy", True)


@pytest.mark.parametrize(
    "row", [ended(1, "OPEXP", "ACME", "-2"), ended(1, "OPEXC", CALL, "0"), delivered(1, None, "5")]
)
def test_what_says_nothing_of_an_option_is_set_aside(row):
    reading = read(row)

    assert (reading.events, len(reading.errors)) == ((), 1)
