"""Ask how the figures of a summary come about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolios.domain.explaining.summary import (
    CashInput,
    LotInput,
    PositionInput,
    TotalInput,
    Trees,
    explain,
    explain_together,
)
from portfolios.domain.explaining.trees import Node
from portfolios.models import Portfolio, Position, Snapshot
from portfolios.selectors.holdings import EMPTY, Context, Summary, context_of, summary_of


def explain_summary(portfolio: Portfolio, *, now: datetime) -> tuple[Summary, Trees]:
    """Value a portfolio at the newest prices, and say of each figure what it is made of."""
    snapshot = Snapshot.objects.filter(portfolio_id=portfolio.pk).first()
    content = snapshot.content if snapshot else EMPTY
    context = context_of([content], now=now)
    computed_at = snapshot.updated_at if snapshot else None
    summary = summary_of(portfolio, content, computed_at, context)
    base, totals = portfolio.base_currency, content["totals"]
    stored = Position.objects.filter(portfolio_id=portfolio.pk).values_list("instrument_id", "lots")
    lots = {str(key): held for key, held in stored}
    names = ("realized", "income", "fees", "taxes")
    trees = explain(
        base,
        positions=[
            position_input(each, lots.get(each["instrument"], ()), base, context)
            for each in content["positions"]
        ],
        cash=None
        if summary.cash is None
        else [_cash(name, amount, base, context) for name, amount in summary.cash.items()],
        totals=TotalInput(**{name: _decimal(totals[name]) for name in names}),
    )
    return summary, trees


def explain_totals(summaries: Iterable[Summary]) -> dict[str, Node]:
    """Say what portfolios are worth together, by currency; one that is unknown makes it so."""
    found: dict[str, list[tuple[str, str, Decimal | None]]] = {}
    for each in summaries:
        portfolio = each.portfolio
        line = (str(portfolio.pk), portfolio.name, each.valuation.total)
        found.setdefault(portfolio.base_currency, []).append(line)
    return {currency: explain_together(currency, totals) for currency, totals in found.items()}


def position_input(
    line: Mapping[str, Any], lots: Iterable[Mapping[str, Any]], base: str, context: Context
) -> PositionInput:
    """Return what the figures of a position are made of, from what was stored of it."""
    key = line["instrument"]
    quote = context.quotes.get(key)
    currency = quote.currency if quote else line["currency"]
    return PositionInput(
        key=key,
        label=context.instruments[key].symbol,
        currency=line["currency"],
        quantity=Decimal(line["quantity"]),
        multiplier=Decimal(line.get("multiplier", 1)),
        price=quote.price if quote else None,
        price_currency=currency,
        rate=_rate(context, currency, base),
        previous_close=quote.previous_close if quote else None,
        previous_rate=_previous_rate(context, currency, base),
        lots=[_lot(each) for each in lots],
        realized=_decimal(line["realized_base"]),
        income=_decimal(line["income_base"]),
        fees=_decimal(line["fees_base"]),
        taxes=_decimal(line["taxes_base"]),
    )


def _lot(lot: Mapping[str, Any]) -> LotInput:
    return LotInput(
        label=f"Lot of {lot['opened_on']}",
        quantity=Decimal(lot["quantity"]),
        cost=_decimal(lot["cost"]),
        cost_base=_decimal(lot["cost_base"]),
    )


def _cash(currency: str, balance: Decimal, base: str, context: Context) -> CashInput:
    return CashInput(
        currency=currency,
        balance=balance,
        rate=_rate(context, currency, base),
        previous_rate=_previous_rate(context, currency, base),
    )


def _rate(context: Context, currency: str, base: str) -> Decimal | None:
    rate: Decimal | None = context.rates[0].find_rate(currency, base)
    return rate


def _previous_rate(context: Context, currency: str, base: str) -> Decimal | None:
    rates, previous = context.rates
    rate: Decimal | None = (previous or rates).find_rate(currency, base)
    return rate


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
