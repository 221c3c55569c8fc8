"""Which faults befall which brokers' accounts, and how: what `test_faults` goes through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from brokers.domain.connections import SyncState
from tests.brokers import strikes
from tests.brokers.strikes import PATHS, Case, at, befalls, dies, hits, waits

_SELLS = {"symbol": "BTCUSDT", "side": "SELL", "qty": "0.001", "price": "64100"}


def drifts(rows: Mapping[str, tuple[int, Mapping[str, Any]]]) -> Iterator[Case]:
    """Walk through what one field of a row may be."""
    for what, (row, fields) in rows.items():
        yield befalls("F17", what, "drift", times=1, row=row, fields=fields)


def shared(broker: str, *, skip: int = 0) -> Iterator[Case]:
    """Walk through what may happen at any broker, and doesn't depend on what it tells."""
    known: dict[str, Any] = {"broker": broker, "skip": skip}
    yield befalls("F1", "seconds", "rate_limit", header="after", seconds=40, also=waits, **known)
    yield at(broker, "F5", "before the answer", strikes.stalls(), mode="stall")
    yield befalls("F6", "half of it", "truncate", **known)
    yield befalls("F8", "a page", "html", **known)
    yield befalls("F10", "once", "lose_rows", **known | {"times": 1})
    yield befalls("F19", "of what happened", "empty", **known)
    yield at(broker, "F23", "one who slept", strikes.has_two_workers)
    yield at(broker, "F24", "at its 6. look at the clock", dies(6))
    yield at(broker, "F25", "to another host", strikes.is_sent_elsewhere, mode="redirect")


ALPACA = [
    *hits("F1", "seconds", "rate_limit", header="after", seconds=40, also=waits),
    *hits("F1", "a date", "rate_limit", header="date", seconds=40, also=waits),
    *hits("F2", "a time", "rate_limit", header="reset", seconds=40, also=waits),
    *hits("F3", "no pause", "rate_limit", header="after", seconds=0),
    *hits("F4", "500", "status", status=500),
    *hits("F4", "a page of 502", "status", status=502, html=True),
    Case("F5", "before the answer", strikes.stalls(), mode="stall"),
    Case("F5", "in its middle", strikes.stalls(inside=True), mode="stall"),
    *hits("F6", "half of it", "truncate"),
    *hits("F6", "nothing of it", "truncate", keep=0),
    *hits("F7", "JSON", "cut_json"),
    *hits("F8", "an error", "status", status=200, message="an error in disguise"),
    *hits("F8", "a page", "html"),
    *hits("F9", "a page", "duplicate_page"),
    *hits("F10", "half a page", "lose_rows"),
    Case("F11", "the last before the first", strikes.comes_out_of_order),
    Case("F12", "three days", strikes.comes_late),
    Case("F13", "in its place", strikes.is_corrected),
    Case("F14", "a trade", strikes.is_busted),
    Case("F14", "a payment, in its place", strikes.is_canceled),
    Case("F14", "a payment, by another one", strikes.is_reversed),
    Case("F15", "a key", strikes.loses_its_key(status=401), mode="status"),
    Case("F16", "positions", strikes.is_limited("/v2/positions", status=403), mode="status"),
    *drifts(
        {
            "a new field": (0, {"brand_new": {"deep": [1]}}),
            "no price": (0, {"price": None, "net_amount": None}),
            "a number that is none": (1, {"qty": "many", "net_amount": "many"}),
            "numbers for texts": (0, {"qty": 2.5, "price": 180.1}),
            "an unknown type": (2, {"activity_type": "BRAND_NEW"}),
            "an unknown side": (2, {"side": "sideways"}),
        },
    ),
    Case("F18", "units", strikes.differs("/v2/positions", fields={"qty": "99999"}), mode="drift"),
    *hits("F19", "activities", "empty"),
    Case("F19", "positions", strikes.shrinks("/v2/positions"), mode="empty"),
    Case("F20", "clocks that are set back", strikes.sets_its_clocks_back),
    Case("F22", "both", strikes.is_split_and_renamed, fewer=2),
    Case("F23", "one who slept", strikes.has_two_workers),
    *(Case("F24", f"at its {place}. look at the clock", dies(place)) for place in range(3, 13, 3)),
    Case("F25", "to another host", strikes.is_sent_elsewhere, mode="redirect"),
]

