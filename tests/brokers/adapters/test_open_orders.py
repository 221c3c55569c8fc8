"""Open orders as the brokers publish them, with what they mean written by hand."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters.alpaca import parser as alpaca
from brokers.adapters.binance import parser as binance
from brokers.adapters.kite import parser as kite
from brokers.domain.orders import MOST_KEPT, OpenOrder, Side, as_contents, as_orders, newest
from common.remote.errors import Schema

ALPACA_ROWS = [
    {
        "id": "61e69015-8549-4bfd-b9c3-01e75843f47d",
        "submitted_at": "2026-03-16T18:38:01.937734Z",
        "symbol": "ACME",
        "asset_class": "us_equity",
        "notional": "500",
        "qty": None,
        "filled_qty": "0",
        "type": "market",
        "side": "buy",
        "limit_price": None,
        "stop_price": None,
        "status": "accepted",
    },
    {
        "id": "904837e3-3b76-47ec-b432-046db621571b",
        "submitted_at": "2026-03-16T14:00:00-04:00",
        "symbol": "ACME",
        "notional": None,
        "qty": "15.5",
        "filled_qty": "4",
        "type": "stop_limit",
        "side": "sell",
        "limit_price": "107.00",
        "stop_price": "106.5",
        "status": "partially_filled",
        "legs": None,
        "hwm": None,
        "position_intent": "sell_to_close",
    },
]
KITE_ROWS = [
    {"order_id": "100000000000000", "status": "CANCELLED", "tradingsymbol": "ACMEIND"},
    {"order_id": "300000000000000", "status": "COMPLETE", "tradingsymbol": "ACMEIND"},
    {"order_id": "500000000000000", "status": "REJECTED", "tradingsymbol": "ACMEIND"},
    {
        "order_id": "220303000308932",
        "status": "TRIGGER PENDING",
        "tradingsymbol": "ACMEIND",
        "exchange": "NSE",
        "transaction_type": "BUY",
        "order_type": "SL",
        "quantity": 12,
        "filled_quantity": 0,
        "pending_quantity": 12,
        "price": 1440.1,
        "trigger_price": 1439.5,
        "order_timestamp": "2026-03-03 09:24:25",
    },
    {
        "order_id": "220303000308933",
        "status": "OPEN",
        "tradingsymbol": "ACMEIND",
        "transaction_type": "SELL",
        "order_type": "MARKET",
        "quantity": 3,
        "filled_quantity": 1,
        "price": 0,
        "trigger_price": 0,
        "order_timestamp": "2026-03-03 15:29:59",
    },
]
BINANCE_ROWS = [
    {
        "symbol": "LTCBTC",
        "orderId": 1,
        "price": "0.1",
        "origQty": "1.0",
        "executedQty": "0.25",
        "status": "PARTIALLY_FILLED",
        "type": "STOP_LOSS_LIMIT",
        "side": "BUY",
        "stopPrice": "0.11",
        "icebergQty": "0.0",
        "time": 1499827319559,
        "origQuoteOrderQty": "0.000000",
    },
    {
        "symbol": "LTCBTC",
        "orderId": 2,
        "price": "0.00000000",
        "origQty": "0.00000000",
        "executedQty": "0.00000000",
        "status": "NEW",
        "type": "MARKET",
        "side": "SELL",
        "stopPrice": "0.00000000",
        "time": 1499827319559,
        "origQuoteOrderQty": "25.000000",
    },
]

#: Symbol, side, kind, quantity, money, filled, limit, stop, placed.
EXPECTED = {
    "alpaca": """
ACME buy  market     -    500 0 -   -     2026-03-16T18:38:01
ACME sell stop limit 15.5 -   4 107 106.5 2026-03-16T18:00:00
""",
    "kite": """
ACMEIND buy  sl     12 - 0 1440.1 1439.5 2026-03-03T03:54:25
ACMEIND sell market 3  - 1 -      -      2026-03-03T09:59:59
""",
    "binance": """
LTCBTC buy  stop loss limit 1 -  0.25 0.1 0.11 2017-07-12T02:41:59
LTCBTC sell market          - 25 0    -   -    2017-07-12T02:41:59
""",
}


def read(broker, rows):
    body = json.dumps(rows).encode()
    if broker == "alpaca":
        return alpaca.read_orders(body)
    if broker == "kite":
        return kite.read_orders(b'{"status": "success", "data": ' + body + b"}")
    return binance.read_orders(binance.enveloped(binance.ORDERS, body))


ROWS = {"alpaca": ALPACA_ROWS, "kite": KITE_ROWS, "binance": BINANCE_ROWS}


def line_of(order):
    numbers = (order.quantity, order.amount, order.filled, order.limit, order.stop)
    written = ("-" if each is None else f"{each.normalize():f}" for each in numbers)
    at = order.placed_at.astimezone(UTC)
    return (
        f"{order.symbol} {order.side.value} {order.kind} {' '.join(written)} {at:%Y-%m-%dT%H:%M:%S}"
    )


@pytest.mark.parametrize("broker", ROWS)
def test_each_open_order_is_read_as_it_stands(broker):
    reading = read(broker, ROWS[broker])

    expected = [" ".join(line.split()) for line in EXPECTED[broker].strip().splitlines()]
    assert [line_of(each) for each in reading.orders] == expected
    assert reading.notes == ()


@pytest.mark.parametrize("broker", ROWS)
@pytest.mark.parametrize("row", [{}, None, "ACME", {"side": "sideways", "symbol": "ACME"}])
def test_one_that_cannot_be_read_costs_no_other_and_is_told_of(broker, row):
    reading = read(broker, [row, *ROWS[broker]])

    assert len(reading.orders) == 2
    assert reading.notes == ("Open orders that can't be read: 1.",)
    assert reading.errors == ()


@pytest.mark.parametrize("broker", ROWS)
def test_what_is_no_list_is_refused(broker):
    with pytest.raises(Schema):
        read(broker, {"message": "no"})


ORDERS = st.builds(
    OpenOrder,
    external_id=st.text(min_size=1, max_size=5),
    symbol=st.just("ACME"),
    side=st.sampled_from(Side),
    kind=st.just("limit"),
    placed_at=st.integers(0, 2**31).map(lambda second: datetime.fromtimestamp(second, tz=UTC)),
    quantity=st.none() | st.decimals("0.001", "1000", places=3),
    filled=st.decimals("0", "1000", places=3),
    limit=st.none() | st.decimals("0.01", "1000", places=2),
)


@given(st.lists(ORDERS, max_size=4))
def test_what_is_stored_is_read_back_the_same(orders):
    assert as_orders(as_contents(orders)) == orders


@given(st.lists(ORDERS, max_size=6))
def test_each_is_kept_once_and_the_newest_comes_first(orders):
    kept = newest([*orders, *orders])

    assert len(kept) == len({each.external_id for each in orders})
    assert [each.placed_at for each in kept] == sorted((o.placed_at for o in kept), reverse=True)


def test_of_very_many_the_newest_are_kept():
    orders = [
        OpenOrder(
            external_id=str(number),
            symbol="ACME",
            side=Side.BUY,
            kind="limit",
            placed_at=datetime.fromtimestamp(number, tz=UTC),
            quantity=Decimal(1),
        )
        for number in range(MOST_KEPT + 20)
    ]

    assert [each.external_id for each in newest(orders)[:: MOST_KEPT - 1]] == ["519", "20"]
