"""Say which lots imported sales take, once the rows that opened them have become transactions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from brokers.domain.imports import RowState
from brokers.models import ImportRow, ImportRun
from portfolios import selectors as portfolios
from portfolios.services import ledger

_BATCH = 500
#: Stands for a lot whose row didn't come along. No transaction has such an id, so that the engine
#: reports the lot as unknown instead of taking another one without a word.
_UNKNOWN = "0" * 24


def restore_lots(run: ImportRun, *, now: datetime) -> None:
    """Name the lots of an import's sales by the transactions that its rows became.

    A file names a lot by the row that opened it. Repeating this changes nothing.
    """
    waiting = ImportRow.objects.filter(
        run_id=run.pk, state=RowState.NEW.value, content__has_key="lots"
    ).order_by("number")
    reached = 0
    while sales := list(waiting.filter(number__gt=reached)[:_BATCH]):
        reached = sales[-1].number
        known = _transactions(run, {int(row) for sale in sales for row, _ in sale.content["lots"]})
        ledger.name_imported_lots(
            run.portfolio_id,
            run_id=str(run.pk),
            lots={
                sale.number: [
                    (known.get(int(row), _UNKNOWN), Decimal(units))
                    for row, units in sale.content["lots"]
                ]
                for sale in sales
            },
            now=now,
        )


def _transactions(run: ImportRun, numbers: Collection[int]) -> dict[int, str]:
    """Find what rows of the file became, or which transactions they were duplicates of."""
    known = portfolios.find_imported(run.portfolio_id, run_id=str(run.pk), numbers=numbers)
    duplicates = ImportRow.objects.filter(
        run_id=run.pk,
        state=RowState.DUPLICATE.value,
        number__in=[number for number in numbers if number not in known],
    ).order_by("number")
    for row in duplicates:
        found = portfolios.find_copy(
            run.portfolio_id, mark=row.fingerprint, copy=row.copy, excluding_run=str(run.pk)
        )
        if found is not None:
            known[row.number] = found
    return known
