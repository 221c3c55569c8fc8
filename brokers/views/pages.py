"""What all pages of connections have in common."""

from __future__ import annotations

from bson import ObjectId
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views import View

from accounts.http import AuthedHttpRequest
from brokers import selectors
from brokers.models import Connection
from portfolios import selectors as portfolios


class ConnectionPages(LoginRequiredMixin, View):
    """A page of an owner's portfolio, which isn't found by others."""

    request: AuthedHttpRequest

    def connection_of(self, portfolio_id: ObjectId, connection_id: ObjectId) -> Connection:
        """Load the connection that the address names, if it is the user's."""
        return selectors.get_connection(
            connection_id, portfolio_id=portfolio_id, owner_id=self.request.user.pk
        )

    def portfolio_of(self, portfolio_id: ObjectId) -> dict[str, str]:
        """Load the portfolio that the address names, for the frame of the page."""
        found = portfolios.get_portfolio(portfolio_id, owner_id=self.request.user.pk)
        return {"id": str(found.pk), "name": found.name}

    def back(self, connection: Connection) -> HttpResponse:
        """Go to the connection's page."""
        return redirect(
            "connection", portfolio_id=connection.portfolio_id, connection_id=connection.pk
        )
