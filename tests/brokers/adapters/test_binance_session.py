"""How Binance is asked: signatures, spans of time, and which pairs."""

import json
from datetime import UTC, date, datetime

import pytest

from brokers.adapters.binance import discovery
from brokers.adapters.binance.connection import NoSuchPair, _refusal
from brokers.adapters.binance.history import History, milliseconds
from brokers.adapters.binance.signing import signed
from common.remote.errors import AuthExpired, Forbidden, Transient

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ORDER = {
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "1",
    "price": "0.1",
    "recvWindow": "5000",
    "timestamp": "1499827319559",
}
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LISTED = json.dumps(
    {
        "symbols": [
            {"symbol": base + quote, "baseAsset": base, "quoteAsset": quote}
            for base, quote in (("BTC", "USDT"), ("ETH", "BTC"), ("BTC", "EUR"))
        ]
        + [{"symbol": "BAD"}, 7]
    }
).encode()


@pytest.mark.parametrize(
    ("symbol", "signature"),
    [
        ("LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        (
            "\uff11\uff12\uff13\uff14\uff15\uff16",
            "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
        ),
    ],
)
def test_a_query_is_encoded_before_it_is_signed_as_published(symbol, signature):
    assert signed({"symbol": symbol, **ORDER}, secret=SECRET).endswith(f"&signature={signature}")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"code": -1121, "msg": "Invalid symbol."}', NoSuchPair),
        (400, b'{"code": -1022, "msg": "Signature"}', AuthExpired),
        (401, b'{"code": -2015, "msg": "Invalid API-key"}', AuthExpired),
        (503, b'{"code": -1008, "msg": "Overloaded"}', Transient),
        (403, b"<html>", Transient),
        (451, b"{}", Forbidden),
        (400, b'{"code": -1100}', None),
    ],
)
def test_errors_are_known_by_their_numbers(status, body, kind):
    assert _refusal(status, body) is kind


def test_spans_go_on_a_little_before_where_they_ended():
    history = History("/x", most_days=30, most_rows=10, params={}, since=date(2026, 1, 1))
    done = milliseconds(datetime(2026, 3, 5, tzinfo=UTC))

    def days(spans):
        return [(f"{start:%m-%d}", f"{end:%m-%d}") for start, end in spans]

    assert days(history.spans(0, now=NOW)) == [
        ("01-01", "01-31"),
        ("01-31", "03-02"),
        ("03-02", "03-10"),
    ]
    assert days(history.spans(done, now=NOW)) == [("02-03", "03-05"), ("03-05", "03-10")]


def asked(state, held):
    return [each.symbol for each in discovery.due(state, discovery.pairs_in(LISTED), held, now=NOW)]


def test_the_pairs_of_what_is_held_or_was_seen_are_asked():
    assert asked(discovery.State(), {"BTC": "1", "EUR": "5"}) == ["BTCUSDT", "BTCEUR"]
    assert asked(discovery.State(assets={"ETH"}), {}) == ["ETHBTC"]


@pytest.mark.parametrize(
    ("next_id", "held", "asked_at", "is_due"),
    [
        (0, "1", "2026-03-10T11:00:00+00:00", False),
        (7, "1", "2026-03-10T11:00:00+00:00", True),
        (0, "2", "2026-03-10T11:00:00+00:00", True),
        (0, "1", "2026-03-09T11:00:00+00:00", True),
    ],
    ids=["just asked in vain", "has trades", "there is more of it", "asked long ago"],
)
def test_what_was_asked_in_vain_is_asked_again_when_something_changed(
    next_id, held, asked_at, is_due
):
    pair = {"symbol": "BTCUSDT", "base": "BTC", "quote": "USDT", "next_id": next_id}
    cursor = {"pairs": [pair | {"asked_at": asked_at, "held": "1"}]}
    state = discovery.State.of(cursor)

    assert state.as_cursor()["pairs"] == cursor["pairs"]
    assert ("BTCUSDT" in asked(state, {"BTC": held})) is is_due
