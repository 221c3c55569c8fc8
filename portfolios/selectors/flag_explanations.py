"""Ask how it comes about that something of a portfolio stands out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from common.anomalies import Flag, Kind
from portfolios.domain.explaining.flags import Flagged, FlagTrees, explain_flag
from portfolios.domain.kinds import Kind as RowKind
from portfolios.models import Portfolio
from portfolios.selectors.anomalies import (
    FindingId,
    FindingNotFound,
    Searched,
    report_findings,
    search,
    with_dismissals,
)
from portfolios.selectors.ledger import list_events

#: So many findings are explained at once, the newest; each other one by its name.
MOST_EXPLAINED = 20
_ONE_DAY = timedelta(days=1)


def explain_anomalies(
    portfolio: Portfolio, *, day: date, now: datetime, finding: str | None = None
) -> tuple[dict[str, Any], Mapping[str, FlagTrees]]:
    """List what stood out as `list_anomalies` does, and say what its numbers are made of.

    Args:
        day: today, where the user is.
        finding: the one that is to be explained; None explains the newest.

    Raises:
        FindingNotFound: nothing is called this.
    """
    searched = search(portfolio, day=day, now=now)
    found = report_findings(searched, day=day)
    raised: dict[str, tuple[Searched, Flag]] = {}
    for each in searched:
        for flag in each.found.flags:
            raised.setdefault(str(FindingId(flag.kind, each.subject, flag.date)), (each, flag))
    names = [each["id"] for each in found["findings"]][:MOST_EXPLAINED]
    if finding is not None:
        names = [finding]
        if finding not in raised:
            raise FindingNotFound
    trees = {name: explain_flag(_flagged(portfolio, *raised[name])) for name in names}
    return with_dismissals(portfolio, found), trees


def _flagged(portfolio: Portfolio, searched: Searched, flag: Flag) -> Flagged:
    is_purchase = flag.kind is Kind.PURCHASE
    return Flagged(
        flag=flag,
        points=searched.points,
        unit=searched.unit,
        spans=searched.spans,
        bought=_bought(portfolio, searched, flag.date) if is_purchase else (),
    )


def _bought(portfolio: Portfolio, searched: Searched, day: date) -> list[tuple[Decimal, Decimal]]:
    """Return the purchases of a day, each by its quantity and its price."""
    ids = [ObjectId(searched.subject)]
    events = list_events(portfolio.pk, since=day, until=day + _ONE_DAY, instrument_ids=ids)
    return [
        (each.quantity or Decimal(0), each.price or Decimal(0))
        for each in events
        if each.kind is RowKind.BUY and each.currency == searched.unit
    ]
