"""Twelve Data's time series: bytes to closes.

Source: https://twelvedata.com/docs
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from common.currencies import in_major, is_currency
from common.money import exact
from common.remote.errors import (
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    RemoteFailure,
    Schema,
    Transient,
)
from common.remote.http import read_json
from common.texts import without_hidden
from marketdata.adapters.base import Asset, DailyClose
from marketdata.domain.instruments import AssetClass
from marketdata.domain.sources import Parsed, RowError

_WHO = "Twelve Data"
_ONE = Decimal(1)
_PAUSE = timedelta(minutes=1)
_REFUSED: Mapping[int, type[RemoteFailure]] = {401: AuthExpired, 403: Forbidden}
#: Its kinds that are instruments here; indices and pairs are none.
_KINDS: Mapping[str, AssetClass] = {
    "Common Stock": AssetClass.STOCK,
    "Preferred Stock": AssetClass.STOCK,
    "American Depositary Receipt": AssetClass.STOCK,
    "Depositary Receipt": AssetClass.STOCK,
    "REIT": AssetClass.STOCK,
    "ETF": AssetClass.ETF,
    "Exchange-Traded Note": AssetClass.ETF,
    "Mutual Fund": AssetClass.FUND,
}
#: It names segments of the Nasdaq, the others their market as a whole.
_SEGMENTS = {"XNGS": "XNAS", "XNMS": "XNAS", "XNCM": "XNAS"}
_LONGEST_SYMBOL, _LONGEST_NAME = 32, 160


def parse_daily_series(body: bytes, *, currency: str, now: datetime) -> Parsed[DailyClose]:
    """Read a series of days; an instrument or a span that it knows nothing of has none.

    It answers status 200 and says in the body what went wrong.

    Prices in pence and the like become pounds, exactly; each says what it was told in.

    Args:
        currency: in which the prices must be, or in hundredths of which.

    Raises:
        RemoteFailure: one of the classes of `common.remote.errors`, by what the body says; Schema
            also where the prices are in another currency.
    """
    content = read_json(body, required=("status",), who=_WHO)
    if content["status"] != "ok":
        if _knows_nothing(content):
            return Parsed(rows=[])
        raise _failure(content, now=now)
    meta, values = content.get("meta"), content.get("values")
    if not isinstance(meta, dict) or not isinstance(values, list):
        raise Schema(f"{_WHO} sent no series.")
    told = str(meta.get("currency", ""))
    if in_major(told, _ONE)[0] != currency:
        raise Schema(f"{_WHO} has prices in {told or 'no currency'}, not in {currency}.")
    rows: list[DailyClose] = []
    errors: list[RowError] = []
    for number, each in enumerate(values):
        try:
            rows.append(_close(each, told=told, currency=currency))
        except (TypeError, KeyError, ValueError, InvalidOperation):
            errors.append(RowError(f"value {number}", "this is no daily price."))
    return Parsed(rows=rows, errors=errors)


def parse_assets(body: bytes, *, now: datetime) -> Parsed[Asset]:
    """Read what a search has found; what is no share or fund at a market is left out.

    Raises:
        RemoteFailure: one of the classes of `common.remote.errors`, by what the body says.
    """
    content = read_json(body, required=("status",), who=_WHO)
    if content["status"] != "ok":
        raise _failure(content, now=now)
    if not isinstance(content.get("data"), list):
        raise Schema(f"{_WHO} sent no list.")
    rows: list[Asset] = []
    errors: list[RowError] = []
    for number, each in enumerate(content["data"]):
        try:
            asset = _asset(each)
        except (TypeError, KeyError, ValueError):
            errors.append(RowError(f"asset {number}", "this is none that can be held."))
            continue
        if asset is not None:
            rows.append(asset)
    return Parsed(rows=rows, errors=errors)


def _asset(row: Any) -> Asset | None:
    kind = _KINDS.get(row["instrument_type"])
    if kind is None:
        return None
    texts = [row[name] for name in ("symbol", "instrument_name", "mic_code", "currency")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("These are texts.")
    symbol, name, mic, unit = (without_hidden(text).strip() for text in texts)
    # Pence are a unit of prices, and no currency to hold something in.
    currency, _ = in_major(unit, _ONE)
    if not (symbol and len(symbol) <= _LONGEST_SYMBOL and re.fullmatch(r"[A-Z0-9]{4}", mic)):
        raise ValueError("Without a symbol or a market it can't be told from others.")
    if not is_currency(currency):
        raise ValueError("Nobody knows what it is priced in.")
    return Asset(
        symbol=symbol.upper(),
        name=name[:_LONGEST_NAME] or symbol,
        mic=_SEGMENTS.get(mic, mic),
        currency=currency,
        asset_class=kind,
        source="twelvedata",
    )


def _knows_nothing(content: Mapping[str, Any]) -> bool:
    code, message = content.get("code"), str(content.get("message", ""))
    return code == 404 or (code == 400 and message.startswith("No data is available"))


def _failure(content: Mapping[str, Any], *, now: datetime) -> RemoteFailure:
    code = content.get("code")
    if not isinstance(code, int):
        return Schema(f"{_WHO} sent neither a series nor a code.")
    if code == 429:
        return RateLimited(f"{_WHO} was asked too often.", until=now + _PAUSE)
    if code >= 500:
        return Transient(f"{_WHO} answered with code {code}.")
    return _REFUSED.get(code, BadRequest)(f"{_WHO} answered with code {code}.")


def _close(value: Any, *, told: str, currency: str) -> DailyClose:
    if not isinstance(value["close"], str):
        raise TypeError("Prices are texts.")
    with exact():
        _, close = in_major(told, Decimal(value["close"]))
    if not close.is_finite() or close <= 0:
        raise ValueError("A close that isn't above zero.")
    told_in = "" if told == currency else told
    return DailyClose(date=date.fromisoformat(value["datetime"]), close=close, told_in=told_in)
