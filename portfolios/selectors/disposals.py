"""Ask what was sold, what was gained by it, and in which year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId
from django.db.models import QuerySet

from common.errors import NotFound
from portfolios.domain.figures import Figure, of_ratio
from portfolios.domain.gains import trade_return
from portfolios.domain.policy import Policy
from portfolios.domain.status import Status
from portfolios.domain.tax_years import CurrencyGain, TaxYear
from portfolios.models import Disposal, Portfolio, Snapshot

#: What pages of disposals are keyed by; see the model's indexes.
DISPOSAL_KEY = ("-date", "-transaction_id", "-place")


class DisposalNotFound(NotFound):
    """Nothing was sold by this transaction."""

    code = "disposal-not-found"


@dataclass(frozen=True, slots=True)
class DisposalFilter:
    """What to list of the disposals; None means everything.

    Attributes:
        start: the first day; `end` is the last one, and counts.
    """

    start: date | None = None
    end: date | None = None
    instrument_id: ObjectId | None = None

    @classmethod
    def of_year(
        cls, year: int | None = None, *, instrument_id: ObjectId | None = None
    ) -> DisposalFilter:
        """Choose a calendar year; None is all of them."""
        if year is None:
            return cls(instrument_id=instrument_id)
        return cls(date(year, 1, 1), date(year, 12, 31), instrument_id)


@dataclass(frozen=True, slots=True)
class ClosedLotView:
    """The part of a lot that a sale took, as it is shown."""

    opened_on: date
    transaction_id: str
    held_days: int
    quantity: Decimal
    proceeds: Decimal | None
    cost: Decimal | None
    gain: Decimal | None
    proceeds_base: Decimal | None
    cost_base: Decimal | None
    gain_base: Decimal | None


@dataclass(frozen=True, slots=True)
class Gains:
    """What sales brought in each year, and by which choices that was computed."""

    portfolio: Portfolio
    policy: Policy
    #: The newest first; those without sales are left out.
    years: tuple[TaxYear, ...]


def get_gains(portfolio: Portfolio) -> Gains:
    """Load the sums of each year in which something was sold."""
    snapshot = Snapshot.objects.filter(portfolio_id=portfolio.pk).first()
    content = snapshot.content if snapshot else {}
    return Gains(
        portfolio=portfolio,
        policy=Policy.chosen(content.get("policy", portfolio.policy)),
        years=tuple(_year(each) for each in content.get("tax_years", ())),
    )


def return_of(disposal: Disposal) -> Figure:
    """Return what a trade that was closed brought, as a fraction of what it was entered with."""
    entry = disposal.proceeds_base if disposal.is_short else disposal.cost_base
    return of_ratio(trade_return(disposal.gain_base, entry), disposal.date)


def list_disposals(
    portfolio_id: ObjectId, *, wanted: DisposalFilter | None = None
) -> QuerySet[Disposal]:
    """List what was sold, the newest first."""
    wanted = wanted or DisposalFilter()
    rows = Disposal.objects.filter(portfolio_id=portfolio_id)
    if wanted.instrument_id is not None:
        rows = rows.filter(instrument_id=wanted.instrument_id)
    if wanted.start is not None:
        rows = rows.filter(date__gte=wanted.start)
    if wanted.end is not None:
        rows = rows.filter(date__lte=wanted.end)
    return rows.order_by(*DISPOSAL_KEY)


def list_disposals_of(portfolio_id: ObjectId, *, transaction_id: ObjectId) -> list[Disposal]:
    """List what one transaction sold; a merger may sell from the lots of several accounts.

    Raises:
        DisposalNotFound: it sold nothing, or isn't one of the portfolio's.
    """
    found = Disposal.objects.filter(portfolio_id=portfolio_id, transaction_id=str(transaction_id))
    rows = list(found.order_by("place"))
    if not rows:
        raise DisposalNotFound
    return rows


def closed_lots(disposal: Disposal) -> tuple[ClosedLotView, ...]:
    """Read the lots that a disposal closed from how they are stored."""
    return tuple(
        ClosedLotView(
            opened_on=date.fromisoformat(each["opened_on"]),
            transaction_id=each["transaction"],
            held_days=each["held_days"],
            quantity=Decimal(each["quantity"]),
            **{name: _decimal(each[name]) for name in _CLOSED_AMOUNTS},
        )
        for each in disposal.lots
    )


_CLOSED_AMOUNTS = ("proceeds", "cost", "gain", "proceeds_base", "cost_base", "gain_base")


def _year(stored: Mapping[str, Any]) -> TaxYear:
    amounts = ("proceeds", "cost", "gain", "short_term", "long_term", "other")
    return TaxYear(
        year=stored["year"],
        disposals=stored["disposals"],
        by_currency=tuple(
            CurrencyGain(
                each["currency"], *(_decimal(each[name]) for name in ("proceeds", "cost", "gain"))
            )
            for each in stored["by_currency"]
        ),
        status=Status(stored["status"]),
        **{name: _decimal(stored[name]) for name in amounts},
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
