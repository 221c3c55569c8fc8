"""Zerodha's Kite Connect, version 3: `login` lets in, `client` asks, `parser` reads."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from brokers.adapters.contract import Capabilities, CredentialField, Environment
from brokers.adapters.kite import parser
from brokers.adapters.kite.client import KiteSession
from brokers.adapters.kite.login import KiteLogin
from brokers.domain.events import Reading, Stream
from brokers.domain.schedule import ExchangeHours
from common.remote.http import Budget

_LIVE = Environment(
    "live", "Live account", "https://api.kite.trade", "https://kite.zerodha.com/connect/login"
)


class Kite:
    """The broker."""

    name = "kite"
    login = KiteLogin()

    @property
    def capabilities(self) -> Capabilities:
        """Say what it can tell."""
        environments = [_LIVE]
        if url := settings.BROKER_SANDBOX_KITE_URL:
            environments.append(Environment("sandbox", "Sandbox", url, f"{url}/connect/login"))
        return Capabilities(
            label="Zerodha Kite",
            environments=tuple(environments),
            credentials=(
                CredentialField("api_key", "API key", is_secret=False),
                CredentialField("api_secret", "API secret"),
            ),
            streams=(Stream.ACTIVITIES, Stream.POSITIONS, Stream.ORDERS),
            tells=(
                "the trades of the day",
                "holdings and positions, to compare with",
                "orders of the day that are still open",
            ),
            conceals=(
                "anything older than today: import the tradebook of Zerodha Console for it",
                "dividends, charges, cash, splits and bonus shares",
                "futures and options are listed, not booked",
            ),
            hours=ExchangeHours("XNSE", "the National Stock Exchange of India", rests=True),
            tells_day_of=parser.INDIA,
            missing="Kite tells today's trades only: import the tradebook for older ones.",
            reading_version=2,
        )

    def open(
        self, credentials: Mapping[str, str], *, environment: Environment, budget: Budget
    ) -> KiteSession:
        """Begin to ask with somebody's key and token."""
        return KiteSession(credentials, environment=environment, budget=budget)

    def read(self, stream: Stream, body: bytes) -> Reading:
        """Read one answer."""
        return parser.READERS[stream](body)
