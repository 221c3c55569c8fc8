"""The pages of connections: connect, test, sync, pause, replace the key, disconnect."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from accounts.http import AuthedHttpRequest
from brokers import connection_presentation as presentation
from brokers import selectors, tasks
from brokers.adapters import vault
from brokers.adapters.brokers import BROKERS, get_broker
from brokers.forms import ConnectForm, DisconnectForm, KeyForm, MissedDaysForm
from brokers.models import Connection
from brokers.services import connecting, missed_days, syncs
from brokers.views import logins
from brokers.views.pages import ConnectionPages
from common import clock
from common.errors import Conflict, Failure, InvalidInput, Unavailable
from portfolios import selectors as portfolios


def _add_errors(form: KeyForm, failure: Failure) -> None:
    for field, lines in failure.errors.items():
        for line in lines:
            form.add_error(field if field in form.fields else None, line)
    if not failure.errors:
        form.add_error(None, failure.detail)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Connections(ConnectionPages):
    """/portfolios/<id>/connections/"""

    def get(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Show the portfolio's connections, and what can be connected."""
        return self._page(portfolio_id)

    def post(self, request: AuthedHttpRequest, portfolio_id: ObjectId) -> HttpResponse:
        """Connect an account, and sync it for the first time."""
        portfolio = portfolios.get_portfolio(portfolio_id, owner_id=request.user.pk)
        broker = get_broker(request.POST.get("broker", ""))
        form = ConnectForm(request.POST, broker=broker)
        if form.is_valid():
            try:
                connection = connecting.connect(
                    portfolio.pk,
                    owner_id=request.user.pk,
                    broker_name=broker.name,
                    environment_name=form.cleaned_data["environment"],
                    credentials=form.credentials(),
                    now=clock.now(),
                )
            except (InvalidInput, Conflict, Unavailable) as failure:
                _add_errors(form, failure)
            else:
                tasks.start_first_sync(connection)
                return self.back(connection)
        return self._page(portfolio_id, form=form, filled=broker.name, status=422)

    def _page(
        self,
        portfolio_id: ObjectId,
        *,
        form: ConnectForm | None = None,
        filled: str = "",
        status: int = 200,
    ) -> HttpResponse:
        portfolio = self.portfolio_of(portfolio_id)
        offers = [
            presentation.offer(broker)
            | {"callback": logins.callback_address(broker.name)}
            | {"form": form if form and filled == name else ConnectForm(broker=broker)}
            for name, broker in BROKERS.items()
        ]
        context = {
            "portfolio": portfolio,
            "connections": [
                presentation.connection_line(each)
                for each in selectors.list_connections(portfolio_id)[:50]
            ],
            "offers": offers,
            "can_connect": vault.is_open(),
        }
        return render(self.request, "brokers/connections.html", context, status=status)


