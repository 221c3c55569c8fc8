"""The pages of watchlists, of alerts, and of what those have told."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import AuthedHttpRequest
from accounts.services import confirmed_address
from common import clock
from common.api.pagination import page_of
from common.errors import Conflict, InvalidInput, NotFound
from common.ids import parse_object_id
from marketdata import selectors as market
from portfolios import presentation, selectors
from portfolios.adapters import alert_channel
from portfolios.forms import take_errors
from portfolios.models import Alert, Watchlist
from portfolios.selectors import watching
from portfolios.services import alerts, watchlists
from portfolios.views.base import MOST_SYMBOLS, Page
from portfolios.watching_forms import AlertChangeForm, AlertForm, EntryForm, WatchlistForm
from portfolios.watching_presentation import (
    alert_line,
    alerts_page,
    inbox_page,
    watchlist_links,
    watchlist_page,
)

_FIRST_NAME = "Watchlist"


class WatchingPage(Page):
    """A page that suggests symbols."""

    def symbols(self) -> list[dict[str, str]]:
        """List what the symbol field suggests."""
        return presentation.symbols(market.list_instruments(self.request.user.pk)[:MOST_SYMBOLS])


class WatchlistsPage(Page):
    """/watchlists/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """List the watchlists."""
        return self._page(WatchlistForm())

    def post(self, request: AuthedHttpRequest) -> HttpResponse:
        """Make a watchlist."""
        form = WatchlistForm(request.POST)
        if form.is_valid():
            try:
                made = watchlists.create_watchlist(
                    request.user.pk, **form.cleaned_data, now=clock.now()
                )
            except (Conflict, InvalidInput) as error:
                take_errors(form, error)
            else:
                return redirect("watchlist", watchlist_id=made.pk)
        return self._page(form, status=422)

    def _page(self, form: forms.Form, *, status: int = 200) -> HttpResponse:
        found = watching.list_watchlists(self.request.user.pk)
        context = {"watchlists": watchlist_links(found), "form": form}
        return render(self.request, "portfolios/watchlists.html", context, status=status)


class WatchlistView(WatchingPage):
    """The page of a watchlist, which two forms lead back to."""

    def page(
        self, watchlist_id: ObjectId, *, status: int = 200, **changed: forms.Form
    ) -> HttpResponse:
        """Show everything, with the given form in place of a fresh one."""
        found = watching.get_watchlist(watchlist_id, owner_id=self.request.user.pk)
        context = watchlist_page(found, watching.list_entries(found))
        context |= {
            "form": EntryForm(user_id=self.request.user.pk),
            "name_form": WatchlistForm(initial={"name": found.name}),
            "symbols": self.symbols(),
        }
        return render(self.request, "portfolios/watchlist.html", context | changed, status=status)


class WatchlistPage(WatchlistView):
    """/watchlists/<id>/"""

    def get(self, request: AuthedHttpRequest, watchlist_id: ObjectId) -> HttpResponse:
        """Show a watchlist, live."""
        return self.page(watchlist_id)

    def post(self, request: AuthedHttpRequest, watchlist_id: ObjectId) -> HttpResponse:
        """Put an instrument on the watchlist."""
        found = watching.get_watchlist(watchlist_id, owner_id=request.user.pk)
        form = EntryForm(request.POST, user_id=request.user.pk)
        if form.is_valid():
            try:
                watchlists.put_entry(
                    found.pk,
                    owner_id=request.user.pk,
                    instrument_id=form.cleaned_data["symbol"].pk,
                    note=form.cleaned_data["note"],
                    now=clock.now(),
                )
            except InvalidInput as error:
                take_errors(form, error)
            else:
                return redirect("watchlist", watchlist_id=watchlist_id)
        return self.page(watchlist_id, form=form, status=422)


