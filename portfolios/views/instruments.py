"""The page of an instrument, and the prices recorded of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from common import clock
from common.errors import InvalidInput
from common.money import plain
from marketdata import histories
from marketdata import selectors as market
from marketdata import services as market_services
from marketdata.composition_presentation import composition
from marketdata.domain.intraday import Interval
from marketdata.forms import PriceForm
from portfolios import presentation, selectors
from portfolios.forms import take_errors
from portfolios.selectors import watching
from portfolios.views.base import Page, chosen_range, range_links
from portfolios.watching_presentation import watchlist_links

#: Listed on the page of an own instrument; the API gives the others.
_LATEST_PRICES = 30
#: The newest closes that look wrong are named beside the chart.
_DOUBTS_NAMED = 5
_MOST_NAMES = 10
_LATEST_ACTIONS = 12
#: Ranges within days: name in the address, label, how long each bar is, how far back.
_WITHIN_DAYS = (
    ("1d", "1D", Interval.MINUTE, timedelta(days=1)),
    ("1w", "1W", Interval.FIVE_MINUTES, timedelta(days=7)),
)
_SHORTER = {name: label for name, label, *_ in _WITHIN_DAYS}


class InstrumentPage(Page):
    """/instruments/<id>/"""

    def get(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Show an instrument's price, and what the user holds of it."""
        found = market.get_instrument(instrument_id, user_id=request.user.pk)
        if found.pk != instrument_id:
            # It turned out to be another one.
            return redirect("instrument", instrument_id=found.pk)
        return self._page(instrument_id)

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Record a price of an instrument of the user's own."""
        now = clock.now()
        instrument = market.get_own_instrument(instrument_id, user_id=request.user.pk)
        form = PriceForm(request.POST, currency=instrument.currency, today=now.date())
        if form.is_valid():
            try:
                market_services.record_price(
                    instrument.pk, owner_id=request.user.pk, price=form.price(), now=now
                )
            except InvalidInput as error:
                take_errors(form, error)
            else:
                messages.success(request, "Recorded.")
                return redirect("instrument", instrument_id=instrument.pk)
        return self._page(instrument_id, form=form)

    def _page(self, instrument_id: ObjectId, *, form: PriceForm | None = None) -> HttpResponse:
        request, now = self.request, clock.now()
        instrument = market.get_instrument(instrument_id, user_id=request.user.pk)
        chosen, start = chosen_range(request, now=now)
        closes = market.closes_between(
            [str(instrument.pk)], start=start or date(1970, 1, 1), end=now.date()
        )
        found = list(selectors.list_portfolios(request.user.pk))
        context = presentation.instrument_page(
            instrument,
            quote=market.latest_prices([str(instrument.pk)]).get(str(instrument.pk)),
            closes=market.adjusted_for_splits(closes, end=now.date()).get(str(instrument.pk), []),
            prices=market.list_prices(instrument.pk)[:_LATEST_PRICES],
            summaries=selectors.summarize_all(found, now=now),
            now=now,
        )
        context["watchlists"] = watchlist_links(watching.list_watchlists(request.user.pk))
        context["doubts"] = histories.list_doubts(
            instrument.pk, start=start or date(1970, 1, 1), end=now.date()
        )[:_DOUBTS_NAMED]
        context["history"] = histories.find_progress(instrument.pk)
        context["actions"] = market.list_actions(instrument.pk)[:_LATEST_ACTIONS]
        context["aliases"] = market.list_aliases(instrument.pk, user_id=request.user.pk)[
            :_MOST_NAMES
        ]
        context["composition"] = composition(instrument)
        context["ranges"] = range_links(chosen)
        if instrument.owner_id is None:
            wanted = request.GET.get("range", chosen)
            context |= _within_days(wanted, instrument.pk, now=now) or {
                "ranges": range_links(chosen, shorter=_SHORTER)
            }
        context["form"] = form or PriceForm(currency=instrument.currency, today=now.date())
        status = 422 if form else 200
        return render(request, "marketdata/instrument.html", context, status=status)


def _within_days(wanted: str, instrument_id: ObjectId, *, now: datetime) -> dict[str, Any]:
    """Describe a range within days; nothing if the wanted one is none of them.

    It goes back from the last price there is, so that on a Sunday a day shows Friday.
    """
    for name, _label, interval, span in _WITHIN_DAYS:
        if name == wanted:
            newest = market.newest_minute(instrument_id) or now
            bars = market.list_intraday_bars(
                instrument_id, interval, start=newest - span, end=now + interval.length
            )
            found = presentation.bars_within_days(bars, interval)
            return found | {"ranges": range_links(name, shorter=_SHORTER)}
    return {}


class DeletePrice(Page):
    """/instruments/<id>/prices/<day>/delete/"""

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId, day: date) -> HttpResponse:
        """Take the price of a day back."""
        taken = market_services.delete_price(
            instrument_id, owner_id=request.user.pk, day=day, now=clock.now()
        )
        # Named, so that a slip of the finger can be made good.
        messages.success(request, f"Deleted the price of {taken.date}: {plain(taken.close)}.")
        return redirect("instrument", instrument_id=instrument_id)
