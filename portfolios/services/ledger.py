"""Write the ledger: record, edit, void and restore transactions.

Each change grows the portfolio's revision and marks its read models stale in the same transaction,
so that no change is ever left out of a recalculation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal

from bson import ObjectId
from django.db.models import F

from common.errors import InvalidInput
from common.money import plain
from common.transactions import run_in_transaction
from portfolios.domain.checks import check
from portfolios.domain.transactions import Draft, fingerprint
from portfolios.models import Portfolio, Transaction, TransactionRevision
from portfolios.selectors import TransactionNotFound
from portfolios.services.conflicts import conflict, state_of

#: How long a recalculation may take to start before it is started again.
RECALCULATION_GRACE = timedelta(seconds=30)
_ZERO = Decimal(0)


class TransactionRefused(InvalidInput):
    """The transaction can't be recorded as described."""

    code = "transaction-refused"


@dataclass(frozen=True, slots=True)
class ImportOrigin:
    """Which row of which import a transaction comes from."""

    run_id: str
    row: int


def mark_changed(portfolio: Portfolio, *, from_date: date, now: datetime) -> None:
    """Note on a loaded portfolio that its ledger changed from a day on; the caller saves it."""
    portfolio.ledger_revision += 1
    portfolio.is_recalculating = True
    portfolio.recalculate_after = now + RECALCULATION_GRACE
    portfolio.recalculation_failures = 0
    portfolio.stale_from = min(from_date, portfolio.stale_from or from_date)
    portfolio.updated_at = now


def touch(portfolio_id: ObjectId, *, from_date: date, now: datetime) -> None:
    """Note that a ledger changes from a day on, in the caller's transaction."""
    # Written first thing: two writers of one ledger then meet here, and the later one starts over.
    portfolio = Portfolio.objects.get(pk=portfolio_id)
    mark_changed(portfolio, from_date=from_date, now=now)
    portfolio.save()


def _refuse_bad(draft: Draft, *, now: datetime) -> None:
    problems = check(draft, today=now.date())
    if problems:
        errors: dict[str, list[str]] = {}
        for problem in problems:
            errors.setdefault(problem.field, []).append(problem.message)
        raise TransactionRefused(errors=errors)


def new_row(portfolio_id: ObjectId, draft: Draft, *, now: datetime) -> Transaction:
    """Make a row of a checked draft; the caller stores it."""
    row = Transaction(portfolio_id=portfolio_id, created_at=now)
    apply_draft(row, draft, now=now)
    return row


def apply_draft(row: Transaction, draft: Draft, *, now: datetime) -> None:
    """Write what a checked draft says over a row; the caller stores it."""
    for field in fields(Draft):
        value = getattr(draft, field.name)
        if field.name in ("fee", "tax") and value is None:
            value = _ZERO
        if field.name == "kind":
            value = value.value
        if field.name in ("instrument_id", "to_instrument_id"):
            value = ObjectId(value) if value else None
        if field.name == "lots":
            value = [[event_id, plain(quantity)] for event_id, quantity in value]
        setattr(row, field.name, value)
    row.fingerprint = fingerprint(draft)
    row.updated_at = now


def record_transaction(portfolio_id: ObjectId, *, draft: Draft, now: datetime) -> Transaction:
    """Add one row to a ledger.

    Raises:
        TransactionRefused: fields are missing, contradict the kind or are out of range.
    """
    _refuse_bad(draft, now=now)

    def record() -> Transaction:
        touch(portfolio_id, from_date=draft.trade_date, now=now)
        row = new_row(portfolio_id, draft, now=now)
        row.save(force_insert=True)
        return row

    return run_in_transaction(record)


def record_imported(
    portfolio_id: ObjectId, *, drafts: Sequence[tuple[Draft, ImportOrigin]], now: datetime
) -> None:
    """Add many checked rows of an import at once, inside the caller's transaction."""
    if not drafts:
        return
    touch(portfolio_id, from_date=min(draft.trade_date for draft, _ in drafts), now=now)
    rows = []
    for draft, origin in drafts:
        row = new_row(portfolio_id, draft, now=now)
        row.import_run_id, row.import_row = origin.run_id, origin.row
        rows.append(row)
    Transaction.objects.bulk_create(rows)


def name_imported_lots(
    portfolio_id: ObjectId,
    *,
    run_id: str,
    lots: Mapping[int, Sequence[tuple[str, Decimal]]],
    now: datetime,
) -> None:
    """Say which lots the sales of an import take, once the rows that opened them are stored too.

    A sale that was changed since is left alone.

    Args:
        lots: the import's row → the transaction that opened each lot, and how many units of it.
    """

    def name() -> None:
        sales = list(
            Transaction.objects.filter(
                import_run_id=run_id, import_row__in=list(lots), is_void=False, revision=1
            ).order_by("import_row")
        )
        if sales:
            touch(portfolio_id, from_date=min(each.trade_date for each in sales), now=now)
        for sale in sales:
            named = lots[sale.import_row or 0]
            sale.lots = [[event_id, plain(units)] for event_id, units in named]
            sale.save()

    run_in_transaction(name)


