"""Plain values for the pages of gains; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from common.money import exact
from portfolios.domain.attribution import Attribution, PositionGain
from portfolios.domain.tax_years import LONG_TERM_DAYS, is_long_term
from portfolios.domain.unknowns import minus
from portfolios.domain.whatif import Alternative
from portfolios.models import Disposal
from portfolios.policy_forms import METHODS
from portfolios.presentation import Instruments, portfolio_line
from portfolios.selectors.attribution import AttributionView, PeriodView
from portfolios.selectors.disposals import ClosedLotView, Gains, closed_lots, return_of
from portfolios.selectors.whatif import WhatIf

_ONE_DAY = timedelta(days=1)


def gains_page(
    gains: Gains, *, year: int | None, page: Any, instruments: Instruments
) -> dict[str, Any]:
    """Describe what was sold in a year, or ever, and what that brought."""
    known = instruments({row.instrument_id for row in page.rows})
    return {
        "portfolio": portfolio_line(gains.portfolio),
        "policy": gains.policy,
        "year": year,
        "years": [each.year for each in gains.years],
        "totals": [asdict(each) for each in gains.years if year in {None, each.year}],
        "long_term_days": LONG_TERM_DAYS,
        "page": {
            "rows": [_disposal(row, known) for row in page.rows],
            "next": page.next_url,
            "previous": page.previous_url,
        },
    }


def attribution_part(view: AttributionView) -> dict[str, Any]:
    """Describe where the gain since the first row came from, whole and by position."""
    return _parts(view.attribution, view.instruments) | {"as_of": view.as_of}


def period_part(view: PeriodView, *, instruments: Instruments) -> dict[str, Any]:
    """Describe where the gain of some days came from, whole and by position."""
    found, opening = view.report.attribution, view.report.opening_value
    known = instruments(found.positions.keys())
    moved = {key: gain for key, gain in found.positions.items() if _says_something(gain)}
    found = replace(found, positions=moved)
    with exact():
        paid_in = minus(found.contributed, opening)
    return _parts(found, known) | {
        "measured_from": view.start - _ONE_DAY,
        "end": view.end,
        "opening_value": opening,
        "paid_in": paid_in,
        "realized_tax_basis": view.realized,
    }


def _parts(found: Attribution, instruments: Mapping[str, Any]) -> dict[str, Any]:
    missing = (instruments.get(each) for each in found.missing)
    return {
        "found": found,
        "is_broken": found.is_broken,
        "missing": [
            each.symbol if each else name for each, name in zip(missing, found.missing, strict=True)
        ],
        "positions": [
            {"instrument": instruments[key], "gain": gain}
            for key, gain in sorted(found.positions.items(), key=_by_size)
        ],
    }


def _says_something(gain: PositionGain) -> bool:
    """Leave out what was sold before the days began, and what came after them."""
    amounts = (getattr(gain, each.name) for each in fields(gain) if each.name != "instrument_id")
    return any(amount != 0 for amount in amounts)


def _by_size(line: tuple[str, PositionGain]) -> tuple[bool, Decimal, str]:
    key, gain = line
    return gain.total is None, -abs(gain.total or Decimal(0)), key


def what_if_part(found: WhatIf) -> dict[str, Any]:
    """Describe what a sale would realize by each cost method."""
    return {
        "quantity": found.sale.quantity,
        "price": found.sale.price,
        "fee": found.sale.fee,
        "currency": found.sale.currency,
        "long_term_days": LONG_TERM_DAYS,
        "alternatives": [_alternative(each) for each in found.alternatives],
    }


def _alternative(each: Alternative) -> dict[str, Any]:
    held = [lot.held_days for lot in each.disposal.lots]
    return {
        "method": each.method.value,
        "name": METHODS[each.method],
        "is_chosen": each.is_chosen,
        "gain": each.disposal.gain,
        "gain_base": each.disposal.gain_base,
        "cost_base": each.disposal.cost_base,
        "short_term": each.short_term,
        "long_term": each.long_term,
        "held_least": min(held),
        "held_most": max(held),
    }


def disposal_page(rows: Iterable[Disposal], *, instruments: Instruments) -> list[dict[str, Any]]:
    """Describe what one transaction sold, with the lots it was taken from."""
    found = list(rows)
    known = instruments({row.instrument_id for row in found})
    return [
        _disposal(row, known) | {"lots": [_lot(each) for each in closed_lots(row)]} for row in found
    ]


def _disposal(row: Disposal, instruments: Mapping[str, Any]) -> dict[str, Any]:
    held = [lot["held_days"] for lot in row.lots]
    return {
        "transaction_id": row.transaction_id,
        "why_query": urlencode({"transaction": row.transaction_id, "place": row.place}),
        "instrument": instruments[str(row.instrument_id)],
        "date": row.date,
        "is_short": row.is_short,
        "quantity": row.quantity,
        "currency": row.currency,
        "proceeds": row.proceeds,
        "cost": row.cost,
        "gain": row.gain,
        "proceeds_base": row.proceeds_base,
        "cost_base": row.cost_base,
        "gain_base": row.gain_base,
        "return": return_of(row).value,
        "price_gain_base": row.price_gain_base,
        "currency_gain_base": row.currency_gain_base,
        "charges_base": row.charges_base,
        "lots_count": len(held),
        "held_least": min(held, default=None),
        "held_most": max(held, default=None),
    }


def _lot(lot: ClosedLotView) -> dict[str, Any]:
    return asdict(lot) | {"is_long_term": is_long_term(lot.held_days)}
