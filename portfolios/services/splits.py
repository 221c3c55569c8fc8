"""Record splits that a source has told, once somebody says so, or put them aside."""

from __future__ import annotations

from datetime import date, datetime

from bson import ObjectId

from common.bulk import upsert_many
from common.transactions import run_in_transaction
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.models import Dismissal, Portfolio, Transaction
from portfolios.selectors.splits import UnrecordedSplit, get_unrecorded_split
from portfolios.services.ledger import new_row, touch


def record_split(
    portfolio_id: ObjectId, *, action_id: ObjectId, today: date, now: datetime
) -> list[Transaction]:
    """Write a row into the ledger for each account whose units a split multiplied.

    Raises:
        SplitNotFound: there is no such split, it is recorded by now, or nothing was held.
    """

    def record() -> list[Transaction]:
        portfolio = Portfolio.objects.get(pk=portfolio_id)
        split = get_unrecorded_split(portfolio, action_id=action_id, today=today)
        # A second click meets the first one here, and finds the split recorded when it starts over.
        touch(portfolio_id, from_date=split.date, now=now)
        rows = [
            new_row(portfolio_id, _draft(split, account), now=now) for account in split.accounts
        ]
        return Transaction.objects.bulk_create(rows)

    return run_in_transaction(record)


def dismiss_split(
    portfolio_id: ObjectId, *, action_id: ObjectId, today: date, now: datetime
) -> None:
    """Put a split aside: it isn't offered any more.

    Raises:
        SplitNotFound: there is no such split, it is recorded by now, or nothing was held.
    """

    def dismiss() -> None:
        portfolio = Portfolio.objects.get(pk=portfolio_id)
        split = get_unrecorded_split(portfolio, action_id=action_id, today=today)
        row = Dismissal(portfolio_id=portfolio_id, finding=split.dismissal, dismissed_at=now)
        upsert_many([row], key=("portfolio", "finding"))

    run_in_transaction(dismiss)


def _draft(split: UnrecordedSplit, account: str) -> Draft:
    return Draft(
        kind=Kind.SPLIT,
        trade_date=split.date,
        currency=split.currency,
        instrument_id=split.instrument_id,
        ratio=split.ratio,
        account=account,
        note=f"{split.words}, as told by {split.source}",
    )
