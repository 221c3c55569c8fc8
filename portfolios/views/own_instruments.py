"""The pages of instruments that only their owner sees: making, changing, classifying them."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from common import clock
from common.api.pagination import page_of
from common.errors import InvalidInput
from marketdata import selectors as market
from marketdata import services as market_services
from marketdata.classification_forms import ClassificationForm
from marketdata.domain.classification import WeightsRefused, read_weights
from marketdata.forms import InstrumentForm, NewInstrumentForm
from portfolios.forms import take_errors
from portfolios.views.base import Page


class OwnInstruments(Page):
    """/instruments/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """List the instruments that the user made."""
        found = market.list_own_instruments(request.user.pk)
        page = page_of(request, found, key=("symbol", "id"))
        context = {
            "instruments": page.rows,
            "page": {"next": page.next_url, "previous": page.previous_url},
            "merges": market.list_own_merges(request.user.pk),
        }
        return render(request, "marketdata/own_instruments.html", context)


class NewInstrument(Page):
    """/instruments/new/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """Show the form; who comes from a form that knew no such symbol finds it filled in."""
        symbol = request.GET.get("symbol", "").strip().upper()[:32]
        return self._page(
            NewInstrumentForm(own_currency=request.user.base_currency, initial={"symbol": symbol})
        )

    def post(self, request: AuthedHttpRequest) -> HttpResponse:
        """Make the instrument."""
        form = NewInstrumentForm(request.POST, own_currency=request.user.base_currency)
        if form.is_valid():
            try:
                made = market_services.create_instrument(
                    request.user.pk, **form.wanted(), now=clock.now()
                )
            except market_services.InstrumentExists as error:
                form.add_error("symbol", error.detail)
            except InvalidInput as error:
                take_errors(form, error)
            else:
                messages.success(request, f"{made.symbol} is made: only you see it.")
                return redirect("instrument", instrument_id=made.pk)
        return self._page(form, status=422)

    def _page(self, form: forms.Form, *, status: int = 200) -> HttpResponse:
        template = "marketdata/new_instrument.html"
        return render(self.request, template, {"form": form}, status=status)


class OwnInstrumentPage(Page):
    """The page where an own instrument is changed, which two forms lead back to."""

    def own(self, instrument_id: ObjectId) -> Any:
        """Load the instrument, if it is the user's own."""
        return market.get_own_instrument(instrument_id, user_id=self.request.user.pk)

    def page(self, instrument: Any, *, status: int = 200, **changed: forms.Form) -> HttpResponse:
        """Show both forms, with the given one in place of a fresh one."""
        weights_form = ClassificationForm(
            weights=read_weights(instrument.weights),
            initial={"source": instrument.weights_source},
        )
        context = {
            "instrument": instrument,
            "form": InstrumentForm(instrument=instrument),
            "weights_form": weights_form,
            "is_used": bool(market.count_references(instrument)),
        }
        template = "marketdata/edit_instrument.html"
        return render(self.request, template, context | changed, status=status)


class EditInstrument(OwnInstrumentPage):
    """/instruments/<id>/edit/"""

    def get(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Show the forms."""
        return self.page(self.own(instrument_id))

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Change the instrument."""
        instrument = self.own(instrument_id)
        form = InstrumentForm(request.POST, instrument=instrument)
        if form.is_valid():
            try:
                market_services.change_instrument(
                    instrument.pk, owner_id=request.user.pk, **form.wanted(), now=clock.now()
                )
            except InvalidInput as error:
                take_errors(form, error)
            else:
                messages.success(request, "Saved.")
                return redirect("instrument", instrument_id=instrument.pk)
        return self.page(instrument, form=form, status=422)


class ClassifyInstrument(OwnInstrumentPage):
    """/instruments/<id>/weights/"""

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Say what the instrument consists of, or with `more` ask for room for more parts."""
        instrument = self.own(instrument_id)
        more = "more" in request.POST
        form = ClassificationForm(request.POST, weights={}, more=more)
        if more:
            return self.page(instrument, weights_form=form)
        if form.is_valid():
            try:
                market_services.classify_own_instrument(
                    instrument.pk,
                    owner_id=request.user.pk,
                    weights=form.cleaned_data["weights"],
                    source=form.cleaned_data["source"],
                    now=clock.now(),
                )
            except WeightsRefused as error:
                form.take_refusal(error.errors, detail=error.detail)
            else:
                messages.success(request, "Saved.")
                return redirect("instrument", instrument_id=instrument.pk)
        return self.page(instrument, weights_form=form, status=422)
