"""Binance's published payloads, with the rows that they mean written by hand."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters.binance import discovery, parser
from brokers.adapters.binance.parser import (
    ACCOUNT,
    DEPOSITS,
    DIVIDENDS,
    DUST,
    EARN,
    REWARDS,
    TRADES,
    WITHDRAWALS,
    enveloped,
)
from common.remote.errors import Schema
from tests.brokers.adapters.rows import line_of

PAYLOADS = Path(__file__).parent / "payloads"
FILLS = (PAYLOADS / "binance_trades.json").read_bytes()
SMALL_REMAINS = (PAYLOADS / "binance_dust.json").read_bytes()
FILL = json.loads(FILLS)[0]


def read(asked, content, **pair):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return parser.read_activities(enveloped(asked, body, **pair))


def told(reading):
    """Write events as lines: id, kind, day, symbol, quantity, price, amount, currency, fee."""
    return [
        f"{line_of(event)} {event.currency}"
        + (f" > {event.to_amount.normalize():f} {event.to_currency}" if event.to_currency else "")
        + (f" fee {event.fee.normalize():f}" if event.fee else "")
        for event in reading.events
    ]


def lines(text):
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def test_each_fill_becomes_a_trade_and_its_commission():
    reading = read(TRADES, FILLS, base="BTC", quote="USDT")

    assert told(reading) == lines("""
        BTCUSDT:28457      buy  2026-03-02 BTC 0.01     64000.1 -        USDT
        BTCUSDT:28457:fee  sell 2026-03-02 BTC 0.00001  1       -        BTC
        BTCUSDT:28457:fee  fee  2026-03-02 -   -        -       0.00001  BTC
        BTCUSDT:28458      sell 2026-03-02 BTC 0.004    65000   -        USDT fee 0.26
        BTCUSDT:28459      buy  2026-03-02 BTC 0.002    65100   -        USDT
        BTCUSDT:28459:fee  sell 2026-03-02 BNB 0.000195 1       -        BNB
        BTCUSDT:28459:fee  fee  2026-03-02 -   -        -       0.000195 BNB
        BTCUSDT:28461      buy  2026-03-03 BTC 0.002    65100   -        USDT
    """)
    assert [each.message for each in reading.errors] == ["“time” is no time."]


_NAMED = [
    (TRADES, FILL, "price", {"base": "BTC", "quote": "USDT"}),
    (
        DEPOSITS,
        {"id": "7", "coin": "USDT", "amount": "1", "status": 1, "insertTime": 1_772_461_800_123},
        "amount",
        {},
    ),
    (
        REWARDS,
        {"asset": "BTC", "rewards": "1", "projectId": "BTC001", "type": "BONUS", "time": 1_772_461},
        "rewards",
        {},
    ),
]


@pytest.mark.parametrize(
    ("asked", "row", "field", "pair"), _NAMED, ids=["fill", "deposit", "reward"]
)
def test_a_row_that_cannot_be_read_is_known_by_its_id_once_it_can(asked, row, field, pair):
    def found(content):
        rows = [content] if asked != REWARDS else {"rows": [content]}
        return read(asked, rows, **pair)

    (error,) = found(row | {field: "?"}).errors

    assert error.external_id == found(row).events[0].external_id


REWARD = {"asset": "BTC", "projectId": "BTC001", "type": "REALTIME", "time": 1_772_461_800_123}


@given(st.lists(st.sampled_from(["0.1", "0.2", "0.30"]), max_size=6), st.randoms())
def test_rewards_at_one_instant_are_neither_doubled_nor_lost(amounts, chance):
    rows = [REWARD | {"rewards": amount} for amount in amounts]
    again = list(rows)
    chance.shuffle(again)

    def found(content):
        events = read(REWARDS, {"rows": content}).events
        return sorted((each.external_id, each.kind_name, each.amount) for each in events)

    first = found(rows)
    interest = [amount for _, kind, amount in first if kind == "interest"]
    assert sorted(interest) == sorted(Decimal(amount) for amount in amounts)
    assert len({(key, kind) for key, kind, _ in first}) == len(first)
    # As they are named in the answer about another span.
    other = REWARD | {"rewards": "7", "time": 1_772_461_800_124}
    assert set(first) <= set(found([other, *again]))


def test_a_single_reward_has_no_number():
    keys = {
        each.external_id for each in read(REWARDS, {"rows": [REWARD | {"rewards": "1"}]}).events
    }

    assert keys == {"earn:BTC001:BTC:REALTIME:1772461800123"}


def test_a_fill_of_another_pair_takes_no_row_of_that_pair():
    (error,) = read(TRADES, [FILL], base="ETH", quote="USDT").errors

    assert error.external_id.startswith("row:")


@pytest.mark.parametrize(
    ("symbol", "base", "quote", "is_buyer", "fee", "expected"),
    [
        ("ETHBTC", "ETH", "BTC", True, None, """
            ETHBTC:28457      buy  2026-03-02 ETH 2   0.05 - BTC
            ETHBTC:28457:paid sell 2026-03-02 BTC 0.1 1    - BTC
        """),
        ("ETHBTC", "ETH", "BTC", False, None, """
            ETHBTC:28457      sell 2026-03-02 ETH 2   0.05 - BTC
            ETHBTC:28457:paid buy  2026-03-02 BTC 0.1 1    - BTC
        """),
        ("USDCUSDT", "USDC", "USDT", True, None, """
            USDCUSDT:28457 exchange 2026-03-02 - - - 0.1 USDT > 2 USDC
        """),
        ("USDCUSDT", "USDC", "USDT", False, None, """
            USDCUSDT:28457 exchange 2026-03-02 - - - 2 USDC > 0.1 USDT
        """),
        ("PEPEUSDT", "PEPE", "USDT", True, "PEPE", """
            PEPEUSDT:28457     buy  2026-03-02 PEPE 2     0.05 - USDT
            PEPEUSDT:28457:fee sell 2026-03-02 PEPE 0.002 0    - USDT
        """),
        ("BTCFDUSD", "BTC", "FDUSD", True, "BNB", """
            BTCFDUSD:28457 unmapped 2026-03-02 BTC 2 0.05 - FDUSD
        """),
    ],
    ids=["coin for coin", "coin into coin", "money", "money back", "no currency", "unknown quote"],
)  # fmt: skip
def test_a_pair_is_read_by_what_its_two_sides_are(symbol, base, quote, is_buyer, fee, expected):
    row = FILL | {"symbol": symbol, "isBuyer": is_buyer, "price": "0.05", "qty": "2"}
    row |= {"quoteQty": "0.1", "commission": "0.002" if fee else "0", "commissionAsset": fee or ""}

    assert told(read(TRADES, [row], base=base, quote=quote)) == lines(expected)


def test_small_remains_are_given_for_what_came_and_what_was_kept():
    reading = read(DUST, SMALL_REMAINS)

    assert told(reading) == lines("""
        dust:1:USDT          exchange 2021-03-17 -    -          - 0.0009     USDT > 0.00045 BNB
        dust:1:USDT:received buy      2021-03-17 BNB  0.00045    1 -          BNB
        dust:1:USDT:fee      sell     2021-03-17 BNB  0.000009   1 -          BNB
        dust:1:USDT:fee      fee      2021-03-17 -    -          - 0.000009   BNB
        dust:1:ETH:paid      sell     2021-03-17 ETH  0.0009     1 -          ETH
        dust:1:ETH           exchange 2021-03-17 -    -          - 0.0009     ETH > 0.00089955 BNB
        dust:1:ETH:received  buy      2021-03-17 BNB  0.00089955 1 -          BNB
        dust:1:ETH:fee       sell     2021-03-17 BNB  0.00001799 1 -          BNB
        dust:1:ETH:fee       fee      2021-03-17 -    -          - 0.00001799 BNB
        dust:2:PEPE          sell     2021-03-20 PEPE 4 0.000125   -          BNB
        dust:2:PEPE:received buy      2021-03-20 BNB  0.0005     1 -          BNB
        dust:2:PEPE:fee      sell     2021-03-20 BNB  0.00001    1 -          BNB
        dust:2:PEPE:fee      fee      2021-03-20 -    -          - 0.00001    BNB
        dust:2:SHIB          unmapped 2021-03-20 SHIB 3          - 0.0005     BNB
    """)  # fmt: skip
    assert "no exact price" in reading.events[-1].problem


def test_deposits_count_once_they_are_there():
    row = {"id": "769800519366885376", "amount": "0.001", "coin": "BNB", "network": "BNB"}
    row |= {"status": 0, "insertTime": 1661493146000, "txId": "98A3", "transferType": 0}
    rows = [row, row | {"status": 1}, row | {"id": "7", "status": 6, "coin": "USDT"}]

    assert told(read(DEPOSITS, rows)) == lines("""
        deposit:769800519366885376 transfer_in 2022-08-26 BNB 0.001 - -     USDT
        deposit:7                  deposit     2022-08-26 -   -     - 0.001 USDT
    """)


def test_a_withdrawal_takes_its_fee_along():
    row = {"id": "b6ae22b3", "amount": "8.91000000", "transactionFee": "0.004", "coin": "USDT"}
    row |= {"status": 6, "applyTime": "2019-10-12 11:12:02", "completeTime": "2023-03-23 16:52:41"}
    rows = [row, row | {"status": 4}, row | {"id": "c", "coin": "BTC"}]

    assert told(read(WITHDRAWALS, rows)) == lines("""
        withdrawal:b6ae22b3     withdrawal   2019-10-12 -   -     - 8.91  USDT
        withdrawal:b6ae22b3:fee fee          2019-10-12 -   -     - 0.004 USDT
        withdrawal:c            transfer_out 2019-10-12 BTC 8.91  - -     USDT
        withdrawal:c:fee        sell         2019-10-12 BTC 0.004 1 -     BTC
        withdrawal:c:fee        fee          2019-10-12 -   -     - 0.004 BTC
    """)


def test_what_comes_for_nothing_is_interest_or_a_delivery():
    row = {"id": 1637366104, "amount": "10.00000000", "asset": "BHFT", "divTime": 1563189166000}
    row |= {"enInfo": "BHFT distribution", "tranId": 2968885920}
    dividends = [row, row | {"id": 2, "asset": "BNB"}, row | {"id": 3, "enInfo": "Flexible"}]
    reward = {"asset": "BUSD", "rewards": "0.00006408", "projectId": "USDT001", "type": "BONUS"}
    rewards = [reward | {"time": 1577233578000, "asset": asset} for asset in ("BUSD", "USDT")]

    assert told(read(DIVIDENDS, {"rows": dividends, "total": 3})) == lines("""
        dividend:1637366104 transfer_in 2019-07-15 BHFT 10 - -  USDT
        dividend:2          interest    2019-07-15 -    -  - 10 BNB
        dividend:2          buy         2019-07-15 BNB  10 1 -  BNB
        dividend:3          unmapped    2019-07-15 BHFT 10 - -  USDT
    """)
    assert told(read(REWARDS, {"rows": rewards, "total": 2})) == lines("""
        earn:USDT001:BUSD:BONUS:1577233578000 transfer_in 2019-12-25 BUSD 0.00006408 - - USDT
        earn:USDT001:USDT:BONUS:1577233578000 interest 2019-12-25 - - - 0.00006408 USDT
    """)


def test_what_is_held_is_free_locked_and_in_earn_and_nothing_twice():
    balances = [
        {"asset": "BTC", "free": "4723846.89208129", "locked": "0.5"},
        {"asset": "LDBTC", "free": "0.5", "locked": "0"},
        {"asset": "LDO", "free": "3", "locked": "0"},
        {"asset": "USDT", "free": "0.00", "locked": "0.00"},
        {"asset": "EUR", "free": "1.5", "locked": "2"},
        {"asset": "GBP", "free": "0", "locked": "0"},
        {"asset": "ETH", "free": "many"},
    ]
    lying = [{"asset": asset, "totalAmount": "75.46"} for asset in ("BTC", "USDT")]

    spot = parser.read_held(enveloped(ACCOUNT, json.dumps({"balances": balances}).encode()))
    earn = parser.read_held(enveloped(EARN, json.dumps({"rows": lying, "total": 2}).encode()))

    assert [(each.instrument.symbol, each.quantity) for each in spot.positions] == [
        ("BTC", Decimal("4723847.39208129")),
        ("LDO", Decimal(3)),
    ]
    assert [(each.currency, each.amount) for each in spot.cash] == [
        ("USDT", Decimal(0)),
        ("EUR", Decimal("3.5")),
    ]
    assert len(spot.errors) == 1
    assert [(each.instrument.symbol, each.quantity) for each in earn.positions] == [
        ("BTC", Decimal("75.46"))
    ]
    assert [(each.currency, each.amount) for each in earn.cash] == [("USDT", Decimal("75.46"))]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        FILLS,
        enveloped("/api/v3/allOrders", FILLS),
        enveloped(TRADES, FILLS),
        enveloped(TRADES, FILLS[:200], base="BTC", quote="USDT"),
        enveloped(TRADES, b'{"code": -1121}', base="BTC", quote="USDT"),
        enveloped(DUST, b"[]"),
        enveloped(REWARDS, b"{}"),
    ],
)
def test_what_is_no_answer_is_refused(body):
    with pytest.raises(Schema):
        parser.read_activities(body)


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@given(
    st.integers(0, 4),
    st.sampled_from(sorted(FILL)),
    _VALUES | st.lists(_VALUES, max_size=2),
)
def test_no_value_of_a_field_costs_the_other_rows(place, name, value):
    rows = json.loads(FILLS)
    rows[place][name] = value

    reading = read(TRADES, rows, base="BTC", quote="USDT")

    def ids_of(found):
        return {event.external_id for event in found.events}

    others = read(TRADES, rows[:place] + rows[place + 1 :], base="BTC", quote="USDT")
    assert ids_of(others) <= ids_of(reading)
    assert len(others.errors) <= len(reading.errors) <= len(others.errors) + 1


def test_a_fill_of_another_pair_than_was_asked_for_is_not_taken_for_one_of_it():
    reading = read(TRADES, FILLS, base="ETH", quote="USDT")

    assert reading.events == ()
    assert {each.message for each in reading.errors} == {
        "It is of another pair than was asked for."
    }
    assert list(discovery.ids_of(json.loads(FILLS), symbol="ETHUSDT")) == []
    assert 28457 in discovery.ids_of(json.loads(FILLS), symbol="BTCUSDT")