def edit_transaction(
    portfolio_id: ObjectId,
    *,
    transaction_id: ObjectId,
    draft: Draft,
    revision: int,
    changed_by: ObjectId,
    now: datetime,
) -> Transaction:
    """Replace a row and keep the one before it.

    Args:
        revision: the one the change was made from.

    Raises:
        TransactionRefused: fields are missing, contradict the kind or are out of range.
        TransactionNotFound: there is no such row, or it is void.
        TransactionChanged: the row has another revision by now.
    """
    _refuse_bad(draft, now=now)

    def edit() -> Transaction:
        row = _loaded(portfolio_id, transaction_id)
        if row.revision != revision:
            raise conflict(row, revision=revision, draft=draft, changed_by=changed_by)
        touch(portfolio_id, from_date=min(row.trade_date, draft.trade_date), now=now)
        _keep(row, changed_by=changed_by, reason="edited", now=now)
        apply_draft(row, draft, now=now)
        row.revision += 1
        row.save()
        return row

    return run_in_transaction(edit)


def void_transaction(
    portfolio_id: ObjectId,
    *,
    transaction_id: ObjectId,
    revision: int,
    changed_by: ObjectId,
    now: datetime,
) -> None:
    """Take a row out of the ledger; it stays stored, with its history.

    Raises:
        TransactionNotFound: there is no such row, or it is void already.
        TransactionChanged: the row has another revision by now.
    """

    def void() -> None:
        row = _loaded(portfolio_id, transaction_id)
        if row.revision != revision:
            raise conflict(row, revision=revision, draft=None, changed_by=changed_by)
        _void(portfolio_id, [row], changed_by=changed_by, reason="deleted", now=now)

    run_in_transaction(void)


def restore_transaction(
    portfolio_id: ObjectId,
    *,
    transaction_id: ObjectId,
    revision: int,
    changed_by: ObjectId,
    now: datetime,
) -> Transaction:
    """Take a void row into the ledger again; that it was void stays in its history.

    Raises:
        TransactionNotFound: there is no such row, or it isn't void.
        TransactionChanged: the row has another revision by now.
    """

    def restore() -> Transaction:
        row = _loaded(portfolio_id, transaction_id, is_void=True)
        if row.revision != revision:
            raise conflict(row, revision=revision, draft=None, changed_by=changed_by)
        touch(portfolio_id, from_date=row.trade_date, now=now)
        _keep(row, changed_by=changed_by, reason=TransactionRevision.RESTORED, now=now)
        row.is_void = False
        row.revision += 1
        row.updated_at = now
        row.save()
        return row

    return run_in_transaction(restore)


def void_imported(
    portfolio_id: ObjectId, *, run_id: str, limit: int, changed_by: ObjectId, now: datetime
) -> int:
    """Void up to `limit` of the rows that an import brought; return how many were left to void.

    Rows that were edited after the import are voided too: their history keeps what they were.
    """

    def void() -> int:
        rows = list(
            Transaction.objects.filter(import_run_id=run_id, is_void=False).order_by("import_row")[
                :limit
            ]
        )
        if rows:
            _void(portfolio_id, rows, changed_by=changed_by, reason="import undone", now=now)
        return len(rows)

    return run_in_transaction(void)


def _void(
    portfolio_id: ObjectId,
    rows: Collection[Transaction],
    *,
    changed_by: ObjectId,
    reason: str,
    now: datetime,
) -> None:
    touch(portfolio_id, from_date=min(row.trade_date for row in rows), now=now)
    TransactionRevision.objects.bulk_create(
        [_revision(row, changed_by=changed_by, reason=reason, now=now) for row in rows]
    )
    Transaction.objects.filter(pk__in=[row.pk for row in rows]).update(
        is_void=True, revision=F("revision") + 1, updated_at=now
    )


def _loaded(
    portfolio_id: ObjectId, transaction_id: ObjectId, *, is_void: bool = False
) -> Transaction:
    row = Transaction.objects.filter(
        pk=transaction_id, portfolio_id=portfolio_id, is_void=is_void
    ).first()
    if row is None:
        raise TransactionNotFound
    return row


def _keep(row: Transaction, *, changed_by: ObjectId, reason: str, now: datetime) -> None:
    _revision(row, changed_by=changed_by, reason=reason, now=now).save(force_insert=True)


def _revision(
    row: Transaction, *, changed_by: ObjectId, reason: str, now: datetime
) -> TransactionRevision:
    return TransactionRevision(
        transaction=row,
        revision=row.revision,
        state=state_of(row),
        changed_by_id=changed_by,
        changed_at=now,
        reason=reason,
    )
