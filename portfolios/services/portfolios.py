"""Make, change and delete portfolios."""

from __future__ import annotations

from datetime import datetime

import structlog
from bson import ObjectId
from django.db import IntegrityError

from common.currencies import is_currency
from common.errors import Conflict, InvalidInput
from common.texts import hidden_character
from common.transactions import run_in_transaction
from portfolios.domain.policy import Policy
from portfolios.models import (
    CheckpointPart,
    DailyValue,
    Disposal,
    Plan,
    Portfolio,
    Position,
    RecalculationRun,
    Snapshot,
    Transaction,
)
from portfolios.services.ledger import mark_changed

log = structlog.get_logger(__name__)


class NameTaken(Conflict):
    """You have a portfolio of this name already."""

    code = "portfolio-name-taken"


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 80:
        raise InvalidInput(errors={"name": ["A name has 1 to 80 characters."]})
    if hidden := hidden_character(name):
        line = f"A name must not hold the invisible character {hidden}."
        raise InvalidInput(errors={"name": [line]})
    return name


def create_portfolio(
    owner_id: ObjectId, *, name: str, base_currency: str, tracks_cash: bool = True, now: datetime
) -> Portfolio:
    """Make an empty portfolio.

    Raises:
        InvalidInput: the name is empty or too long, or the currency isn't one.
        NameTaken: the owner has a portfolio of this name.
    """
    if not is_currency(base_currency):
        raise InvalidInput(errors={"base_currency": [f"{base_currency!r} is not a currency."]})
    portfolio = Portfolio(
        owner_id=owner_id,
        name=_checked_name(name),
        base_currency=base_currency,
        tracks_cash=tracks_cash,
        created_at=now,
        updated_at=now,
    )
    try:
        run_in_transaction(lambda: portfolio.save(force_insert=True))
    except IntegrityError as error:
        raise NameTaken(errors={"name": [NameTaken().detail]}) from error
    return portfolio


def change_portfolio(
    portfolio_id: ObjectId, *, name: str, tracks_cash: bool, now: datetime
) -> Portfolio:
    """Rename a portfolio or change whether it keeps cash; the latter recalculates it.

    Raises:
        InvalidInput: the name is empty or too long.
        NameTaken: the owner has another portfolio of this name.
    """
    name = _checked_name(name)

    def change() -> Portfolio:
        portfolio = Portfolio.objects.get(pk=portfolio_id)
        portfolio.name, portfolio.updated_at = name, now
        if portfolio.tracks_cash != tracks_cash:
            portfolio.tracks_cash = tracks_cash
            _mark_all_changed(portfolio, now=now)
        portfolio.save()
        return portfolio

    try:
        return run_in_transaction(change)
    except IntegrityError as error:
        raise NameTaken(errors={"name": [NameTaken().detail]}) from error


def set_policy(
    portfolio_id: ObjectId, *, policy: Policy, changed_by: ObjectId, now: datetime
) -> Portfolio:
    """Replace the choices that a portfolio's results depend on; another one recalculates it."""

    def change() -> tuple[Portfolio, tuple[str, ...]]:
        portfolio = Portfolio.objects.get(pk=portfolio_id)
        changed = policy.differences(Policy.chosen(portfolio.policy))
        if changed:
            portfolio.policy, portfolio.updated_at = policy.choices(), now
            _mark_all_changed(portfolio, now=now)
            portfolio.save()
        return portfolio, changed

    portfolio, changed = run_in_transaction(change)
    if changed:
        log.info(
            "policy.changed",
            portfolio_id=str(portfolio_id),
            changed_by=str(changed_by),
            choices=changed,
        )
    return portfolio


def _mark_all_changed(portfolio: Portfolio, *, now: datetime) -> None:
    """Have everything computed anew, from the first row on; without rows nothing depends on it."""
    first = (
        Transaction.objects.filter(portfolio_id=portfolio.pk, is_void=False)
        .order_by("trade_date", "id")
        .first()
    )
    if first is not None:
        mark_changed(portfolio, from_date=first.trade_date, now=now)


#: What is kept beside a ledger.
_COMPUTED = (CheckpointPart, DailyValue, Disposal, Plan, Position, RecalculationRun, Snapshot)


def delete_portfolio(portfolio_id: ObjectId) -> None:
    """Delete a portfolio with its ledger and all that was computed from it."""

    def delete() -> None:
        for model in _COMPUTED:
            model.objects.filter(portfolio_id=portfolio_id).delete()
        Portfolio.objects.filter(pk=portfolio_id).delete()

    run_in_transaction(delete)
