"""What is stored of portfolios, and of what their owners watch."""

from portfolios.models.ledgers import (
    CheckpointPart,
    DailyValue,
    Dismissal,
    Disposal,
    IntradayValue,
    Plan,
    Portfolio,
    Position,
    RecalculationRun,
    Snapshot,
    Transaction,
    TransactionRevision,
)
from portfolios.models.merging import MovedReference
from portfolios.models.watching import Alert, Firing, Watchlist

__all__ = [
    "Alert",
    "CheckpointPart",
    "DailyValue",
    "Dismissal",
    "Disposal",
    "Firing",
    "IntradayValue",
    "MovedReference",
    "Plan",
    "Portfolio",
    "Position",
    "RecalculationRun",
    "Snapshot",
    "Transaction",
    "TransactionRevision",
    "Watchlist",
]
