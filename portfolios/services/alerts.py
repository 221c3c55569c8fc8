"""Change alerts: what people do with them, and what prices do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypedDict, Unpack

from bson import ObjectId

from common import clock
from common.errors import InvalidInput
from common.money import DECIMAL_PLACES
from common.transactions import run_in_transaction
from marketdata import selectors as market
from portfolios import selectors
from portfolios.domain.alerts import (
    AlertKind,
    AlertRefused,
    AlertState,
    Rule,
    check_rule,
    step,
    title_of,
    written,
)
from portfolios.events import inbox_read
from portfolios.models import Alert, Firing
from portfolios.selectors import watching

MOST_ALERTS = 500
LONGEST_NOTE = 200
#: A firing whose delivery wasn't asked for, or was lost, is taken up after this long.
DELIVERY_PATIENCE = timedelta(seconds=30)


class TooManyAlerts(InvalidInput):
    """You have as many alerts as there may be; delete one first."""

    code = "too-many-alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An alert as somebody asks for it; exactly one of the two subjects fits the kind."""

    rule: Rule
    instrument_id: ObjectId | None = None
    portfolio_id: ObjectId | None = None
    note: str = ""
    by_email: bool = True
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """How an alert stands after a value was held against it.

    Attributes:
        alert: as it is now; None if it can fire no more: deleted, paused or past its end.
        firing_id: what it just fired; None in most cases.
    """

    alert: Alert | None
    firing_id: str | None = None


def create_alert(owner_id: ObjectId, *, wanted: Wanted, now: datetime) -> Alert:
    """Make an alert; it fires as soon as its rule holds, also if that is now.

    Raises:
        AlertRefused: the rule makes no sense, lacks its subject, or ends before it begins.
        InstrumentNotFound: there is no such instrument, or it is somebody else's.
        PortfolioNotFound: there is no such portfolio, or it is somebody else's.
        TooManyAlerts: the owner has as many as there may be.
    """
    check_rule(wanted.rule)
    _check_subject(wanted)
    _check_end(wanted.expires_at, now=now)
    instrument_id = wanted.instrument_id
    if instrument_id is not None:
        # It may have turned out to be another one.
        instrument_id = market.get_instrument(instrument_id, user_id=owner_id).pk
    if wanted.portfolio_id is not None:
        selectors.get_portfolio(wanted.portfolio_id, owner_id=owner_id)

    def create() -> Alert:
        if Alert.objects.filter(owner_id=owner_id).count() >= MOST_ALERTS:
            raise TooManyAlerts
        return Alert.objects.create(
            owner_id=owner_id,
            kind=wanted.rule.kind.value,
            limit=wanted.rule.limit,
            reference=wanted.rule.reference,
            instrument_id=instrument_id,
            portfolio_id=wanted.portfolio_id,
            note=wanted.note,
            by_email=wanted.by_email,
            expires_at=wanted.expires_at,
            created_at=now,
            updated_at=now,
        )

    return run_in_transaction(create)


class AlertChanges(TypedDict, total=False):
    """What may be changed of an alert; what it is about, and of which kind, stays."""

    limit: Decimal
    reference: Decimal | None
    note: str
    by_email: bool
    expires_at: datetime | None
    is_paused: bool


def change_alert(
    alert_id: ObjectId, *, owner_id: ObjectId, now: datetime, **changes: Unpack[AlertChanges]
) -> Alert:
    """Change an alert; what isn't named stays.

    With another limit or reference it is armed anew, since it watches for something else: it fires
    as soon as that holds, also if that is now. What it has told stays, and is counted on.

    Raises:
        AlertNotFound: there is none, or it is somebody else's.
        AlertRefused: the rule would make no sense, or the new end is over.
    """

    def change() -> Alert:
        alert = watching.get_alert(alert_id, owner_id=owner_id)
        changed = {name: new for name, new in changes.items() if getattr(alert, name) != new}
        if not changed:
            return alert
        for name, new in changed.items():
            setattr(alert, name, new)
        check_rule(watching.rule_of(alert))
        if "expires_at" in changed:
            _check_end(alert.expires_at, now=now)
        if changed.keys() & {"limit", "reference"}:
            alert.state = AlertState.ARMED.value
        alert.updated_at = now
        alert.save(update_fields=[*changed, "state", "updated_at"])
        return alert

    return run_in_transaction(change)


def set_paused(alert_id: ObjectId, *, owner_id: ObjectId, is_paused: bool, now: datetime) -> Alert:
    """Have an alert rest, or work again; where it stood before, it stands afterwards.

    Raises:
        AlertNotFound: there is none, or it is somebody else's.
    """
    return change_alert(alert_id, owner_id=owner_id, is_paused=is_paused, now=now)


