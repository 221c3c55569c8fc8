"""Write what was sold as CSV, one line for each lot that was closed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from common.money import plain
from portfolios.domain.tax_years import is_long_term
from portfolios.models import Disposal, Portfolio
from portfolios.selectors.disposals import closed_lots

_AMOUNTS = ("proceeds", "cost", "gain", "proceeds_base", "cost_base", "gain_base")
COLUMNS = (
    "closed_on",
    "opened_on",
    "held_days",
    "term",
    "side",
    "symbol",
    "isin",
    "name",
    "quantity",
    "currency",
    "proceeds",
    "cost",
    "gain",
    "base_currency",
    "proceeds_base",
    "cost_base",
    "gain_base",
    "account",
    "transaction_id",
    "lot_transaction_id",
)
#: What a spreadsheet would run as a formula.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_ROWS_A_PIECE = 200


def file_name(portfolio: Portfolio, year: int | None) -> str:
    """Name an export after its portfolio and year, in characters that every system takes."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", portfolio.name).strip("-").lower() or "portfolio"
    return f"livefolio-{stem}-gains{f'-{year}' if year else ''}.csv"


def write(
    portfolio: Portfolio, disposals: Iterable[Disposal], *, instruments: Mapping[str, Any]
) -> Iterator[bytes]:
    """Write disposals piece by piece; what is unknown is left empty, and nothing is rounded.

    Texts that a spreadsheet would run as formulas get an apostrophe in front.
    """
    piece = io.StringIO(newline="")
    writer = csv.DictWriter(piece, COLUMNS)
    writer.writeheader()
    for count, disposal in enumerate(disposals, start=1):
        writer.writerows(_lines(portfolio, disposal, instruments[str(disposal.instrument_id)]))
        if count % _ROWS_A_PIECE == 0:
            yield _taken(piece)
    yield _taken(piece)


def _lines(portfolio: Portfolio, disposal: Disposal, instrument: Any) -> Iterator[dict[str, str]]:
    shared = {
        "closed_on": disposal.date.isoformat(),
        "side": "short" if disposal.is_short else "long",
        "symbol": _guarded(instrument.symbol),
        "isin": instrument.isin or "",
        "name": _guarded(instrument.name),
        "currency": disposal.currency,
        "base_currency": portfolio.base_currency,
        "account": _guarded(disposal.account),
        "transaction_id": disposal.transaction_id,
    }
    for lot in closed_lots(disposal):
        yield shared | {
            "opened_on": lot.opened_on.isoformat(),
            "held_days": str(lot.held_days),
            "term": "long" if is_long_term(lot.held_days) else "short",
            "quantity": _number(lot.quantity),
            "lot_transaction_id": lot.transaction_id,
            **{name: _number(getattr(lot, name)) for name in _AMOUNTS},
        }
    if not disposal.lots:
        # A payment alone: no units went.
        amounts = {name: _number(getattr(disposal, name)) for name in _AMOUNTS}
        yield shared | {"quantity": "0"} | amounts


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _taken(piece: io.StringIO) -> bytes:
    text = piece.getvalue()
    piece.seek(0)
    piece.truncate()
    return text.encode()
