"""Kite's way in: its own page, a ticket for one use, and a token that lives until the morning.

Source: https://kite.trade/docs/connect/v3/user/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from brokers.adapters.contract import Admission, Environment
from brokers.adapters.kite import parser
from brokers.adapters.kite.client import JSON, http_client
from common.remote.errors import AuthExpired
from common.remote.http import Budget

#: When a token dies, by the clock of India: no token lives past the next one of these.
_END_OF_DAY = time(6)
_LONGEST_TICKET = 100


class KiteLogin:
    """Sends people to Kite, and takes them back."""

    def address(
        self, credentials: Mapping[str, str], *, environment: Environment, state: str
    ) -> str:
        """Return where to send somebody; Kite appends `redirect_params` to where it sends back."""
        query = {
            "api_key": credentials["api_key"],
            "v": "3",
            "redirect_params": urlencode({"state": state}),
        }
        return f"{environment.login_url}?{urlencode(query)}"

    def admit(
        self,
        credentials: Mapping[str, str],
        *,
        environment: Environment,
        ticket: Mapping[str, str],
        now: datetime,
    ) -> Admission:
        """Exchange the request token; that it is ours shows the checksum with our secret."""
        token = ticket.get("request_token", "")
        if ticket.get("status") != "success" or not 0 < len(token) <= _LONGEST_TICKET:
            raise AuthExpired("Kite sent nobody in.")
        key, secret = credentials["api_key"], credentials["api_secret"]
        form = {
            "api_key": key,
            "request_token": token,
            "checksum": hashlib.sha256(f"{key}{token}{secret}".encode()).hexdigest(),
        }
        client = http_client(key, environment=environment, budget=Budget(0))
        body = client.post("/session/token", form=form, content_types=JSON)
        return Admission({"access_token": parser.read_access_token(body)}, end_of_login(now))


def end_of_login(now: datetime) -> datetime:
    """Return when a token that is given now dies: at six in the morning in India."""
    local = now.astimezone(parser.INDIA)
    day = local.date() + timedelta(days=local.time() >= _END_OF_DAY)
    return datetime.combine(day, _END_OF_DAY, tzinfo=parser.INDIA).astimezone(UTC)
