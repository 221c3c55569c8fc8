"""Alpaca's corporate actions: bytes to actions.

Source: https://docs.alpaca.markets/reference/corporateactions-1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from common.money import exact
from common.remote.errors import Schema
from common.remote.http import read_json
from marketdata.domain.actions import Action, ActionKind
from marketdata.domain.sources import Parsed, RowError

_STEP = Decimal("1E-10")


@dataclass(frozen=True, slots=True)
class ActionsPage:
    """One page of corporate actions."""

    actions: Parsed[Action]
    #: Asks for the next page; None on the last one.
    next_token: str | None


def read_actions(body: bytes) -> ActionsPage:
    """Read one page of corporate actions, in groups by their kind; unknown groups are left out.

    Raises:
        Schema: it isn't such a page.
    """
    content = read_json(body, required=("corporate_actions", "next_page_token"), who="Alpaca")
    groups, token = content["corporate_actions"], content["next_page_token"]
    if not isinstance(groups, dict):
        raise Schema("Alpaca sent corporate actions that aren't in groups.")
    if token is not None and not isinstance(token, str):
        raise Schema("Alpaca sent a page token that is no text.")
    rows: list[Action] = []
    errors: list[RowError] = []
    for name, read in _GROUPS.items():
        told = groups.get(name, [])
        if not isinstance(told, list):
            raise Schema(f"Alpaca sent {name} that are no list.")
        for number, row in enumerate(told):
            try:
                rows.append(read(row))
            except (KeyError, TypeError, ValueError, ArithmeticError):
                errors.append(RowError(f"{name} {number}", "this is no corporate action."))
    return ActionsPage(actions=Parsed(rows=rows, errors=errors), next_token=token or None)


_Row = Mapping[str, Any]


def _number(value: Any) -> Decimal:
    # Numbers in JSON only: a text or a truth value would be another format.
    if type(value) not in {int, Decimal}:
        raise TypeError("A rate that is no number.")
    number = Decimal(value)
    if not number.is_finite() or number < 0:
        raise ValueError("A rate below zero.")
    return number


def _ratio(new: Any, old: Any) -> Decimal:
    with exact():
        ratio = (_number(new) / _number(old)).quantize(_STEP)
    if not ratio:
        raise InvalidOperation("A ratio of nothing.")
    return ratio


def _date(row: _Row, name: str) -> date | None:
    return date.fromisoformat(row[name]) if row.get(name) else None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 64:
        raise TypeError("No text.")
    return value


def _action(row: _Row, kind: ActionKind, *, symbol: str, **more: Any) -> Action:
    day = _date(row, "ex_date") or _date(row, "effective_date") or _date(row, "process_date")
    if day is None:
        raise KeyError("ex_date")
    return Action(
        symbol=_text(row[symbol]).upper(),
        kind=kind,
        source_id=_text(row["id"]),
        ex_date=day,
        record_date=_date(row, "record_date"),
        pay_date=_date(row, "payable_date"),
        **more,
    )


def _split(row: _Row) -> Action:
    ratio = _ratio(row["new_rate"], row["old_rate"])
    return _action(row, ActionKind.SPLIT, symbol="symbol", ratio=ratio)


def _paid(kind: ActionKind, symbol: str = "symbol", rate: str = "rate") -> Callable[[_Row], Action]:
    return lambda row: _action(row, kind, symbol=symbol, cash=_number(row[rate]))


def _stock_dividend(row: _Row) -> Action:
    rate = _number(row["rate"])
    return _action(row, ActionKind.STOCK_DIVIDEND, symbol="symbol", ratio=rate)


def _given(
    kind: ActionKind, *, other: str, new: str, old: str, symbol: str
) -> Callable[[_Row], Action]:
    return lambda row: _action(
        row,
        kind,
        symbol=symbol,
        ratio=_ratio(row[new], row[old]),
        cash=_number(row["cash_rate"]) if "cash_rate" in row else None,
        other_symbol=_text(row[other]).upper(),
    )


def _rights(row: _Row) -> Action:
    other = _text(row["new_symbol"]).upper()
    ratio = _number(row["rate"])
    return _action(row, ActionKind.RIGHTS, symbol="source_symbol", ratio=ratio, other_symbol=other)


def _renaming(row: _Row) -> Action:
    other = _text(row["new_symbol"]).upper()
    return _action(row, ActionKind.RENAMING, symbol="old_symbol", other_symbol=other)


_INTO_SHARES = _given(
    ActionKind.MERGER,
    symbol="acquiree_symbol",
    other="acquirer_symbol",
    new="acquirer_rate",
    old="acquiree_rate",
)
_GROUPS: Mapping[str, Callable[[_Row], Action]] = {
    "forward_splits": _split,
    "reverse_splits": _split,
    "unit_splits": _given(
        ActionKind.SPIN_OFF, symbol="old_symbol", other="new_symbol", new="new_rate", old="old_rate"
    ),
    "cash_dividends": _paid(ActionKind.DIVIDEND),
    "stock_dividends": _stock_dividend,
    "spin_offs": _given(
        ActionKind.SPIN_OFF,
        symbol="source_symbol",
        other="new_symbol",
        new="new_rate",
        old="source_rate",
    ),
    "cash_mergers": _paid(ActionKind.MERGER, symbol="acquiree_symbol"),
    "stock_mergers": _INTO_SHARES,
    "stock_and_cash_mergers": _INTO_SHARES,
    "redemptions": _paid(ActionKind.REDEMPTION),
    "name_changes": _renaming,
    "worthless_removals": lambda row: _action(row, ActionKind.REMOVAL, symbol="symbol"),
    "rights_distributions": _rights,
}
