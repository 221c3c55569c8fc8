"""Kite's published payloads, with what they mean written by hand."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters.contract import Environment
from brokers.adapters.kite import parser
from brokers.adapters.kite.login import KiteLogin, end_of_login
from common.remote.errors import AuthExpired, Schema
from tests.brokers.adapters.rows import line_of

PAYLOADS = Path(__file__).parent / "payloads"
TRADES = (PAYLOADS / "kite_trades.json").read_bytes()
HOLDINGS = (PAYLOADS / "kite_holdings.json").read_bytes()

#: The id, kind, day, symbol, quantity, price, amount.
EXPECTED = """
NSE:200000000000001:10000000:2026-11-20 buy      2026-11-20 ACMEIND       1  420.65  -
BSE:200000000000002:10000001:2026-11-20 sell     2026-11-20 ACMEIND       12 421.05  -
NFO:200000000000003:10000000:2026-11-20 unmapped 2026-11-20 NIFTY26NOVFUT 75 26100.5 -
NSE:200000000000004:10000002:2026-11-21 unmapped 2026-11-21 ACMEIND       1  420.65  -
"""


def test_each_trade_becomes_what_it_means():
    reading = parser.read_trades(TRADES)

    expected = [" ".join(line.split()) for line in EXPECTED.strip().splitlines()]
    assert [line_of(event) for event in reading.events] == expected
    assert {event.currency for event in reading.events} == {"INR"}


def test_times_without_a_zone_are_those_of_india():
    events = parser.read_trades(TRADES).events

    assert events[0].executed_at == datetime(2026, 11, 20, 3, 46, 39, tzinfo=UTC)
    assert (events[3].trade_date.day, events[3].executed_at.day) == (21, 20)


def test_what_cannot_be_read_is_named_and_costs_nothing_else():
    errors = parser.read_trades(TRADES).errors

    assert [each.message for each in errors] == [
        "“quantity” isn't more than 0.",
        "“fill_timestamp” is no time.",
        "The row is no object.",
    ]


def test_what_is_owned_is_counted_wherever_it_is():
    reading = parser.read_held(HOLDINGS)

    assert [(each.instrument.symbol, each.quantity) for each in reading.positions] == [
        # With what was bought yesterday in it, and without.
        ("ACMEIND", 16),
        ("OLDWAY", 16),
        ("PLEDGED", 30),
        ("LENT", 12),
        ("SHORTOF", 7),
    ]
    assert [each.cost for each in reading.positions] == [Decimal("12828.5"), *([None] * 4)]
    assert reading.positions[0].instrument.isin == "INE009A01021"
    assert len(reading.errors) == 2


@pytest.mark.parametrize(
    ("row", "units"),
    [
        # Delivered the day after, when the holdings have it: only today's part counts.
        ({"product": "CNC", "quantity": -4, "day_sell_quantity": 4}, -4),
        ({"product": "CNC", "quantity": 9, "overnight_quantity": 6, "day_buy_quantity": 3}, 3),
        ({"product": "MIS", "quantity": 5, "day_buy_quantity": 5}, 5),
        ({"product": "NRML", "quantity": 75, "overnight_quantity": 75}, 75),
    ],
)
def test_positions_are_what_today_changed(row, units):
    known = {"tradingsymbol": "ACMEIND", "exchange": "NSE", **row}
    body = {"status": "success", "data": {"net": [known], "day": [known]}}

    (held,) = parser.read_held(json.dumps(body).encode()).positions

    assert held.quantity == units


@pytest.mark.parametrize(
    ("row", "cost"),
    [
        ({"product": "CNC", "day_buy_quantity": 3, "day_buy_value": 300.15}, "300.15"),
        ({"product": "CNC", "day_buy_quantity": 3}, None),
        # Which of the units went isn't told.
        ({"product": "CNC", "day_sell_quantity": 4, "day_sell_value": 400}, None),
        ({"product": "MIS", "quantity": 5, "day_buy_quantity": 5, "day_buy_value": 500}, None),
        ({"product": "CNC", "overnight_quantity": 6}, "0"),
    ],
)
def test_what_today_was_bought_cost(row, cost):
    known = {"tradingsymbol": "ACMEIND", "exchange": "NSE", **row}
    body = {"status": "success", "data": {"net": [known], "day": [known]}}

    (held,) = parser.read_held(json.dumps(body).encode()).positions

    assert held.cost == (cost and Decimal(cost))


@pytest.mark.parametrize(
    ("financed", "cost"),
    [
        ({"quantity": 7, "average_price": 10}, "120"),
        ({"quantity": 7}, None),
        ({"quantity": 0}, "50"),
    ],
)
def test_what_is_financed_has_an_average_of_its_own(financed, cost):
    row = {"tradingsymbol": "LENT", "exchange": "NSE", "quantity": 5, "average_price": 10.0}
    body = {"status": "success", "data": [row | {"mtf": financed}]}

    (held,) = parser.read_held(json.dumps(body).encode()).positions

    assert held.cost == (cost and Decimal(cost))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"<html>",
        b'{"status": "success", "data": null}',
        b'{"status": "error", "message": "no", "data": null, "error_type": "DataException"}',
        TRADES[: len(TRADES) // 2],
    ],
)
def test_what_is_no_answer_is_refused(body):
    with pytest.raises(Schema):
        parser.read_trades(body)
    with pytest.raises(Schema):
        parser.read_held(body)


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_FIELDS = ["trade_id", "order_id", "exchange", "tradingsymbol", "quantity", "average_price"]


@given(
    st.integers(0, 3),
    st.sampled_from([*_FIELDS, "transaction_type", "fill_timestamp", "product"]),
    _VALUES | st.lists(_VALUES, max_size=2),
)
def test_no_value_of_a_field_costs_the_other_rows(place, name, value):
    content = json.loads(TRADES)
    whole = parser.read_trades(TRADES)
    content["data"][place][name] = value

    reading = parser.read_trades(json.dumps(content).encode())

    kept = {event.external_id for event in whole.events} - {whole.events[place].external_id}
    assert kept <= {event.external_id for event in reading.events}
    assert len(reading.events) + len(reading.errors) == len(content["data"])


@pytest.mark.parametrize("field", ["quantity", "average_price", "tradingsymbol"])
def test_a_fill_that_cannot_be_read_is_known_by_its_id_once_it_can(field):
    content = json.loads(TRADES)
    content["data"][1][field] = ["?"]

    errors = parser.read_trades(json.dumps(content).encode()).errors

    fill = parser.read_trades(TRADES).events[1]
    assert fill.external_id in {each.external_id for each in errors}


@pytest.mark.parametrize(
    ("now", "end"),
    [
        # By the clock of India 05:59 and 06:00, and New Year's Eve.
        ("2026-03-02T00:29:00", "2026-03-02T00:30:00"),
        ("2026-03-02T00:30:00", "2026-03-03T00:30:00"),
        ("2026-12-31T12:00:00", "2027-01-01T00:30:00"),
    ],
)
def test_a_login_ends_at_six_in_the_morning_in_india(now, end):
    assert end_of_login(datetime.fromisoformat(f"{now}+00:00")) == datetime.fromisoformat(
        f"{end}+00:00"
    )


def test_the_way_out_says_where_to_come_back_with_what():
    environment = Environment("live", "Live", "https://api.example", "https://kite.example/login")

    address = KiteLogin().address(
        {"api_key": "k 1", "api_secret": "hidden"}, environment=environment, state="a&b"
    )

    query = parse_qs(urlsplit(address).query)
    assert address.startswith("https://kite.example/login?")
    assert (query["api_key"], query["v"]) == (["k 1"], ["3"])
    assert parse_qs(query["redirect_params"][0]) == {"state": ["a&b"]}
    assert "hidden" not in address


@pytest.mark.parametrize(
    "ticket",
    [
        {},
        {"status": "success"},
        {"status": "cancelled", "request_token": "t"},
        {"status": "success", "request_token": "t" * 101},
    ],
)
def test_nobody_is_asked_about_a_ticket_that_is_none(ticket):
    environment = Environment("live", "Live", "http://127.0.0.1:1", "")

    with pytest.raises(AuthExpired):
        KiteLogin().admit(
            {"api_key": "k", "api_secret": "s"},
            environment=environment,
            ticket=ticket,
            now=datetime(2026, 3, 2, tzinfo=UTC),
        )


def test_average_prices_lose_the_noise_of_binary_floats():
    assert parser.read_trades(TRADES).events[1].price == Decimal("421.05")
