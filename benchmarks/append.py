"""One more row at the end of a long ledger, until its position is stored."""

from __future__ import annotations

from decimal import Decimal

from accounts.models import User
from benchmarks import ledgers
from benchmarks.measure import Figure, median_seconds
from common import clock
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.services import ledger, recalculation

ROWS = 50_000
_BUDGET_MS = 100


def run() -> list[Figure]:
    """Append purchases of today to 50,000 rows of ten years, one after the other."""
    now = clock.now()
    owner = User.objects.create_user("append@example.test", None)
    held = ledgers.make_market("AP", now)
    portfolio = ledgers.make_portfolio(owner, ROWS, held, now)
    recalculation.recalculate(portfolio.pk, today=ledgers.TODAY, now=now, extend=True)
    bought = Draft(
        kind=Kind.BUY,
        trade_date=ledgers.TODAY,
        currency=held[0].currency,
        instrument_id=str(held[0].pk),
        quantity=Decimal(3),
        price=Decimal("101.5"),
    )

    def append() -> None:
        ledger.record_transaction(portfolio.pk, draft=bought, now=now)
        recalculation.recalculate(portfolio.pk, today=ledgers.TODAY, now=now)

    return [Figure(f"append.{ROWS}", median_seconds(append, runs=15) * 1000, "ms", _BUDGET_MS)]
