"""Write a whole ledger into a file that imports again to the same ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from brokers.adapters import csv_statement, livefolio_json
from brokers.domain.statements import InstrumentIdentity, LedgerLine, PortfolioHeading
from marketdata import selectors as market
from portfolios import selectors as portfolios

CONTENT_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}


def file_name(portfolio: Any, form: str) -> str:
    """Name an export after its portfolio, in characters that every system takes."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", portfolio.name).strip("-").lower() or "portfolio"
    return f"livefolio-{stem}.{form}"


def write(portfolio: Any, *, form: str) -> Iterator[bytes]:
    """Write a portfolio's ledger, oldest row first, piece by piece.

    Args:
        portfolio: as `portfolios.selectors.get_portfolio` returns it.
        form: a key of `CONTENT_TYPES`.
    """
    lines = _lines(portfolio)
    if form == "csv":
        return csv_statement.write(lines)
    heading = PortfolioHeading(
        name=portfolio.name,
        base_currency=portfolio.base_currency,
        tracks_cash=portfolio.tracks_cash,
    )
    return livefolio_json.write(heading, lines)


def _lines(portfolio: Any) -> Iterator[LedgerLine]:
    known: dict[str, InstrumentIdentity] = {}

    def identity(key: str | None) -> InstrumentIdentity | None:
        if key is None:
            return None
        if key not in known:
            known[key] = _identity(market.instruments_by_id([key])[key])
        return known[key]

    rows = portfolios.list_transactions(portfolio.pk).reverse()
    keys = rows.values_list("pk", flat=True)
    places = {str(key): str(place) for place, key in enumerate(keys, start=1)}
    for row in rows.iterator():
        draft = portfolios.draft_of(row)
        # A lot whose row isn't in the export has no place there.
        lots = tuple((places.get(key, "0"), units) for key, units in draft.lots)
        yield LedgerLine(
            draft=replace(draft, lots=lots),
            instrument=identity(draft.instrument_id),
            to_instrument=identity(draft.to_instrument_id),
        )


def _identity(instrument: Any) -> InstrumentIdentity:
    return InstrumentIdentity(
        symbol=instrument.symbol,
        currency=instrument.currency,
        isin=instrument.isin,
        mic=instrument.mic,
        asset_class=instrument.asset_class,
        name=instrument.name,
        multiplier=instrument.multiplier,
    )
