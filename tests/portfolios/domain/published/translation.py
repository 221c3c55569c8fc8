"""From a published case's rows, prices and rates to the engine's events, closes and rates."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.bonds import accrued_interest
from portfolios.domain.kinds import RULES, Kind
from portfolios.domain.policy import PriceBasis
from portfolios.domain.transactions import Event
from tests.portfolios.domain.published.cases import Case

_KINDS = {
    "DELIVERY_IN": Kind.TRANSFER_IN,
    "DELIVERY_OUT": Kind.TRANSFER_OUT,
    "DIVIDEND_REINVESTED": Kind.REINVESTMENT,
    "DRIP": Kind.REINVESTMENT,
    "FX_EXCHANGE": Kind.EXCHANGE,
    "OPTION_EXPIRY": Kind.EXPIRY,
    "NOTIONAL": Kind.NOTIONAL_DISTRIBUTION,
    "TAX_WITHHOLDING": Kind.TAX,
}
#: What a booking's cash is less than its units, or its income, were worth by the charges.
_NET = frozenset({Kind.SELL, Kind.SELL_SHORT, Kind.REDEMPTION, Kind.TRANSFER_OUT})
_INCOME = frozenset({Kind.DIVIDEND, Kind.INTEREST, Kind.RETURN_OF_CAPITAL})
_FIRST_DAY = date(2024, 1, 1)
_CREATED_AT = datetime(2030, 1, 1, tzinfo=UTC)
_ZERO = Decimal(0)
_PERCENT = Decimal("0.01")


def day_of(text: str) -> date:
    """Read a date; days that only have numbers, as t0 or s1, follow each other."""
    number = re.fullmatch(r"[a-z]+(\d+)", text)
    return _FIRST_DAY + timedelta(int(number[1])) if number else date.fromisoformat(text)


def pair_of(name: str) -> tuple[str, str]:
    """Read a pair of currencies: EURUSD, EUR/USD or EUR->USD is USD for one EUR."""
    parts = re.split(r"->|/", name) if re.search(r"->|/", name) else (name[:3], name[3:])
    return parts[0], parts[1]


def rates_of(case: Case) -> RateHistory:
    return RateHistory({pair_of(name): list(points_of(each)) for name, each in case.fx.items()})


def base_of(case: Case) -> str:
    """Say in which currency a portfolio is kept.

    The case's words come first; Portfolio Performance's tests are kept in euro; else a rate leads
    to it.
    """
    named = re.search(r"\bbase (?!currency)([A-Z]{3})\b|\bin an? ([A-Z]{3}) ", case.description)
    if named:
        return named[1] or named[2]
    if case.project == "portfolio":
        return "EUR"
    for name in case.fx:
        return pair_of(name)[1]
    return next((row["currency"] for row in case.rows if row.get("currency")), "USD")


def closes_of(
    case: Case, events: Iterable[Event], basis: PriceBasis
) -> Mapping[str, list[tuple[date, Decimal]]]:
    """Read the prices; until the first of them a unit is worth what was last paid for one."""
    closes = {_symbol(name): dict(points_of(each)) for name, each in case.prices.items()}
    quoted_from = {name: min(points, default=date.max) for name, points in closes.items()}
    for event in events:
        name = event.instrument_id or ""
        is_early = event.trade_date < quoted_from.get(name, date.max)
        # What was paid before a split isn't what adjusted prices are.
        if event.price and is_early and basis is PriceBasis.RAW:
            closes.setdefault(name, {})[event.trade_date] = event.price
    return {name: sorted(points.items()) for name, points in closes.items()}


def points_of(series: dict[str, Any] | str) -> Iterator[tuple[date, Decimal]]:
    if isinstance(series, str):
        yield from _daily_points(series)
        return
    for day, price in series.items():
        # Words stand for what each figure says itself.
        if not isinstance(price, str):
            yield day_of(day), Decimal(price)


def _daily_points(text):
    """Read "daily 2025-01-02..02-15: 100.0,101.43; 02-16 carried"."""
    day = date.fromisoformat(re.search(r"\d{4}-\d\d-\d\d", text)[0])
    price = _ZERO
    for number in re.search(r": ([-\d.,\s]+)", text)[1].split(","):
        price = Decimal(number.strip())
        yield day, price
        day += timedelta(1)
    for month, number in re.findall(r"(\d\d)-(\d\d) carried", text):
        yield date(day.year, int(month), int(number)), price


def _symbol(name: str) -> str:
    return re.sub(r" \([A-Z]+\)$", "", name)


def events_of(case: Case, base: str) -> list[Event]:
    """Read the rows; those of one day count in the order they stand in."""
    default = next((row["currency"] for row in case.rows if row.get("currency")), base)
    currencies: dict[str, str] = {}
    made = []
    for number, row in enumerate(case.rows):
        stated = _in_asset_currency(case, row).items()
        full = {"currency": default} | {name: each for name, each in stated if each is not None}
        if full.get("symbol"):
            full["asset_currency"] = currencies.setdefault(full["symbol"], full["currency"])
        with exact():
            made.append(_event(case, full, number, base))
    return made


def _in_asset_currency(case: Case, row: dict[str, Any]) -> dict[str, Any]:
    """Take the figures in the asset's own currency where a row has them."""
    if "unit_price_asset_ccy" not in row:
        return row
    fee = row.get("fee_asset_ccy", 0)
    return row | {
        "currency": base_of(case),
        "unit_price": row["unit_price_asset_ccy"],
        "fee": fee,
    }


