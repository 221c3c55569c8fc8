"""Ask about portfolios themselves and their stored daily values."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from bson import ObjectId
from django.db.models import QuerySet

from common.bulk import read_many
from common.errors import NotFound
from portfolios.domain.kinds import RECEIVING
from portfolios.domain.status import Status
from portfolios.models import DailyValue, IntradayValue, Portfolio, Position, Transaction


class PortfolioNotFound(NotFound):
    """There is no such portfolio."""

    code = "portfolio-not-found"


def get_portfolio(portfolio_id: ObjectId, *, owner_id: ObjectId) -> Portfolio:
    """Load one portfolio of an owner.

    Raises:
        PortfolioNotFound: there is none, or it is somebody else's.
    """
    portfolio = Portfolio.objects.filter(pk=portfolio_id, owner_id=owner_id).first()
    if portfolio is None:
        raise PortfolioNotFound
    return portfolio


def find_portfolios(ids: Collection[ObjectId]) -> dict[ObjectId, Portfolio]:
    """Load those of some portfolios that there are, whoever owns them."""
    return {each.pk: each for each in Portfolio.objects.filter(pk__in=list(ids))}


def find_portfolio_for(user_id: str, portfolio_id: str) -> Portfolio | None:
    """Find a portfolio that a user may watch, by ids that came as texts from outside."""
    if not (ObjectId.is_valid(user_id) and ObjectId.is_valid(portfolio_id)):
        return None
    return Portfolio.objects.filter(pk=ObjectId(portfolio_id), owner_id=ObjectId(user_id)).first()


def list_portfolios(owner_id: ObjectId) -> QuerySet[Portfolio]:
    """List an owner's portfolios by name, which no two of them share."""
    return Portfolio.objects.filter(owner_id=owner_id).order_by("name")


def list_holders(instrument_id: ObjectId, *, owner_id: ObjectId) -> QuerySet[Portfolio]:
    """List an owner's portfolios whose ledgers speak of an instrument, by name."""
    found = list_portfolios(owner_id)
    ids = list(found.values_list("pk", flat=True))
    rows = Transaction.objects.filter(portfolio_id__in=ids, is_void=False)
    # Each of the two finds an index; either as one would not.
    named = rows.filter(instrument_id=instrument_id)
    received = rows.filter(kind__in=RECEIVING, to_instrument_id=instrument_id)
    holders = {
        key
        for each in (named, received)
        for key in each.values_list("portfolio_id", flat=True).distinct()
    }
    return found.filter(pk__in=list(holders))


def list_holder_ids(instrument_id: ObjectId) -> list[ObjectId]:
    """List the ids of everybody's portfolios with a position in an instrument, closed ones too."""
    found = Position.objects.filter(instrument_id=instrument_id).order_by("portfolio_id")
    return list(found.values_list("portfolio_id", flat=True))


def list_all_ids() -> Iterator[str]:
    """Go through the ids of all portfolios."""
    ids = Portfolio.objects.order_by("id").values_list("pk", flat=True)
    return (str(portfolio_id) for portfolio_id in ids.iterator())


def list_due(*, now: datetime) -> QuerySet[Portfolio]:
    """List the portfolios whose recalculation should have been done by now, longest due first."""
    return Portfolio.objects.filter(is_recalculating=True, recalculate_after__lte=now).order_by(
        "recalculate_after"
    )


def list_daily_values(portfolio_id: ObjectId, *, start: date | None = None) -> QuerySet[DailyValue]:
    """List a portfolio's values at the end of each day, oldest first."""
    values = DailyValue.objects.filter(portfolio_id=portfolio_id)
    if start is not None:
        values = values.filter(date__gte=start)
    return values.order_by("date")


def list_worths(portfolio_id: ObjectId, *, start: date | None = None) -> list[tuple[date, Decimal]]:
    """List what a portfolio was worth on the days on which that is known, oldest first.

    Nothing but that is read: a chart of years has a thousand of them.
    """
    values = list_daily_values(portfolio_id, start=start)
    return [(day, worth) for day, worth in values.values_list("date", "value") if worth is not None]


class Minute(TypedDict):
    """What a portfolio was worth at a minute, in its currency."""

    at: datetime
    value: Decimal
    status: str


def list_intraday_values(portfolio_id: ObjectId, *, since: datetime) -> list[Minute]:
    """List what a portfolio was worth minute by minute since a moment, oldest first.

    A day that is traded all around has 1,440 of them; the ORM would take long.
    """
    rows = read_many(
        IntradayValue,
        {"portfolio_id": portfolio_id, "at": {"$gte": since}},
        columns=("at", "value", "status"),
        sort={"at": 1},
    )
    return [Minute(at=row["at"], value=row["value"], status=row["status"]) for row in rows]


def last_daily_value(portfolio_id: ObjectId) -> DailyValue | None:
    """Find the newest end-of-day value of a portfolio."""
    return DailyValue.objects.filter(portfolio_id=portfolio_id).order_by("-date").first()


def first_partial_day(portfolio_id: ObjectId, *, since: date) -> date | None:
    """Find the first day since `since` whose value lacks a price or a rate."""
    found = (
        DailyValue.objects.filter(portfolio_id=portfolio_id, date__gte=since)
        .exclude(status=Status.COMPLETE.value)
        .order_by("date")
        .first()
    )
    return found.date if found else None
