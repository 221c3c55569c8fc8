"""Put findings aside that their owner has looked at, and take them up again."""

from __future__ import annotations

from datetime import datetime

from bson import ObjectId

from common.bulk import upsert_many
from common.transactions import run_in_transaction
from portfolios.models import Dismissal
from portfolios.selectors.anomalies import FindingId


def dismiss(portfolio_id: ObjectId, *, finding: FindingId, now: datetime) -> None:
    """Put a finding aside; doing it again changes nothing."""
    row = Dismissal(portfolio_id=portfolio_id, finding=str(finding), dismissed_at=now)
    run_in_transaction(lambda: upsert_many([row], key=("portfolio", "finding")))


def take_up(portfolio_id: ObjectId, *, finding: FindingId) -> None:
    """Show a finding again; one that wasn't put aside stays as it is."""
    run_in_transaction(
        lambda: Dismissal.objects.filter(portfolio_id=portfolio_id, finding=str(finding)).delete()
    )
