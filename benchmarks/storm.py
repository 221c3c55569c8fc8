"""Two hundred months of storms, each of which must end with what the broker's books say."""

from __future__ import annotations

from django.conf import settings

from accounts.models import User
from benchmarks.measure import Figure, stopwatch
from common import clock
from portfolios.services import portfolios
from tests.brokers.sandboxed import running_sandbox
from tests.brokers.storms import short_ways, storm_of

SEEDS = 200


def run() -> list[Figure]:
    """Count the storms after which the ledger equals the books."""
    owner = User.objects.create_user("storm@example.test", None)
    calm = 0
    # What is waited for between two tries has tests of its own.
    with running_sandbox() as sandbox, short_ways(), stopwatch() as whole:
        settings.BROKER_SANDBOX_URL = sandbox.url
        for seed in range(SEEDS):
            portfolio = portfolios.create_portfolio(
                owner.pk, name=f"Storm {seed}", base_currency="USD", now=clock.now()
            )
            try:
                storm_of(seed)(sandbox, portfolio, seed=seed).rage()
            except AssertionError as failure:
                print(f"storm {seed}: {str(failure)[:200]}")
            else:
                calm += 1
    return [
        Figure("storm.converged", calm, "storms", SEEDS, at_least=True),
        Figure("storm.each", whole() / SEEDS, "s"),
    ]
