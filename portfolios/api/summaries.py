"""The summary of a portfolio as the API writes it; `SummaryOutput` describes it.

Written by hand, and not field by field as serializers do, which took three times as long as all
the rest: this is what is read most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from bson import ObjectId
from rest_framework.renderers import JSONRenderer

from accounts.selectors import list_let_in
from common.money import plain
from portfolios import selectors
from portfolios.domain.policy import Policy
from portfolios.selectors.holdings import PositionView, ProblemView, Summary

#: Many positions have prices of the same moment.
_INSTANTS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose summary somebody asks for with a token."""

    user_id: str
    #: Of the password that the token was given for.
    password_mark: str
    portfolio_id: ObjectId


def summary_bodies(asked: Sequence[Asked], *, now: datetime) -> list[bytes | None]:
    """Write the summaries that some people ask for, all at once, as the API answers each.

    Returns:
        None for those that the API wouldn't answer so.
    """
    let_in = list_let_in({(each.user_id, each.password_mark) for each in asked})
    portfolios = selectors.find_portfolios({each.portfolio_id for each in asked})

    def may_see(each: Asked) -> bool:
        portfolio = portfolios.get(each.portfolio_id)
        is_owner = portfolio is not None and str(portfolio.owner_id) == each.user_id
        return is_owner and (each.user_id, each.password_mark) in let_in

    seen = {each for each in asked if may_see(each)}
    wanted = [portfolios[key] for key in {each.portfolio_id for each in seen}]
    renderer = JSONRenderer()
    bodies: dict[ObjectId, bytes] = {
        each.portfolio.pk: renderer.render(summary_fields(each))
        for each in selectors.summarize_all(wanted, now=now)
    }
    return [bodies[each.portfolio_id] if each in seen else None for each in asked]


def summary_fields(summary: Summary) -> dict[str, Any]:
    """Write down what is said of a portfolio at one moment."""
    portfolio, valuation = summary.portfolio, summary.valuation
    return {
        "portfolio_id": str(portfolio.pk),
        "currency": portfolio.base_currency,
        "revision": portfolio.computed_revision,
        "is_recalculating": portfolio.is_recalculating,
        "as_of": _instant(summary.as_of),
        "status": summary.status.value,
        "missing": list(valuation.missing),
        "total": _number(valuation.total),
        "holdings_value": _number(valuation.holdings_value),
        "cash_value": _number(valuation.cash),
        "cash": _numbers(summary.cash),
        "day_change": _number(valuation.day_change),
        "day_change_rate": _number(valuation.day_change_rate),
        "unrealized": _number(valuation.unrealized),
        "realized": _number(summary.realized),
        "income": _number(summary.income),
        "fees": _number(summary.fees),
        "taxes": _number(summary.taxes),
        "positions": [_position(each) for each in summary.positions],
        "problems": [_problem(each) for each in summary.problems],
        "policy": dict(_policy(summary.policy)),
    }


def _position(position: PositionView) -> dict[str, Any]:
    instrument, worth, quote = position.instrument, position.worth, position.quote
    return {
        "instrument_id": instrument.id,
        "symbol": instrument.symbol,
        "name": instrument.name,
        "currency": instrument.currency,
        "quantity": _number(position.quantity),
        "average_cost": _number(position.average_cost),
        "cost": _number(position.cost),
        "cost_base": _number(position.cost_base),
        "price": _number(worth.price),
        "price_at": None if quote is None else _instant(quote.at),
        "price_source": None if quote is None else quote.source,
        "value": _number(worth.value),
        "value_base": _number(worth.value_base),
        "day_change_base": _number(worth.day_change_base),
        "unrealized_base": _number(worth.unrealized_base),
        "unrealized_rate": _number(worth.unrealized_rate),
        "realized_base": _number(position.realized_base),
        "income_base": _number(position.income_base),
        "weight": _number(worth.weight),
        "status": position.status.value,
        "lots_count": position.lots_count,
    }


def _problem(problem: ProblemView) -> dict[str, Any]:
    return {
        "transaction_id": problem.transaction_id,
        "date": problem.date.isoformat(),
        "code": problem.code,
        "reason": problem.reason,
        "instrument_id": problem.instrument_id,
        "symbol": problem.symbol,
    }


@lru_cache
def _policy(policy: Policy) -> Mapping[str, Any]:
    return asdict(policy)


def _number(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _numbers(numbers: Mapping[str, Decimal] | None) -> dict[str, str] | None:
    return None if numbers is None else {name: plain(each) for name, each in numbers.items()}


@lru_cache(_INSTANTS_KEPT)
def _instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
