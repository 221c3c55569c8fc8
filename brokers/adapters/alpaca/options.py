"""Options at Alpaca: what their symbols say, and how they end.

Source: https://docs.alpaca.markets/docs/non-trade-activities-for-option-events
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from brokers.adapters.json_fields import LONGEST_ID, Unreadable
from brokers.domain.events import BrokerEvent, InstrumentName
from common.money import plain
from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind

#: Root, a number where the terms were adjusted, day of expiry, side, strike in thousandths.
_SYMBOL = re.compile(r"([A-Z]{1,6})(\d?)(\d{6})([CP])(\d{8})")
_NEW_YORK = ZoneInfo("America/New_York")
#: Of their end only the day is told. It comes after all that was traded that day: until then may be
#: told whether they are exercised.
_DEADLINE = time(17, 30)
_UNITS, _THOUSAND, _ZERO = Decimal(100), Decimal(1_000), Decimal(0)

#: What ends options, and the trade in the underlying that comes along.
EXPIRIES = frozenset({"OPEXP"})
EXERCISES = frozenset({"OPEXC", "OPXRC"})
ASSIGNMENTS = frozenset({"OPASN"})
DELIVERIES = frozenset({"OPTRD"})
ENDS = EXPIRIES | EXERCISES | ASSIGNMENTS | DELIVERIES

ADJUSTED = (
    "An option whose terms were adjusted: Alpaca doesn't tell what it stands for. "
    "Record it by hand."
)
ALONE = (
    "The option that ended, or the trade that it led to, isn't in the same answer: both are booked "
    "once they are, or record them by hand."
)
Told = tuple[Mapping[str, Any], BrokerEvent]


@dataclass(frozen=True, slots=True)
class Contract:
    """What an option gives a right to: a hundred shares, at its strike, up to its last day."""

    root: str
    expires_on: date
    is_call: bool
    strike: Decimal
    is_adjusted: bool


def contract_of(symbol: str) -> Contract | None:
    """Read the symbol of an option; None where it is that of something else.

    Source: the Options Clearing Corporation's symbology of 2010, without its blanks.
    """
    found = _SYMBOL.fullmatch(symbol)
    if found is None:
        return None
    root, adjusted, day, side, strike = found.groups()
    try:
        expires_on = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError:
        return None
    return Contract(root, expires_on, side == "C", Decimal(strike) / _THOUSAND, bool(adjusted))


def name_of(symbol: str, contract: Contract) -> InstrumentName:
    """Name an option by its symbol, with its terms in words."""
    side = "call" if contract.is_call else "put"
    return InstrumentName(
        symbol,
        AssetClass.OTHER,
        name=f"{contract.root} {contract.expires_on:%d %b %Y} {plain(contract.strike)} {side}",
        multiplier=None if contract.is_adjusted else _UNITS,
    )


def side_of(sold: Kind, intent: str) -> Kind:
    """Say what a sale of options is: without an intent, what is held goes first, the rest is owed.

    Args:
        sold: as it would be of shares.
        intent: `sell_to_open`, `sell_to_close`, or empty.
    """
    if sold is not Kind.SELL or intent == "sell_to_close":
        return sold
    return Kind.SELL_SHORT


def read_end(
    activity: str, quantity: Decimal, known: Mapping[str, Any], contract: Contract | None
) -> BrokerEvent:
    """Read the end of an option, or the trade that it led to; each of them alone is a half.

    Args:
        quantity: as it is told: below zero where options or shares went.
        known: what else is known of the event.

    Raises:
        Unreadable: nothing moved, or it is no option that ended.
    """
    if not quantity or (contract is None) == (activity not in DELIVERIES):
        raise Unreadable("It doesn't say how many of which options ended.")
    at = datetime.combine(known["trade_date"], _DEADLINE, tzinfo=_NEW_YORK).astimezone(UTC)
    event = BrokerEvent(kind=None, **known, executed_at=at, quantity=quantity)
    if contract is not None and contract.is_adjusted:
        return replace(event, problem=ADJUSTED)
    if activity in EXPIRIES:
        return replace(event, kind=Kind.EXPIRY, quantity=abs(quantity))
    return replace(event, is_half=True, problem=ALONE)


def joined(told: Sequence[Told]) -> tuple[list[BrokerEvent], list[Told]]:
    """Make one event of options that were exercised or assigned and what they bought or sold.

    Returns:
        these, and the rows that are none of them.
    """
    whole: list[BrokerEvent] = []
    rest = list(told)
    for each in told:
        trade = next((other for other in rest if _has_led_to(each, other)), None)
        if trade is not None:
            rest.remove(each)
            rest.remove(trade)
            whole.append(_as_one(each[1], trade[1]))
    return whole, rest


def _has_led_to(ended: Told, other: Told) -> bool:
    (row, option), (trade_row, trade) = ended, other
    contract = contract_of(option.instrument.symbol) if option.instrument else None
    is_end = row["activity_type"] in EXERCISES | ASSIGNMENTS and option.is_half
    if contract is None or not is_end or trade_row["activity_type"] not in DELIVERIES:
        return False
    # Who exercises a call buys, and so does who is assigned a put.
    buys = contract.is_call == (row["activity_type"] in EXERCISES)
    units = abs(option.quantity or _ZERO) * _UNITS
    groups = {row.get("group_id") or "", trade_row.get("group_id") or ""} - {""}
    return (
        len(groups) < 2
        and trade.is_canceled == option.is_canceled
        and trade.trade_date == option.trade_date
        and trade.instrument is not None
        and trade.instrument.symbol == contract.root
        and trade.quantity == (units if buys else -units)
        and abs(trade.amount or _ZERO) == contract.strike * units
    )


def _as_one(option: BrokerEvent, trade: BrokerEvent) -> BrokerEvent:
    contract = contract_of(option.instrument.symbol) if option.instrument else None
    return replace(
        option,
        kind=Kind.EXERCISE_BUY if (trade.quantity or _ZERO) > 0 else Kind.EXERCISE_SELL,
        # Where the trade comes alone it is known by its id.
        alias=trade.external_id[:LONGEST_ID],
        quantity=abs(option.quantity or _ZERO),
        price=contract.strike if contract else None,
        amount=None,
        to_instrument=trade.instrument,
        problem="",
        is_half=False,
    )
