"""Alpaca's Trading API, version 2: `client` asks, `parser` reads."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from brokers.adapters.alpaca import parser
from brokers.adapters.alpaca.client import AlpacaSession
from brokers.adapters.contract import Capabilities, CredentialField, Environment
from brokers.domain.events import Reading, Stream
from brokers.domain.schedule import ExchangeHours
from common.remote.http import Budget

_LIVE = Environment("live", "Live account", "https://api.alpaca.markets")
_PAPER = Environment("paper", "Paper account", "https://paper-api.alpaca.markets")


class Alpaca:
    """The broker."""

    name = "alpaca"
    login = None

    @property
    def capabilities(self) -> Capabilities:
        """Say what it can tell."""
        environments = [_LIVE, _PAPER]
        if settings.BROKER_SANDBOX_URL:
            environments.append(
                Environment("sandbox", "Sandbox", f"{settings.BROKER_SANDBOX_URL}/alpaca")
            )
        return Capabilities(
            label="Alpaca",
            environments=tuple(environments),
            credentials=(
                CredentialField("key_id", "API key ID", is_secret=False),
                CredentialField("secret_key", "API secret key"),
            ),
            streams=(
                *(Stream.ACTIVITIES, Stream.POSITIONS, Stream.CASH),
                *(Stream.ORDERS, Stream.EQUITY),
            ),
            tells=(
                "every fill, dividend, interest, fee, tax and movement of cash since the opening",
                "options: trades, expiry, exercise and assignment",
                "positions and cash, to compare with",
                "orders that are still open",
                "what the account was worth at the end of each day of the last year",
            ),
            conceals=("options whose terms were adjusted are listed, not booked",),
            # Fees, dividends and interest are booked at night.
            hours=ExchangeHours("XNYS", "the New York Stock Exchange"),
            reading_version=3,
        )

    def open(
        self, credentials: Mapping[str, str], *, environment: Environment, budget: Budget
    ) -> AlpacaSession:
        """Begin to ask with somebody's key."""
        return AlpacaSession(credentials, environment=environment, budget=budget)

    def read(self, stream: Stream, body: bytes) -> Reading:
        """Read one answer."""
        return parser.READERS[stream](body)
