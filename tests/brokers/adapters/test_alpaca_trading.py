"""Alpaca's published payloads, with the rows that they mean written by hand."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters.alpaca import parser
from brokers.domain.events import Stream, digest_of, in_order
from common.remote.errors import Schema
from tests.brokers.adapters.rows import line_of

PAGE = (Path(__file__).parent / "payloads" / "alpaca_activities.json").read_bytes()

#: Last digits of the id, kind, day, symbol, quantity, price, amount.
EXPECTED = """
01 buy        2026-03-02 ACME 4    36.5    -
02 sell       2026-03-02 BTC  0.01 64000.1 -
03 dividend   2026-03-04 ACME -    -       5.1
04 tax        2026-03-04 ACME -    -       0.77
05 dividend   2026-03-05 ACME -    -       -5.1
06 deposit    2026-03-05 -    -    -       1000
07 withdrawal 2026-03-05 -    -    -       200.5
08 fee        2026-03-06 -    -    -       1.25
09 fee        2026-03-06 -    -    -       0.02
10 withdrawal 2026-03-06 -    -    -       10
11 split      2026-03-09 ACME 12   -       -
12 unmapped   2026-03-09 -    -    -       7
13 buy        2026-03-10 ACME260619C00040000 1 2.5 -
15 buy        2026-03-02 ACME 4    36.4    -
"""


def shortened(event):
    """Write an event with the last two digits of its id."""
    key, _, rest = line_of(event).partition(" ")
    return f"{key[-2:]} {rest}"


def test_each_activity_becomes_what_it_means():
    reading = parser.read_activities(PAGE)

    expected = [" ".join(line.split()) for line in EXPECTED.strip().splitlines()]
    assert [shortened(event) for event in reading.events] == expected


def test_what_cannot_be_read_is_named_and_costs_nothing_else():
    errors = parser.read_activities(PAGE).errors

    assert [(each.external_id[-2:], each.message) for each in errors[:1]] == [
        ("14", "“transaction_time” lacks its time zone.")
    ]
    assert errors[1].message == "The row is no object."
    assert errors[1].external_id.startswith("row:")


def test_corrections_and_cancellations_name_what_they_concern():
    events = {event.external_id[-2:]: event for event in parser.read_activities(PAGE).events}

    assert events["15"].replaces == events["01"].alias
    assert events["10"].is_canceled
    assert not events["09"].is_canceled
    assert "SOMETHING_NEW" in events["12"].problem


def test_numbers_stay_exact_however_they_are_written():
    event = parser.read_activities(PAGE).events[-1]

    assert (event.quantity, event.price) == (Decimal(4), Decimal("36.40"))


def test_a_digest_changes_with_what_is_said_and_with_nothing_else():
    first, again = (parser.read_activities(PAGE).events[0] for _ in range(2))
    rows = json.loads(PAGE)
    rows[0]["price"] = "36.50"
    rewritten = parser.read_activities(json.dumps(rows).encode()).events[0]
    rows[0]["price"] = "36.51"
    changed = parser.read_activities(json.dumps(rows).encode()).events[0]

    assert digest_of(first) == digest_of(again) == digest_of(rewritten)
    assert digest_of(first) != digest_of(changed)


def test_the_next_page_is_asked_for_by_the_last_id():
    rows = json.loads(PAGE)[:3]

    assert parser.next_token(json.dumps(rows).encode()) == rows[-1]["id"]
    assert parser.next_token(b"[]") is None
    with pytest.raises(Schema):
        parser.next_token(PAGE)


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"null", b"<html>", PAGE[: len(PAGE) // 2]])
def test_what_is_no_page_is_refused(body):
    with pytest.raises(Schema):
        parser.read_activities(body)


@given(st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(chance):
    events = list(parser.read_activities(PAGE).events)
    shuffled = list(events)
    chance.shuffle(shuffled)

    assert sorted(shuffled, key=in_order) == sorted(events, key=in_order)


def half(number, activity, symbol, qty, **more):
    return {
        "id": f"20260310000000000::{number:02d}",
        "activity_type": activity,
        "date": "2026-03-10",
        "net_amount": "0",
        "symbol": symbol,
        "qty": qty,
        **more,
    }


def group(name, sub_type=""):
    return {"group_id": name, "activity_sub_type": sub_type}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [
                half(2, "NC", "RNAM", "7.5", **group("a")),
                half(1, "NC", "RNA", "-7.5", **group("a")),
                half(3, "NC", "FB", "-7.5", **group("b")),
                half(4, "NC", "META", "7.5", **group("b")),
            ],
            [("01", "merger", "RNA", "RNAM", "1"), ("03", "merger", "FB", "META", "1")],
            id="two names by their groups",
        ),
        pytest.param(
            [half(1, "NC", "RNA", "-7.5"), half(2, "NC", "RNAM", "7.5")],
            [("01", "merger", "RNA", "RNAM", "1")],
            id="a name by day and number of units",
        ),
        pytest.param(
            [half(1, "NC", "RNA", "-7.5"), half(2, "NC", "RNAM", "7")],
            [("01", "unmapped", "RNA", "", ""), ("02", "unmapped", "RNAM", "", "")],
            id="names whose units differ",
        ),
        pytest.param(
            [
                half(1, "SPLIT", "X", "-33", status="canceled"),
                half(2, "SPLIT", "X", "1.65", status="canceled"),
                half(3, "SPLIT", "X", "-33"),
                half(4, "SPLIT", "X", "3.3"),
            ],
            [("01", "split", "X", "", "0.05"), ("03", "split", "X", "", "0.1")],
            id="a split that was taken back, and the right one",
        ),
        pytest.param(
            [half(1, "NC", "RNA", "7.5", **group("a"))],
            [("01", "unmapped", "RNA", "", "")],
            id="half a name",
        ),
        pytest.param(
            [half(1, "NC", "ACME", "-2", **group("a")), half(2, "NC", "ACME", "2", **group("a"))],
            [],
            id="another number of the same security",
        ),
        pytest.param(
            [half(1, "SPLIT", "X", "-33", **group("a")), half(2, "SPLIT", "X", "1.65")],
            [("01", "unmapped", "X", "", ""), ("02", "split", "X", "", "")],
            id="half a split, and one told by what came",
        ),
        pytest.param(
            [
                half(1, "SPLIT", "X", "-33", **group("a", "RSPLIT")),
                half(2, "SPLIT", "X", "1.65", **group("a", "RSPLIT")),
            ],
            [("01", "split", "X", "", "0.05")],
            id="1 for 20",
        ),
        pytest.param(
            [
                half(1, "SPLIT", "X", "10", **group("a", "FSPLIT")),
                half(2, "SPLIT", "X", "-40", **group("a", "FSPLIT")),
            ],
            [("02", "split", "X", "", "4")],
            id="4 for 1 of shares that are owed",
        ),
        pytest.param(
            [half(1, "SPLIT", "X", "-33"), half(2, "SPLIT", "X", "32")],
            [("01", "unmapped", "X", "", ""), ("02", "unmapped", "X", "", "")],
            id="no usual ratio",
        ),
    ],
)
def test_what_is_told_in_two_halves_is_one_thing(rows, expected):
    events = parser.read_activities(json.dumps(rows).encode()).events

    told = [
        (
            event.external_id[-2:],
            event.kind_name,
            event.instrument.symbol,
            event.to_instrument.symbol if event.to_instrument else "",
            str(event.ratio or ""),
        )
        for event in events
    ]
    assert told == expected


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@given(
    st.integers(0, 14),
    st.sampled_from(
        ["id", "activity_type", "qty", "price", "date", "net_amount", "symbol", "side"]
    ),
    _VALUES | st.lists(_VALUES, max_size=2),
)
def test_no_value_of_a_field_costs_the_other_rows(place, name, value):
    rows = json.loads(PAGE)
    whole = parser.read_activities(PAGE)
    rows[place][name] = value

    reading = parser.read_activities(json.dumps(rows).encode())

    kept = {event.external_id for event in whole.events} - {json.loads(PAGE)[place]["id"]}
    assert kept <= {event.external_id for event in reading.events}
    assert len(reading.events) + len(reading.errors) == len(rows)


def test_positions_and_cash():
    positions = parser.READERS[Stream.POSITIONS](
        json.dumps(
            [
                {
                    "symbol": "ACME",
                    "qty": "100.5",
                    "side": "long",
                    "asset_class": "us_equity",
                    "cost_basis": "3668.25",
                },
                {"symbol": "KO", "qty": "4", "side": "short", "cost_basis": "-230.4"},
                {"symbol": "BTCUSD", "qty": "0.5", "asset_class": "crypto", "cost_basis": "much"},
                {"symbol": "BAD", "qty": True},
            ]
        ).encode()
    )
    cash = parser.READERS[Stream.CASH](
        b'{"currency": "USD", "cash": "1250.40", "accrued_fees": "0.4", "pending_transfer_in": 5}'
    )

    # A cost that can't be read costs no position.
    assert [(each.instrument.symbol, each.quantity, each.cost) for each in positions.positions] == [
        ("ACME", Decimal("100.5"), Decimal("3668.25")),
        ("KO", Decimal(-4), Decimal("-230.4")),
        ("BTC", Decimal("0.5"), None),
    ]
    assert len(positions.errors) == 1
    (dollars,) = cash.cash
    assert (dollars.currency, dollars.amount, dollars.pending) == (
        "USD",
        Decimal("1250.40"),
        Decimal("4.6"),
    )


def history(**fields):
    # The evenings of 4, 5 and 6 February in New York, as one that was published has them.
    known = {
        "timestamp": [1738717200, 1738803600, 1738890000],
        "equity": [505508.7, 504599.02, 504599.02],
        "profit_loss": [-1140.52, -909.68, 0],
        "profit_loss_pct": [-0.0023, -0.0018, 0],
        "base_value": 506649.22,
        "base_value_asof": "2025-02-03",
        "timeframe": "1D",
    }
    return json.dumps(known | fields).encode()


def test_a_history_of_equity_is_read_by_the_days_of_new_york():
    found = parser.READERS[Stream.EQUITY](history()).equity

    assert [(str(each.day), each.amount, each.currency) for each in found] == [
        ("2025-02-04", Decimal("505508.7"), "USD"),
        ("2025-02-05", Decimal("504599.02"), "USD"),
        ("2025-02-06", Decimal("504599.02"), "USD"),
    ]


@pytest.mark.parametrize(
    ("equity", "days"),
    [
        ([0, 0, 10], ["2025-02-06"]),
        ([None, 5, 0], ["2025-02-05", "2025-02-06"]),
        (["much", 5, True], ["2025-02-05"]),
    ],
)
def test_days_before_there_was_money_and_days_without_a_value_are_left_out(equity, days):
    found = parser.READERS[Stream.EQUITY](history(equity=equity)).equity

    assert [str(each.day) for each in found] == days


@pytest.mark.parametrize(
    "fields",
    [
        {"equity": [1, 2]},
        {"equity": {}},
        {"timestamp": None},
        {"timestamp": ["today", 1, 2]},
        {"timestamp": [10**20, 1, 2]},
        {"timestamp": [None, 1, 2]},
        {"timeframe": "1Min"},
    ],
)
def test_what_is_no_history_of_days_is_refused(fields):
    with pytest.raises(Schema):
        parser.READERS[Stream.EQUITY](history(**fields))
