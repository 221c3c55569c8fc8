"""Background jobs of portfolios: recalculations, nightly values, alerts and their delivery."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from bson import ObjectId
from celery import shared_task
from kombu.exceptions import OperationalError

from accounts import services as accounts
from common import clock
from marketdata import tasks as market_tasks
from marketdata.adapters.registry import bar_sources
from portfolios import selectors
from portfolios.adapters import alert_mail
from portfolios.domain.alerts import AlertKind
from portfolios.events import alert_fired, recalculation_started
from portfolios.models import Alert, Firing, Portfolio
from portfolios.selectors import watching
from portfolios.services import alerts, firings, histories, intraday, recalculation

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


@shared_task(name="portfolios.tasks.record_minute")
def record_minute(**_later: Any) -> None:
    """Store what every portfolio is worth at this minute, while something of it is traded."""
    intraday.record_minute(now=clock.now())


@shared_task(name="portfolios.tasks.forget_runs")
def forget_runs(**_later: Any) -> None:
    """Delete how old recalculations went, and what portfolios were worth at minutes long past."""
    now = clock.now()
    recalculation.forget_runs(now=now)
    intraday.forget_minutes(now=now)


@shared_task(name="portfolios.tasks.request_histories")
def request_histories(**_later: Any) -> None:
    """Have the closes filled in of what is held for the first time, from its first day on."""
    if not bar_sources():
        # Nobody could be asked; once somebody can, all of it is new.
        return
    for job in histories.request_histories(now=clock.now()):
        market_tasks.start_backfill(job)


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


#: How many deliveries one look takes up; the next look takes up the others.
_DELIVERIES = 500


@shared_task(name="portfolios.tasks.evaluate_alerts")
def evaluate_alerts(**_later: Any) -> None:
    """Look for silent feeds, and have each portfolio that has alerts looked at."""
    now = clock.now()
    found = watching.list_job_alerts()
    for portfolio_id in {str(each.portfolio_id) for each in found if each.portfolio_id}:
        evaluate_portfolio.delay(portfolio_id=portfolio_id)
    by_silence = [each for each in found if each.kind == AlertKind.STALE]
    silences = watching.measure_silence({str(each.instrument_id) for each in by_silence}, now=now)
    for each in by_silence:
        _observe(each, silences.get(str(each.instrument_id)), now=now)


@shared_task(name="portfolios.tasks.evaluate_portfolio")
def evaluate_portfolio(*, portfolio_id: str, **_later: Any) -> None:
    """Hold one portfolio's alerts against its fall and its drift as they are now."""
    now = clock.now()
    portfolio = Portfolio.objects.filter(pk=portfolio_id).first()
    if portfolio is None:
        return
    measured: dict[AlertKind, Decimal | None] = {}
    for each in watching.list_portfolio_alerts(portfolio.pk):
        kind = AlertKind(each.kind)
        if kind not in measured:
            measured[kind] = watching.measure_portfolio(portfolio, kind, now=now)
        _observe(each, measured[kind], now=now)


@shared_task(name="portfolios.tasks.deliver_alert")
def deliver_alert(*, firing_id: str, **_later: Any) -> None:
    """Tell what an alert fired: over the live stream at once, and by mail."""
    claim = firings.claim_delivery(ObjectId(firing_id), now=clock.now())
    if claim is None:
        return
    firing = claim.firing
    if claim.is_first:
        alert_fired.send_robust(
            sender=Firing, owner_id=str(firing.owner_id), firing=watching.message_of(firing)
        )
    address = accounts.confirmed_address(firing.owner) if firing.by_email else None
    if address is None:
        firings.note_delivered(firing.pk, emailed_at=None)
        return
    content = {"title": firing.title, "detail": firing.detail, "note": firing.note}
    try:
        alert_mail.send_alert(address, firing_key=firing_id, content=content)
    except OSError as failure:
        goes_on = firings.note_failure(firing.pk, now=clock.now())
        log.warning("alert.not_mailed", reason=type(failure).__name__, will_retry=goes_on)
    else:
        firings.note_delivered(firing.pk, emailed_at=clock.now())


@shared_task(name="portfolios.tasks.deliver_due")
def deliver_due(**_later: Any) -> None:
    """Deliver what was lost on the way, and try again what failed."""
    for firing_id in watching.list_undelivered(now=clock.now(), limit=_DELIVERIES):
        request_delivery(firing_id)


def request_delivery(firing_id: str) -> None:
    """Ask for a delivery; with the queue out of reach the sweeper does so later."""
    try:
        deliver_alert.apply_async(kwargs={"firing_id": firing_id}, queue="default", retry=False)
    except OperationalError:
        log.warning("alert.not_queued", firing_id=firing_id)


def _observe(alert: Alert, value: Decimal | None, *, now: datetime) -> None:
    """Hold a value against an alert; one that isn't known changes nothing."""
    if value is None:
        return
    observed = alerts.observe(alert.pk, value=value, observed_at=now, now=now)
    if observed.firing_id is not None:
        request_delivery(observed.firing_id)
