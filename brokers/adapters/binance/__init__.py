"""Binance's spot and wallet API: `client` asks, `parser` reads."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from brokers.adapters.binance import parser
from brokers.adapters.binance.client import BinanceSession
from brokers.adapters.contract import Capabilities, CredentialField, Environment
from brokers.domain.events import Reading, Stream
from brokers.domain.schedule import AlwaysOpen
from common.remote.http import Budget

_LIVE = Environment("live", "Live account", "https://api.binance.com")


class Binance:
    """The broker."""

    name = "binance"
    login = None

    @property
    def capabilities(self) -> Capabilities:
        """Say what it can tell."""
        environments = [_LIVE]
        if settings.BROKER_SANDBOX_URL:
            environments.append(
                Environment("sandbox", "Sandbox", f"{settings.BROKER_SANDBOX_URL}/binance")
            )
        return Capabilities(
            label="Binance",
            environments=tuple(environments),
            credentials=(
                CredentialField("api_key", "API key", is_secret=False),
                CredentialField("secret_key", "Secret key"),
            ),
            streams=(Stream.ACTIVITIES, Stream.POSITIONS, Stream.ORDERS),
            tells=(
                "spot trades of every coin that is held, or was deposited, withdrawn or earned",
                "commissions, also in other coins",
                "deposits, withdrawals, small balances that were converted",
                "rewards of Simple Earn, and distributions",
                "balances in the spot wallet and in flexible Simple Earn, to compare with",
                "orders that are still open",
            ),
            conceals=(
                "trades of coins of which nothing is left and that only were traded",
                "conversions by Convert, purchases by card or bank, locked Earn, margin, futures",
                "what deposited coins had cost",
            ),
            hours=AlwaysOpen(),
            reading_version=2,
        )

    def open(
        self, credentials: Mapping[str, str], *, environment: Environment, budget: Budget
    ) -> BinanceSession:
        """Begin to ask with somebody's key."""
        return BinanceSession(credentials, environment=environment, budget=budget)

    def read(self, stream: Stream, body: bytes) -> Reading:
        """Read one answer."""
        return parser.READERS[stream](body)