class ConnectionPage(ConnectionPages):
    """/portfolios/<id>/connections/<id>/"""

    def get(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Show where a connection stands and what its syncs brought."""
        connection = self.connection_of(portfolio_id, connection_id)
        return render(
            request,
            "brokers/connection.html",
            _context(self.portfolio_of(portfolio_id), connection),
        )


def _context(
    portfolio: dict[str, str], connection: Connection, key_form: KeyForm | None = None
) -> dict[str, Any]:
    broker = get_broker(connection.broker)
    compared = selectors.find_last_good_sync(connection.pk)
    runs = list(selectors.list_syncs(connection.pk)[:20])
    return {
        "portfolio": portfolio,
        "connection": presentation.connection_line(connection),
        "offer": presentation.offer(broker),
        "syncs": [presentation.sync_line(each) for each in runs],
        "open_sync": next((presentation.sync_line(each) for each in runs if each.open_for), None),
        "comparison": presentation.comparison(compared),
        "open_orders": presentation.open_orders(connection),
        "equity": presentation.equity(selectors.list_equity(connection.pk)),
        "differences": selectors.count_open(connection.pk),
        "orphans": [
            presentation.orphan_line(each) for each in selectors.list_orphans(connection.pk)[:100]
        ],
        "unbooked": [
            presentation.row_line(each) for each in selectors.list_unbooked(connection.pk)[:100]
        ],
        "missed": presentation.missed_days(selectors.list_open_missed_days(connection.pk)),
        "key_form": key_form or KeyForm(broker=broker),
        "disconnect_form": DisconnectForm(),
    }


class SyncNow(ConnectionPages):
    """/portfolios/<id>/connections/<id>/sync/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Sync now, or join the sync that runs."""
        connection = self.connection_of(portfolio_id, connection_id)
        try:
            sync, is_new = syncs.request_sync(connection, trigger="manual", now=clock.now())
        except Conflict as failure:
            messages.error(request, failure.detail)
        else:
            if is_new:
                tasks.start_sync(sync)
        return self.back(connection)


class TestConnection(ConnectionPages):
    """/portfolios/<id>/connections/<id>/test/"""

    __test__ = False

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Ask the broker whether the stored key works."""
        connection = self.connection_of(portfolio_id, connection_id)
        try:
            account = connecting.test_connection(connection, now=clock.now())
        except (InvalidInput, Conflict, Unavailable) as failure:
            messages.error(request, failure.detail)
        else:
            messages.success(request, f"The key works: it opens account {account.number}.")
        return self.back(connection)


class Pause(ConnectionPages):
    """/portfolios/<id>/connections/<id>/pause/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Sync no more until it is resumed."""
        connection = self.connection_of(portfolio_id, connection_id)
        try:
            connecting.pause(connection, now=clock.now())
        except Conflict as failure:
            messages.error(request, failure.detail)
        return self.back(connection)


class Resume(ConnectionPages):
    """/portfolios/<id>/connections/<id>/resume/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Sync again."""
        connection = self.connection_of(portfolio_id, connection_id)
        try:
            connecting.resume(connection, now=clock.now())
        except Conflict as failure:
            messages.error(request, failure.detail)
        return self.back(connection)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class ReplaceKey(ConnectionPages):
    """/portfolios/<id>/connections/<id>/key/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Put another key in the place of the stored one."""
        connection = self.connection_of(portfolio_id, connection_id)
        form = KeyForm(request.POST, broker=get_broker(connection.broker))
        if form.is_valid():
            try:
                connecting.replace_key(connection, credentials=form.credentials(), now=clock.now())
            except (InvalidInput, Conflict, Unavailable) as failure:
                _add_errors(form, failure)
            else:
                messages.success(request, "The new key is stored; the old one is gone.")
                return self.back(connection)
        context = _context(self.portfolio_of(portfolio_id), connection, form)
        return render(request, "brokers/connection.html", context, status=422)


class MissedDays(ConnectionPages):
    """/portfolios/<id>/connections/<id>/missed-days/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Note that nothing is missing of the days that were shown."""
        connection = self.connection_of(portfolio_id, connection_id)
        form = MissedDaysForm(request.POST)
        if form.is_valid():
            last = form.cleaned_data["through"]
            missed_days.settle_through(connection, last, now=clock.now())
            messages.success(request, "Noted: nothing is missing of those days.")
        else:
            messages.error(request, "Say up to which day nothing is missing.")
        return self.back(connection)


class Disconnect(ConnectionPages):
    """/portfolios/<id>/connections/<id>/disconnect/"""

    def post(
        self, request: AuthedHttpRequest, portfolio_id: ObjectId, connection_id: ObjectId
    ) -> HttpResponse:
        """Destroy the key, and keep or take out what the connection brought."""
        connection = self.connection_of(portfolio_id, connection_id)
        form = DisconnectForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Say first what becomes of the ledger.")
            return self.back(connection)
        keeps = form.cleaned_data["ledger"] == "keep"
        try:
            ended = connecting.disconnect(connection, keep_ledger=keeps, now=clock.now())
        except Conflict as failure:
            messages.error(request, failure.detail)
        else:
            if not keeps:
                tasks.start_removal(ended)
            messages.success(request, "Disconnected. The key is destroyed.")
        return self.back(connection)
