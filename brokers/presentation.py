"""Plain values for the templates of imports and of pasted prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brokers.domain.imports import RowState, RunState
from brokers.models import ImportRow, ImportRun
from brokers.services.price_tables import PricePreview
from portfolios.domain.kinds import Kind

#: Listed of a pasted table; more would only make the page heavy.
_MOST_LINES = 100
_BUSY = (RunState.READING, RunState.COMMITTING, RunState.UNDOING)


def run_line(run: ImportRun) -> dict[str, Any]:
    """Describe an import."""
    state = RunState(run.state)
    return {
        "id": str(run.pk),
        "portfolio_id": str(run.portfolio_id),
        "file_name": run.file_name,
        "file_format": run.file_format,
        "size": run.payload_size,
        "state": state.value,
        "state_label": state.label,
        "is_busy": state in _BUSY,
        "can_commit": state is RunState.PREVIEW and run.rows_new > 0,
        "can_discard": state in (RunState.PREVIEW, RunState.REFUSED),
        "can_undo": state is RunState.COMMITTED and run.rows_done > 0,
        "creates_instruments": run.creates_instruments,
        "rows_total": run.rows_total,
        "rows_new": run.rows_new,
        "rows_duplicate": run.rows_duplicate,
        "rows_error": run.rows_error,
        "rows_done": run.rows_done,
        "error": run.error,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _named(known: Mapping[str, Any]) -> str:
    """Name the instrument of a row, and what was received for it."""
    names = (known.get(f"{prefix}symbol") or known.get(f"{prefix}isin") for prefix in ("", "to_"))
    return " → ".join(name for name in names if name)


def row_line(row: ImportRow) -> dict[str, Any]:
    """Describe one row of a file: as it was understood, or as it stands there."""
    known = row.content
    kind = known.get("kind")
    return {
        "number": row.number,
        "state": row.state,
        "state_label": RowState(row.state).label,
        "kind": Kind(kind).label if kind else "",
        "date": known.get("trade_date", ""),
        "symbol": _named(known),
        "quantity": known.get("quantity"),
        "price": known.get("price"),
        "amount": known.get("amount"),
        "fee": known.get("fee"),
        "currency": known.get("currency", ""),
        "raw": row.raw,
        "errors": row.errors,
    }


def price_preview(preview: PricePreview) -> dict[str, Any]:
    """Describe what recording a pasted table would do."""
    return {
        "pending": [
            {"number": each.number, "price": each.price, "before": each.before}
            for each in preview.pending[:_MOST_LINES]
        ],
        "pending_count": len(preview.pending),
        "pending_more": max(0, len(preview.pending) - _MOST_LINES),
        "same": preview.same,
        "refused": preview.refused[:_MOST_LINES],
        "refused_count": len(preview.refused),
        "refused_more": max(0, len(preview.refused) - _MOST_LINES),
    }


def prices_recorded(done: PricePreview) -> str:
    """Say in words what recording a pasted table has done."""
    count = len(done.pending)
    words = [f"{count:,} price{'s' * (count != 1)} recorded." if count else "Nothing is new."]
    if left := len(done.refused):
        words.append(f"{left:,} line{'s' * (left != 1)} left out.")
    return " ".join(words)
