"""Interactive Brokers, by Flex statements: `client` asks for them, `parser` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from zoneinfo import ZoneInfo

from django.conf import settings

from brokers.adapters.contract import Capabilities, CredentialField, Environment
from brokers.adapters.ibkr import parser
from brokers.adapters.ibkr.client import FlexSession
from brokers.adapters.ibkr.vocabulary import LABEL
from brokers.domain.events import Reading, Stream
from brokers.domain.schedule import OnceADay
from common.remote.http import Budget

#: Statements of a day are made in the night after it.
_NEW_STATEMENT = OnceADay(ZoneInfo("America/New_York"), time(4, 30))
_LIVE = Environment("live", "Live account", "https://ndcdyn.interactivebrokers.com")


class InteractiveBrokers:
    """The broker."""

    name = "ibkr"
    login = None

    @property
    def capabilities(self) -> Capabilities:
        """Say what it can tell."""
        environments = [_LIVE]
        if settings.BROKER_SANDBOX_URL:
            environments.append(
                Environment("sandbox", "Sandbox", f"{settings.BROKER_SANDBOX_URL}/ibkr")
            )
        return Capabilities(
            label=LABEL,
            environments=tuple(environments),
            credentials=(
                CredentialField(
                    "query_id",
                    "Flex query ID",
                    "Of an Activity Flex Query in XML over the last 365 calendar days, its dates "
                    "as yyyy-MM-dd, with all fields of: Account Information, Cash Report, Cash "
                    "Transactions (Detail), Corporate Actions, Financial Instrument Information, "
                    "Open Positions (Summary), Trades (Executions), Transfers.",
                    is_secret=False,
                ),
                CredentialField(
                    "token",
                    "Flex Web Service token",
                    "It can only read statements. Let it last for a year; a new one ends the old "
                    "one at once.",
                ),
            ),
            streams=(Stream.STATEMENT,),
            tells=(
                "trades, dividends, interest, fees, taxes, exchanges, splits and movements of cash",
                "the last 365 days, in all currencies and of all accounts of the query",
                "positions and cash at the end of the last day, to compare with",
            ),
            hours=_NEW_STATEMENT,
            conceals=(
                "what happened today: statements are made in the night",
                "what is older than 365 days: import statements of those years as files",
                "futures, contracts for difference and spin-offs are listed, not booked",
            ),
        )

    def open(
        self, credentials: Mapping[str, str], *, environment: Environment, budget: Budget
    ) -> FlexSession:
        """Begin to ask with somebody's token."""
        return FlexSession(credentials, environment=environment, budget=budget)

    def read(self, stream: Stream, body: bytes) -> Reading:
        """Read one statement."""
        return parser.read_statement(body)
