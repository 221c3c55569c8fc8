"""What the pages of portfolios share: who may see them, and the ranges of their charts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from django.contrib.auth.mixins import LoginRequiredMixin
from django.views import View

from accounts.http import AuthedHttpRequest
from portfolios import selectors
from portfolios.domain.ranges import months_before
from portfolios.models import Portfolio

#: What the chart can show: name in the address, label, months back; None is everything.
RANGES: tuple[tuple[str, str, int | None], ...] = (
    ("1m", "1M", 1),
    ("3m", "3M", 3),
    ("6m", "6M", 6),
    ("1y", "1Y", 12),
    ("3y", "3Y", 36),
    ("max", "Max", None),
)
_DEFAULT_RANGE = "1y"
#: Suggested by the symbol field; more would only make the page heavy.
MOST_SYMBOLS = 200


class Page(LoginRequiredMixin, View):
    """A page for somebody who is signed in."""

    request: AuthedHttpRequest

    def portfolio(self, portfolio_id: ObjectId) -> Portfolio:
        """Load the portfolio that the address names, if it is the user's."""
        return selectors.get_portfolio(portfolio_id, owner_id=self.request.user.pk)


def chosen_range(request: AuthedHttpRequest, *, now: datetime) -> tuple[str, date | None]:
    """Return the range that the address names, or the usual one.

    With it comes the day whose close it is measured from, as on the page of performance; None where
    that is the one before the first.
    """
    # No value is of a day that hasn't begun where the portfolio's days are counted.
    today = min(request.user.day_of(now), now.date())
    months_back = {name: months for name, _, months in RANGES}
    wanted = request.GET.get("range")
    name = wanted if wanted in months_back else _DEFAULT_RANGE
    months = months_back[name]
    return name, months_before(today, months) if months else None


def range_links(chosen: str, *, shorter: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Describe the links to all ranges.

    Args:
        shorter: labels of ranges that the page has besides, by their names.
    """
    labels = dict(shorter or {}) | {name: label for name, label, _ in RANGES}
    return [
        {"name": name, "label": label, "chosen": name == chosen} for name, label in labels.items()
    ]
