"""`manage.py connect_demo`: let the demo account see a broker's account sync."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from brokers import selectors as brokers
from brokers import tasks
from brokers.services import connecting, syncs
from common import clock
from common.errors import Failure
from config.demo import DEMO_ACCOUNTS
from config.env import env
from portfolios import selectors
from portfolios.services import portfolios

NAME = "Alpaca (sandbox)"
#: What the sandbox's first account opens with.
_CREDENTIALS = {"key_id": "PKSANDBOX0000000001", "secret_key": "sandbox-secret-0000000001"}


class Command(BaseCommand):
    """Run by `make demo` once the sandbox listens; what is connected already is left as it is."""

    help = "Connect the demo account to the sandbox (only where DEMO_ACCOUNTS is true)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Make the portfolio, connect it, and queue the first sync."""
        if not env.bool("DEMO_ACCOUNTS", default=False):
            raise CommandError("Only the demo has an account to connect.")
        owner = User.objects.filter(email=DEMO_ACCOUNTS[0]).first()
        if owner is None:
            raise CommandError("There is no demo account: run load_demo first.")
        now = clock.now()
        found = next(
            (each for each in selectors.list_portfolios(owner.pk) if each.name == NAME), None
        )
        portfolio = found or portfolios.create_portfolio(
            owner.pk, name=NAME, base_currency="USD", tracks_cash=True, now=now
        )
        if brokers.list_connections(portfolio.pk).exists():
            return
        try:
            connection = connecting.connect(
                portfolio.pk,
                owner_id=owner.pk,
                broker_name="alpaca",
                environment_name="sandbox",
                credentials=_CREDENTIALS,
                now=now,
            )
            sync, _ = syncs.request_sync(connection, trigger="connect", now=now)
        except Failure as failure:
            raise CommandError(failure.detail) from failure
        tasks.start_sync(sync)
        self.stdout.write(f"“{NAME}” is connected, and is being synced.")