def _event(case: Case, row: dict[str, Any], number: int, base: str) -> Event:
    kind = _KINDS.get(row["type"]) or Kind(row["type"].lower())
    source, _, target = (row.get("account") or "").partition("->")
    event = Event(
        id=row.get("id") or f"row-{number:03}",
        created_at=_created_at(row, number),
        kind=kind,
        trade_date=day_of(row["date"]),
        currency=row["currency"],
        instrument_id=row.get("symbol"),
        instrument_currency=row.get("asset_currency"),
        fee=Decimal(row.get("fee") or 0),
        tax=Decimal(row.get("tax") or 0),
        account=source,
        to_account=row.get("to_account") or target,
        to_currency=row.get("to_currency") or "",
        to_amount=_number(row, "to_amount"),
        multiplier=_multiplier(case, row),
        fx_rate=_booked_rate(row, base),
        ratio=_ratio(row["ratio"]) if row.get("ratio") else None,
    )
    return _with_worth(event, row)


def _with_worth(event, row):
    """Add quantity and price, or the amount.

    Where only the cash of a booking is known, the price follows from it. A sale of which neither
    is known is one at 0: then only what its units cost is asked.
    """
    rule = RULES[event.kind]
    amount, charges = _number(row, "amount"), event.fee + event.tax
    quantity, price = _number(row, "quantity"), _number(row, "unit_price")
    if "amount" in rule.needs:
        if amount is None:
            amount = (quantity or 1) * (price or _ZERO) - charges
        return replace(event, amount=amount + charges if event.kind in _INCOME else amount)
    if "quantity" not in rule.needs:
        return event
    if row.get("face"):
        event, quantity = _as_bond(event, row), Decimal(row["face"])
    if "price" in (*rule.needs, *rule.allows):
        if price is None and amount is not None:
            worth = amount + charges if event.kind in _NET else amount - charges
            price = worth / quantity / event.multiplier
        elif price is None and "price" in rule.needs:
            price = _ZERO
    else:
        price = None
    return replace(event, quantity=quantity, price=price)


def _as_bond(event: Event, row: dict[str, Any]) -> Event:
    """Return the event of a bond, quoted in percent of its face and paying what its name says."""
    accrued = accrued_interest(
        Decimal(row["face"]), coupon_of(row["symbol"]), days=int(row.get("accrued_days") or 0)
    )
    return replace(event, multiplier=_PERCENT, accrued=accrued)


def coupon_of(name):
    """Read what a bond pays a year of its face, from a name like "VW 2.25% 2027"."""
    return Decimal(re.search(r"([\d.]+) ?%", name)[1]) / 100


def _multiplier(case: Case, row: dict[str, Any]) -> Decimal:
    """Say what a unit at a price of 1 is worth: options are for as many shares as the case says."""
    stated = re.search(r"multiplier (?:of )?(\d+)", case.words)
    is_option = re.search(r"\b[CP]\d+$|\d[CP]\d", row.get("symbol") or "")
    if "multiplier" in row:
        return Decimal(row["multiplier"])
    return Decimal(stated[1]) if stated and is_option else Decimal(1)


def _booked_rate(row: dict[str, Any], base: str) -> Decimal | None:
    """Return the rate that a row was booked at, where it says one to the portfolio's currency."""
    named = f"rate_{base}_per_{row['currency']}".lower()
    if named in row:
        return Decimal(row[named])
    amounts = [_number(row, f"amount_{each}".lower()) for each in (base, row["currency"])]
    in_base, booked = amounts
    if in_base and booked and base != row["currency"]:
        return in_base / booked
    return _number(row, "fx_rate")


def _created_at(row: dict[str, Any], number: int) -> datetime:
    if row.get("created_at"):
        return datetime.combine(_CREATED_AT, time.fromisoformat(row["created_at"]), tzinfo=UTC)
    return _CREATED_AT + timedelta(seconds=number)


def _ratio(ratio: str | Decimal | int) -> Decimal:
    new, _, old = str(ratio).partition(":")
    return Decimal(new) / Decimal(old or 1)


def _number(row: dict[str, Any], name: str) -> Decimal | None:
    return None if row.get(name) is None else Decimal(row[name])
