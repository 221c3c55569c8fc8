"""Fill an empty demo with two accounts, prices, and three years of history from files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from brokers import selectors as imports
from brokers.domain.imports import RowState, RunState
from brokers.services import committing, intake, reading
from common import clock
from common.transactions import run_in_transaction
from config.demo import DEMO_ACCOUNTS, DEMO_PASSWORD
from config.env import ROOT, env
from marketdata import selectors as market_selectors
from marketdata import services as market
from marketdata.adapters.registry import simulation
from marketdata.tasks import record_closes
from portfolios import selectors
from portfolios.services import portfolios, recalculation

FILES = ROOT / "config" / "demo_data"


@dataclass(frozen=True, slots=True)
class DemoPortfolio:
    """One portfolio of the demo, and the file that its ledger is imported from."""

    name: str
    base_currency: str
    tracks_cash: bool
    file_name: str

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return FILES / self.file_name


PORTFOLIOS = (
    DemoPortfolio("World and Europe", "EUR", tracks_cash=True, file_name="world-and-europe.csv"),
    DemoPortfolio("US growth", "USD", tracks_cash=False, file_name="us-growth.json"),
)


class Command(BaseCommand):
    """Run by `make demo`; what is there already is left as it is."""

    help = "Make the demo accounts and their portfolios (only where DEMO_ACCOUNTS is true)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Do all of it, each step only if it is missing."""
        if not env.bool("DEMO_ACCOUNTS", default=False):
            raise CommandError(
                "The demo accounts have a known password, so they are only made where "
                "DEMO_ACCOUNTS=true says so. `make demo` does on its own database."
            )
        now = clock.now()
        demo, staff = DEMO_ACCOUNTS
        owner = _account(demo, base_currency="EUR", time_zone="Europe/Berlin")
        _account(staff, is_staff=True, is_superuser=True)
        there = {each.name for each in selectors.list_portfolios(owner.pk)}
        for wanted in PORTFOLIOS:
            if wanted.name not in there:
                self.stdout.write(_load(owner, wanted, now=now))
        _value(selectors.list_portfolios(owner.pk), today=now.date(), now=now)
        # The other instruments can wait until the worker runs.
        record_closes.delay()


def _account(email: str, **fields: Any) -> User:
    found = User.objects.filter(email=email).first()
    if found is not None:
        return found

    def sign_up() -> User:
        user = User.objects.create_user(email, DEMO_PASSWORD, **fields)
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
        return user

    return run_in_transaction(sign_up)


def _load(owner: User, wanted: DemoPortfolio, *, now: datetime) -> str:
    portfolio = portfolios.create_portfolio(
        owner.pk,
        name=wanted.name,
        base_currency=wanted.base_currency,
        tracks_cash=wanted.tracks_cash,
        now=now,
    )
    run = _read(owner, portfolio, wanted, now=now)
    committing.request_commit(run, now=now)
    committing.commit(run.pk, clock=clock.now)
    return f"{wanted.name}: {run.rows_new} transactions from {wanted.file_name}."


def _value(found: Iterable[Any], *, today: date, now: datetime) -> None:
    """Store the closes of what is held, and compute what it was and is worth."""
    keys = list(found)
    held = {event.instrument_id for each in keys for event in selectors.list_events(each.pk)}
    wanted = {key for key in held if key} | market_selectors.currency_pairs().keys()
    market.record_closes(simulation(), today=today, now=now, only=wanted)
    for portfolio in keys:
        recalculation.recalculate(portfolio.pk, today=today, now=now, extend=True)


def _read(owner: User, portfolio: Any, wanted: DemoPortfolio, *, now: datetime) -> Any:
    run = intake.open_import(
        portfolio.pk,
        owner_id=owner.pk,
        file_name=wanted.file_name,
        chunks=[wanted.path.read_bytes()],
        creates_instruments=False,
        now=now,
    )
    reading.read(run.pk, row_limit=settings.IMPORT_MAX_ROWS, clock=clock.now)
    run = imports.get_import(run.pk, portfolio_id=portfolio.pk, owner_id=owner.pk)
    if run.state != RunState.PREVIEW.value or run.rows_error:
        first = imports.list_rows(run.pk, state=RowState.ERROR).first()
        reason = run.error or (first and f"row {first.number}: {first.errors}")
        raise CommandError(f"{wanted.file_name} can't be imported: {reason}")
    return run
