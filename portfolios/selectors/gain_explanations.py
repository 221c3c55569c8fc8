"""Ask how the parts of a gain come about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from common.currencies import in_major
from common.money import exact
from marketdata import selectors as market
from marketdata.domain.instruments import InstrumentBrief
from portfolios.domain.explaining.attribution import (
    Attributed,
    explain_attribution,
    explain_position_gain,
)
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.sales import (
    Local,
    LotSold,
    SaleMade,
    SalesTrees,
    explain_realized,
    explain_sales,
)
from portfolios.domain.explaining.trees import Ask, Node, given, made
from portfolios.domain.unknowns import minus, times
from portfolios.models import Disposal, Portfolio
from portfolios.selectors.attribution import AttributionView, PeriodView
from portfolios.selectors.disposals import DisposalFilter, closed_lots, list_disposals

_METHOD = "attribution"
_FROM_OUTSIDE = "Every payment and delivery from outside, less those that went there."


@dataclass(frozen=True, slots=True)
class GainTrees:
    """The trees of the parts of a gain, each by its name; `positions` by instrument."""

    parts: Mapping[str, Node]
    positions: Mapping[str, Node]


def explain_gain(view: AttributionView) -> GainTrees:
    """Say what the gain since the first row is made of."""
    contributed = given(
        "Paid in, less what was taken out",
        view.attribution.contributed,
        _METHOD,
        unit=view.portfolio.base_currency,
        note=_FROM_OUTSIDE,
    )
    return _trees(
        Attributed(
            found=view.attribution,
            book=view.book,
            prices=view.prices,
            rates=view.rates,
            labels={key: each.symbol for key, each in view.instruments.items()},
            contributed=contributed,
        )
    )


def explain_period(portfolio: Portfolio, view: PeriodView) -> GainTrees:
    """Say what the gain of some days is made of, from what everything was worth at their start."""
    report = view.report
    names = market.briefs_by_id(report.book.positions)
    opening, flowed = _since(view, portfolio.base_currency)
    label, unit = "Worth at the start, and paid in", portfolio.base_currency
    contributed = made(label, Formula.SUM, _METHOD, (opening, flowed), unit=unit)
    trees = _trees(
        Attributed(
            found=report.attribution,
            book=report.book,
            prices=report.prices,
            rates=report.rates,
            labels={
                key: names[key].symbol if key in names else key for key in report.book.positions
            },
            contributed=contributed,
        )
    )
    sold = DisposalFilter(start=view.start, end=view.end)
    return replace(
        trees,
        parts={
            **trees.parts,
            "opening_value": opening,
            "paid_in": flowed,
            "realized_tax_basis": explain_realized(_sales(portfolio, sold), unit),
        },
    )


def _since(view: PeriodView, unit: str) -> tuple[Node, Node]:
    """Explain what was there at the start, and what flowed since."""
    report = view.report
    before = view.start - timedelta(days=1)
    with exact():
        flowed: Decimal | None = minus(report.attribution.contributed, report.opening_value)
    ask = Ask("closing_value", before, before) if report.opening_value else None
    note = f"At the close of {before.isoformat()}." if ask else "Nothing was there before."
    label = "Paid in since, less what was taken out"
    return (
        given("Worth at the start", report.opening_value, _METHOD, unit=unit, note=note, ask=ask),
        given(label, flowed, _METHOD, unit=unit, note=_FROM_OUTSIDE),
    )


def _trees(gain: Attributed) -> GainTrees:
    return GainTrees(
        parts=explain_attribution(gain),
        positions={key: explain_position_gain(gain, key) for key in gain.found.positions},
    )


def explain_year(portfolio: Portfolio, year: int) -> SalesTrees:
    """Say what the sums of a year's sales are made of."""
    sales = _sales(portfolio, DisposalFilter.of_year(year))
    return explain_sales(year, sales, portfolio.base_currency)


def _sales(portfolio: Portfolio, wanted: DisposalFilter) -> list[SaleMade]:
    """Load sales, oldest first."""
    rows = list(list_disposals(portfolio.pk, wanted=wanted))
    names = market.briefs_by_id({str(row.instrument_id) for row in rows})
    return [_sale(row, names) for row in reversed(rows)]


def _sale(row: Disposal, names: Mapping[str, InstrumentBrief]) -> SaleMade:
    return SaleMade(
        date=row.date,
        symbol=names[str(row.instrument_id)].symbol,
        proceeds=row.proceeds_base,
        cost=row.cost_base,
        gain=row.gain_base,
        lots=[
            LotSold(lot.opened_on, lot.held_days, lot.proceeds_base, lot.cost_base)
            for lot in closed_lots(row)
        ],
        local=_local(row),
    )


def _local(row: Disposal) -> Local:
    currency, unit = in_major(row.currency, Decimal(1))
    with exact():
        return Local(
            currency, times(row.proceeds, unit), times(row.cost, unit), times(row.gain, unit)
        )
