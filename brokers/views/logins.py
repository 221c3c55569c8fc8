"""The way to a broker's own page, where people log in, and the way back."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from bson import ObjectId
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from accounts.http import AuthedHttpRequest
from brokers import selectors, tasks
from brokers.models import Connection
from brokers.services import logins
from brokers.views.pages import ConnectionPages
from common import clock
from common.errors import Conflict, InvalidInput, NotFound, Unavailable

#: In the session: state → the connection it is for, and until when it is good.
_KEPT = "broker_logins"
_GOOD_FOR = timedelta(minutes=15)
#: Of one session at once; older ones are forgotten.
_MOST_STATES = 5
_UNASKED = (
    "That login wasn't begun here, or too long ago. Begin it again from the page of the connection."
)


def callback_address(broker_name: str) -> str:
    """Return the address to which a broker must send people back."""
    return f"{settings.SITE_URL}{reverse('broker-callback', args=[broker_name])}"


@method_decorator(never_cache, name="dispatch")
class LogIn(ConnectionPages):
    """/portfolios/<id>/connections/<id>/login/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Send the owner to the broker, with a state that only this session knows.

        A link and not a form: the pages' policy lets no form lead to another site.
        """
        connection = self.connection_of(portfolio_id, connection_id)
        state = secrets.token_urlsafe(32)
        try:
            address = logins.address(connection, state=state)
        except (Conflict, Unavailable) as failure:
            messages.error(request, failure.detail)
            return self.back(connection)
        kept = dict(list(request.session.get(_KEPT, {}).items())[1 - _MOST_STATES :])
        kept[state] = [
            connection.broker,
            str(connection.pk),
            (clock.now() + _GOOD_FOR).isoformat(),
        ]
        request.session[_KEPT] = kept
        return HttpResponseRedirect(address)


@method_decorator(never_cache, name="dispatch")
class LoggedIn(LoginRequiredMixin, View):
    """/brokers/<name>/callback/"""

    request: AuthedHttpRequest

    def get(self, request: AuthedHttpRequest, broker: str) -> HttpResponse:
        """Take somebody back whom a broker has let in, and sync."""
        try:
            connection = self._expected(broker)
        except (InvalidInput, NotFound):
            messages.error(request, _UNASKED)
            return redirect("overview")
        try:
            logins.complete(connection, ticket=request.GET.dict(), now=clock.now())
        except (InvalidInput, Conflict, Unavailable) as failure:
            messages.error(request, failure.detail)
        else:
            tasks.start_first_sync(connection)
            messages.success(request, "You are logged in at the broker.")
        return redirect(
            "connection", portfolio_id=connection.portfolio_id, connection_id=connection.pk
        )

    def _expected(self, broker: str) -> Connection:
        """Find what a login was begun for, which this ends: a state is good for one way back."""
        kept = self.request.session.get(_KEPT, {})
        found = kept.pop(self.request.GET.get("state", ""), None)
        self.request.session[_KEPT] = kept
        if found is None or found[0] != broker or datetime.fromisoformat(found[2]) < clock.now():
            raise InvalidInput(_UNASKED)
        return selectors.get_own_connection(ObjectId(found[1]), owner_id=self.request.user.pk)