class RenameWatchlist(WatchlistView):
    """/watchlists/<id>/rename/"""

    def post(self, request: AuthedHttpRequest, watchlist_id: ObjectId) -> HttpResponse:
        """Give the watchlist another name."""
        found = watching.get_watchlist(watchlist_id, owner_id=request.user.pk)
        form = WatchlistForm(request.POST)
        if form.is_valid():
            try:
                watchlists.rename_watchlist(
                    found.pk, owner_id=request.user.pk, **form.cleaned_data, now=clock.now()
                )
            except (Conflict, InvalidInput) as error:
                take_errors(form, error)
            else:
                return redirect("watchlist", watchlist_id=watchlist_id)
        return self.page(watchlist_id, name_form=form, status=422)


class DeleteWatchlist(Page):
    """/watchlists/<id>/delete/"""

    def post(self, request: AuthedHttpRequest, watchlist_id: ObjectId) -> HttpResponse:
        """Delete the watchlist."""
        watchlists.delete_watchlist(watchlist_id, owner_id=request.user.pk)
        messages.success(request, "The watchlist is deleted.")
        return redirect("watchlists")


class MoveEntry(Page):
    """/watchlists/<id>/entries/<instrument id>/move/"""

    def post(
        self, request: AuthedHttpRequest, watchlist_id: ObjectId, instrument_id: ObjectId
    ) -> HttpResponse:
        """Move an instrument to another place."""
        place = forms.IntegerField(min_value=0, max_value=watchlists.MOST_ENTRIES - 1)
        try:
            wanted = place.clean(request.POST.get("place"))
        except forms.ValidationError as error:
            raise watchlists.WatchlistRefused(errors={"place": error.messages}) from error
        watchlists.put_entry(
            watchlist_id,
            owner_id=request.user.pk,
            instrument_id=instrument_id,
            place=wanted,
            now=clock.now(),
        )
        return redirect("watchlist", watchlist_id=watchlist_id)


class RemoveEntry(Page):
    """/watchlists/<id>/entries/<instrument id>/remove/"""

    def post(
        self, request: AuthedHttpRequest, watchlist_id: ObjectId, instrument_id: ObjectId
    ) -> HttpResponse:
        """Take an instrument off the watchlist."""
        watchlists.remove_entry(
            watchlist_id, owner_id=request.user.pk, instrument_id=instrument_id, now=clock.now()
        )
        return redirect("watchlist", watchlist_id=watchlist_id)


class WatchInstrument(Page):
    """/instruments/<id>/watch/"""

    def post(self, request: AuthedHttpRequest, instrument_id: ObjectId) -> HttpResponse:
        """Put the instrument on a watchlist; somebody without one gets one."""
        instrument = market.get_instrument(instrument_id, user_id=request.user.pk)
        chosen = self._chosen(request)
        watchlists.put_entry(
            chosen.pk, owner_id=request.user.pk, instrument_id=instrument.pk, now=clock.now()
        )
        messages.success(request, f"{instrument.symbol} is on “{chosen.name}”.")
        return redirect("instrument", instrument_id=instrument.pk)

    def _chosen(self, request: AuthedHttpRequest) -> Watchlist:
        owner_id = request.user.pk
        if named := request.POST.get("watchlist"):
            return watching.get_watchlist(parse_object_id(named), owner_id=owner_id)
        first = watching.list_watchlists(owner_id).first()
        return first or watchlists.create_watchlist(owner_id, name=_FIRST_NAME, now=clock.now())


