"""The pages on which somebody says what an instrument of their own really is, or deletes it."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from common import clock
from common.errors import Conflict, InvalidInput, NotFound
from common.ids import parse_object_id
from marketdata import selectors as market
from marketdata import services as market_services
from marketdata import tasks as market_tasks
from marketdata.forms import MergeForm
from portfolios.views.base import Page


class MergeInstrument(Page):
    """/instruments/<id>/merge/"""

    def get(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Show what would follow if the instrument is the one whose symbol was typed."""
        instrument = market.get_own_instrument(instrument_id, user_id=request.user.pk)
        form = MergeForm(request.GET or None, instrument=instrument, user_id=request.user.pk)
        if form.is_bound and form.is_valid():
            return self._page(instrument, form, survivor=form.cleaned_data["symbol"])
        return self._page(instrument, form, status=422 if form.is_bound else 200)

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Merge the instrument into the one that was shown."""
        instrument = market.get_own_instrument(instrument_id, user_id=request.user.pk)
        form = MergeForm(instrument=instrument, user_id=request.user.pk)
        try:
            merge = market_services.merge_own_instrument(
                instrument.pk,
                into_id=parse_object_id(request.POST.get("into", "")),
                owner_id=request.user.pk,
                now=clock.now(),
            )
        except (NotFound, InvalidInput) as error:
            return self._page(instrument, form, refusal=error.detail, status=422)
        market_tasks.start_following(merge)
        found = merge.survivor
        messages.success(request, f"{instrument.symbol} is {found.symbol} now.")
        return redirect("instrument", instrument_id=found.pk)

    def _page(
        self,
        instrument: Any,
        form: MergeForm,
        *,
        survivor: Any = None,
        refusal: str = "",
        status: int = 200,
    ) -> HttpResponse:
        context = {
            "instrument": instrument,
            "form": form,
            "survivor": survivor,
            "refusal": refusal,
            "used": _lines(market.count_references(instrument)),
        }
        return render(self.request, "marketdata/merge.html", context, status=status)


class UndoMerge(Page):
    """/instruments/<id>/merge/undo/"""

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Let the two be two again."""
        found = market.get_own_merge(instrument_id, owner_id=request.user.pk)
        try:
            merge = market_services.undo_merge(found.pk, now=clock.now())
        except Conflict as error:
            messages.error(request, error.detail)
            return redirect("own-instruments")
        market_tasks.start_following(merge)
        messages.success(request, f"{found.duplicate.symbol} is your own again.")
        return redirect("instrument", instrument_id=instrument_id)


class DeleteInstrument(Page):
    """/instruments/<id>/delete/"""

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Delete the instrument, unless something speaks of it."""
        instrument = market.get_own_instrument(instrument_id, user_id=request.user.pk)
        try:
            market_services.delete_own_instrument(instrument.pk, owner_id=request.user.pk)
        except Conflict as error:
            messages.error(request, error.detail)
            return redirect("instrument-edit", instrument_id=instrument.pk)
        messages.success(request, f"{instrument.symbol} is deleted.")
        return redirect("own-instruments")


def _lines(used: dict[str, int]) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in used.items()]
