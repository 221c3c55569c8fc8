"""Background jobs of portfolios: recalculations, their sweeper, the nightly values."""

from __future__ import annotations

from typing import Any

import structlog
from bson import ObjectId
from celery import shared_task
from kombu.exceptions import OperationalError

from common import clock
from portfolios import selectors
from portfolios.events import recalculation_started
from portfolios.models import Portfolio
from portfolios.services import recalculation

log = structlog.get_logger(__name__)


@shared_task(name="portfolios.tasks.recalculate_portfolio")
def recalculate_portfolio(*, portfolio_id: str, extend: bool = False, **_later: Any) -> None:
    """Bring one portfolio's read models up to its ledger."""
    now = clock.now()
    try:
        outcome = recalculation.recalculate(
            ObjectId(portfolio_id), today=now.date(), now=now, extend=extend
        )
        log.info("recalculation.finished", portfolio_id=portfolio_id, outcome=outcome.value)
    except Portfolio.DoesNotExist:
        log.info("recalculation.dropped", portfolio_id=portfolio_id)
    except Exception:
        recalculation.note_failure(ObjectId(portfolio_id), now=now)
        raise


@shared_task(name="portfolios.tasks.recalculate_due")
def recalculate_due(**_later: Any) -> None:
    """Start the recalculations that were asked for but never ran, or were lost on the way."""
    for portfolio_id in recalculation.claim_due(now=clock.now()):
        recalculate_portfolio.delay(portfolio_id=portfolio_id)


@shared_task(name="portfolios.tasks.nightly_values")
def nightly_values(**_later: Any) -> None:
    """Value every portfolio at the end of the days that have passed."""
    for portfolio_id in selectors.list_all_ids():
        recalculate_portfolio.delay(portfolio_id=portfolio_id, extend=True)


@shared_task(name="portfolios.tasks.forget_runs")
def forget_runs(**_later: Any) -> None:
    """Delete how old recalculations went."""
    recalculation.forget_runs(now=clock.now())


def request_recalculation(portfolio: Portfolio) -> None:
    """Ask for a recalculation after a change of the ledger; called by interfaces.

    With the queue out of reach the change still stands, and the sweeper starts the job later.
    """
    recalculation_started.send_robust(
        sender=Portfolio, portfolio_id=str(portfolio.pk), owner_id=str(portfolio.owner_id)
    )
    try:
        recalculate_portfolio.apply_async(kwargs={"portfolio_id": str(portfolio.pk)}, retry=False)
    except OperationalError:
        log.warning("recalculation.not_queued", portfolio_id=str(portfolio.pk))