class AlertsPage(WatchingPage):
    """/alerts/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """List the alerts, beside the form for a new one."""
        about = self._about()
        return self._page(self._form(about=about), about=about)

    def post(self, request: AuthedHttpRequest) -> HttpResponse:
        """Make an alert."""
        about = self._about()
        form = self._form(request.POST, about=about)
        if form.is_valid():
            try:
                made = alerts.create_alert(request.user.pk, wanted=form.wanted(), now=clock.now())
            except (InvalidInput, NotFound) as error:
                take_errors(form, _as_typed(error))
            else:
                alert_channel.tell_changed()
                messages.success(request, f"You will be told: {alerts.title(made)}.")
                return redirect("alerts")
        return self._page(form, about=about, status=422)

    def _about(self) -> Any:
        """Return the instrument that the address names, or None."""
        named = self.request.GET.get("instrument")
        if not named:
            return None
        return market.get_instrument(parse_object_id(named), user_id=self.request.user.pk)

    def _form(self, *data: Any, about: Any) -> AlertForm:
        found = selectors.list_portfolios(self.request.user.pk)
        return AlertForm(*data, user=self.request.user, portfolios=found, about=about)

    def _page(self, form: forms.Form, *, about: Any, status: int = 200) -> HttpResponse:
        found = watching.list_alerts(self.request.user.pk)
        context = alerts_page(page_of(self.request, found, key=("-id",)), now=clock.now())
        context |= {
            "form": form,
            "about": about,
            "symbols": [] if about else self.symbols(),
            "gets_mail": confirmed_address(self.request.user) is not None,
        }
        return render(self.request, "portfolios/alerts.html", context, status=status)


class EditAlert(Page):
    """/alerts/<id>/"""

    def get(self, request: AuthedHttpRequest, alert_id: ObjectId) -> HttpResponse:
        """Show the form."""
        alert = watching.get_alert(alert_id, owner_id=request.user.pk)
        return self._page(alert, AlertChangeForm(user=request.user, alert=alert))

    def post(self, request: AuthedHttpRequest, alert_id: ObjectId) -> HttpResponse:
        """Change the alert."""
        alert = watching.get_alert(alert_id, owner_id=request.user.pk)
        form = AlertChangeForm(request.POST, user=request.user, alert=alert)
        if form.is_valid():
            try:
                changed = alerts.change_alert(
                    alert.pk, owner_id=request.user.pk, now=clock.now(), **form.changes()
                )
            except InvalidInput as error:
                take_errors(form, _as_typed(error))
            else:
                alert_channel.tell_changed()
                messages.success(request, f"You will be told: {alerts.title(changed)}.")
                return redirect("alerts")
        return self._page(alert, form, status=422)

    def _page(self, alert: Alert, form: forms.Form, *, status: int = 200) -> HttpResponse:
        context = {"alert": alert_line(alert, now=clock.now()), "form": form}
        return render(self.request, "portfolios/alert_form.html", context, status=status)


class PauseAlert(Page):
    """/alerts/<id>/pause/"""

    def post(self, request: AuthedHttpRequest, alert_id: ObjectId) -> HttpResponse:
        """Have an alert rest, or with `resume` work again."""
        alerts.set_paused(
            alert_id,
            owner_id=request.user.pk,
            is_paused="resume" not in request.POST,
            now=clock.now(),
        )
        alert_channel.tell_changed()
        return redirect("alerts")


class DeleteAlert(Page):
    """/alerts/<id>/delete/"""

    def post(self, request: AuthedHttpRequest, alert_id: ObjectId) -> HttpResponse:
        """Delete an alert."""
        alerts.delete_alert(alert_id, owner_id=request.user.pk)
        messages.success(request, "The alert is deleted; what it has told stays in the inbox.")
        return redirect("alerts")


class InboxPage(Page):
    """/inbox/"""

    def get(self, request: AuthedHttpRequest) -> HttpResponse:
        """Show what alerts have told."""
        found = watching.list_firings(request.user.pk)
        context = inbox_page(page_of(request, found, key=("-id",)))
        return render(request, "portfolios/inbox.html", context)

    def post(self, request: AuthedHttpRequest) -> HttpResponse:
        """Mark everything as read."""
        alerts.mark_read(request.user.pk)
        return redirect("inbox")


_FIELDS = {"instrument_id": "symbol", "portfolio_id": "portfolio", "expires_at": "expires_on"}


def _as_typed(error: InvalidInput | NotFound) -> InvalidInput:
    """Name the fields of a failure as the form does."""
    named = {_FIELDS.get(field, field): lines for field, lines in error.errors.items()}
    return InvalidInput(error.detail, errors=named)