def _check_end(expires_at: datetime | None, *, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise AlertRefused(errors={"expires_at": ["Give a moment that is still to come."]})


def delete_alert(alert_id: ObjectId, *, owner_id: ObjectId) -> None:
    """Delete an alert; what it has told stays in the inbox.

    Raises:
        AlertNotFound: there is none, or it is somebody else's.
    """

    def delete() -> None:
        watching.get_alert(alert_id, owner_id=owner_id).delete()

    run_in_transaction(delete)


def observe(
    alert_id: ObjectId, *, value: Decimal, observed_at: datetime, now: datetime
) -> Observed:
    """Hold a value against an alert as it is stored, and store what follows, all or nothing.

    May be called twice, late, or by two processes at once: the step is taken from the stored state,
    in one transaction with the firing, and a value that is older than the last step takes none.

    Args:
        value: of the alert's measure.
        observed_at: when the value was true.
    """
    observed_at = clock.to_milliseconds(observed_at)

    def take_step() -> Observed:
        alert = Alert.objects.filter(pk=alert_id).first()
        if alert is None or not watching.is_at_work(alert, now=now):
            return Observed(None)
        if alert.observed_at is not None and observed_at < alert.observed_at:
            return Observed(alert)
        before = AlertState(alert.state)
        after, fires = step(before, watching.rule_of(alert).line.zone(value))
        if after is before:
            return Observed(alert)
        alert.state, alert.observed_at, alert.updated_at = after.value, observed_at, now
        firing = _fire(alert, value=value, observed_at=observed_at, now=now) if fires else None
        alert.save(
            update_fields=["state", "observed_at", "updated_at", "firings", "fired_at"],
        )
        return Observed(alert, str(firing.pk) if firing else None)

    return run_in_transaction(take_step)


def mark_read(owner_id: ObjectId, *, firing_id: ObjectId | None = None) -> int:
    """Mark one message of the inbox as read, or all of them; return how many were not before.

    Other pages that show how much waits are told.

    Raises:
        FiringNotFound: there is no such message, or it is somebody else's.
    """

    def mark() -> int:
        found = Firing.objects.filter(owner_id=owner_id)
        if firing_id is not None:
            found = found.filter(pk=firing_id)
            if not found.exists():
                raise watching.FiringNotFound
        return found.filter(is_read=False).update(is_read=True)

    marked = run_in_transaction(mark)
    if marked:
        inbox_read.send_robust(sender=Firing, owner_id=str(owner_id))
    return marked


def _check_subject(wanted: Wanted) -> None:
    of_portfolio = wanted.rule.kind.is_of_portfolio
    needed, other = "portfolio_id", "instrument_id"
    given, extra = wanted.portfolio_id, wanted.instrument_id
    if not of_portfolio:
        needed, other, given, extra = other, needed, extra, given
    errors: dict[str, list[str]] = {}
    if given is None:
        errors[needed] = [f"An alert of this kind is about {_SUBJECTS[needed]}."]
    if extra is not None:
        errors[other] = [f"An alert of this kind is not about {_SUBJECTS[other]}."]
    if errors:
        raise AlertRefused(errors=errors)


_SUBJECTS = {"portfolio_id": "a portfolio", "instrument_id": "an instrument"}


def title(alert: Alert) -> str:
    """Say what an alert watches for."""
    return title_of(watching.rule_of(alert), name=_name(alert), currency=_currency(alert))


def _name(alert: Alert) -> str:
    subject = alert.portfolio.name if alert.portfolio else None
    return subject or (alert.instrument.symbol if alert.instrument else "")


def _currency(alert: Alert) -> str:
    return alert.instrument.currency if alert.instrument else ""


def _fire(alert: Alert, *, value: Decimal, observed_at: datetime, now: datetime) -> Firing:
    alert.firings += 1
    alert.fired_at = now
    kind = AlertKind(alert.kind)
    return Firing.objects.create(
        owner_id=alert.owner_id,
        alert_key=str(alert.pk),
        number=alert.firings,
        kind=alert.kind,
        instrument_id=alert.instrument_id,
        portfolio_id=alert.portfolio_id,
        title=title(alert),
        detail=f"It is at {written(kind.measure, value, _currency(alert))}.",
        note=alert.note,
        value=round(value, DECIMAL_PLACES),
        observed_at=observed_at,
        fired_at=now,
        by_email=alert.by_email,
        deliver_after=now + DELIVERY_PATIENCE,
    )