BINANCE = [
    *shared("binance"),
    *hits(
        "F3", "banned", "rate_limit", broker="binance", header="after", seconds=120, status=418,
        also=waits,
    ),
    befalls("F4", "503", "status", broker="binance", skip=1, status=503),
    befalls("F7", "JSON", "cut_json", broker="binance"),
    befalls("F9", "trades", "duplicate_page", broker="binance", skip=1),
    at("binance", "F11", "the last first", strikes.is_traded_backwards("trade", _SELLS)),
    at("binance", "F12", "a deposit that is credited", strikes.is_credited_late),
    at("binance", "F15", "a key", strikes.loses_its_key(status=401), mode="status"),
    at(
        "binance", "F16", "not from this country",
        strikes.is_limited(PATHS["binance"], status=451, html=True), mode="status",
    ),
    at(
        "binance", "F17", "four fields at once",
        strikes.garbles(
            {"brand_new": {"deep": [1]}, "price": None}, {"qty": "many"}, {"isBuyer": "perhaps"},
        ),
        mode="drift",
    ),
    at(
        "binance", "F18", "a balance",
        strikes.differs("api/v3/account$", fields={"free": "99999"}), mode="drift",
    ),
    at("binance", "F19", "balances", strikes.shrinks("api/v3/account$", times=9), mode="empty"),
    *hits(
        "F20", "a question of another time", "status", broker="binance", status=400,
        fields={"code": -1021, "msg": "Timestamp"},
    ),
    at("binance", "F20", "two hours ahead", strikes.is_ahead),
]  # fmt: skip

#: The first answer of a statement only says that it is being made.
INTERACTIVE_BROKERS = [
    *shared("ibkr", skip=1),
    befalls("F4", "504", "status", broker="ibkr", skip=1, status=504, html=True),
    befalls("F7", "XML", "cut_json", broker="ibkr", skip=1),
    befalls(
        "F8", "too often, by its number", "status", broker="ibkr", status=200, message="1018",
        also=waits,
    ),
    at("ibkr", "F11", "the last first", strikes.is_traded_backwards(
        "fill", {"symbol": "KO", "side": "buy", "qty": "1", "price": "58"}
    )),
    at("ibkr", "F12", "three weeks", strikes.is_booked_late),
    at("ibkr", "F13", "under the same number", strikes.is_rebooked),
    at("ibkr", "F14", "a trade", strikes.is_taken_back),
    at("ibkr", "F14", "a payment, by another one", strikes.has_a_dividend_reversed),
    at(
        "ibkr", "F15", "a token",
        strikes.loses_its_key(path="FlexWebService", status=200, message="1012"), mode="status",
    ),
    at(
        "ibkr", "F16", "not from this address",
        strikes.is_limited("SendRequest", leaves=SyncState.FAILED, status=200, message="1013"),
        mode="status",
    ),
    at(
        "ibkr", "F17", "four fields at once",
        strikes.garbles(
            {"brandNew": "1"}, {"tradePrice": None, "amount": None},
            {"quantity": "many", "amount": "many"}, {"assetCategory": "BRAND_NEW"}, skip=1,
        ),
        mode="drift",
    ),
    at(
        "ibkr", "F18", "units",
        strikes.differs(PATHS["ibkr"], tag="OpenPosition", fields={"position": "99999"}),
        mode="drift",
    ),
    at("ibkr", "F20", "clocks that are set back", strikes.trades_while_clocks_are_set_back),
    at("ibkr", "F22", "a reverse split", strikes.is_split),
]  # fmt: skip

KITE = [
    *shared("kite"),
    befalls("F3", "no pause", "rate_limit", broker="kite", header="after", seconds=0),
    befalls("F4", "a page of 502", "status", broker="kite", status=502, html=True),
    befalls("F7", "JSON", "cut_json", broker="kite"),
    befalls("F8", "an error", "status", broker="kite", status=200, message="in disguise"),
    at("kite", "F11", "the last first", strikes.fills_backwards),
    at("kite", "F12", "in the evening", strikes.trades_late_in_the_day),
    at("kite", "F15", "a login", strikes.loses_its_login),
    at(
        "kite", "F16", "to read holdings",
        strikes.is_limited("/portfolio", status=403, fields={"error_type": "PermissionException"}),
        mode="status",
    ),
    at(
        "kite", "F17", "three fields at once",
        strikes.garbles(
            {"brand_new": {"deep": [1]}, "average_price": None},
            {"quantity": "many", "transaction_type": "SIDEWAYS"},
        ),
        mode="drift",
    ),
    at(
        "kite", "F18", "units",
        strikes.differs("/portfolio/holdings", fields={"collateral_quantity": 7}), mode="drift",
    ),
    at("kite", "F19", "holdings", strikes.shrinks("/portfolio/holdings"), mode="empty"),
]  # fmt: skip

CASES = [*ALPACA, *BINANCE, *INTERACTIVE_BROKERS, *KITE]
