"""Change what the owner of a portfolio aims at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bson import ObjectId

from common.transactions import run_in_transaction
from marketdata import selectors as market
from portfolios.domain import plans
from portfolios.domain.plans import TargetsBy
from portfolios.domain.targets import Bands, Target, TargetsRefused
from portfolios.models import Plan, Portfolio


def set_targets(
    portfolio_id: ObjectId,
    *,
    by: TargetsBy,
    targets: Sequence[Target],
    bands: Bands,
    user_id: ObjectId,
    now: datetime,
) -> plans.Plan:
    """Replace the targets of a portfolio; none at all is allowed.

    Raises:
        TargetsRefused: they aren't possible, or name an instrument that the user doesn't see.
    """
    _check_members(targets, user_id=user_id)

    def changed(plan: plans.Plan) -> plans.Plan:
        return replace(plan, by=by, targets=tuple(targets), bands=bands)

    return _change(portfolio_id, changed, now=now)


def set_limits(
    portfolio_id: ObjectId,
    *,
    limits: Mapping[str, Decimal | None],
    monthly_spending: Decimal | None,
    now: datetime,
) -> plans.Plan:
    """Replace the limits that a portfolio is checked against; what isn't named is as usual.

    Raises:
        LimitsRefused: a limit belongs to no rule or makes no sense.
    """

    def changed(plan: plans.Plan) -> plans.Plan:
        return replace(plan, limits=dict(limits), monthly_spending=monthly_spending)

    return _change(portfolio_id, changed, now=now)


def _check_members(targets: Sequence[Target], *, user_id: ObjectId) -> None:
    members = {member for each in targets for member in each.members}
    if not all(ObjectId.is_valid(member) for member in members):
        raise TargetsRefused("An instrument is named by its id.")
    seen = market.visible_ids([ObjectId(member) for member in members], user_id=user_id)
    if unseen := members.difference(seen):
        raise TargetsRefused(f"There is no instrument {min(unseen)}.")


def _change(
    portfolio_id: ObjectId, changed: Callable[[plans.Plan], plans.Plan], *, now: datetime
) -> plans.Plan:
    def change() -> plans.Plan:
        # Two changes at once must meet on one document, also where no plan is stored yet.
        Portfolio.objects.filter(pk=portfolio_id).update(updated_at=now)
        stored = Plan.objects.filter(portfolio_id=portfolio_id).first()
        plan = changed(plans.read_plan(stored.content if stored else None))
        plans.check_plan(plan)
        if stored is None:
            stored = Plan(portfolio_id=portfolio_id, created_at=now)
        stored.content, stored.updated_at = plans.stored_plan(plan), now
        stored.save()
        return plan

    return run_in_transaction(change)
