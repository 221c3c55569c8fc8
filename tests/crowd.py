"""Two people with many things each: rows enough that an index makes a difference."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from bson import ObjectId

from accounts.models import User
from brokers.domain.imports import RowState, RunState
from brokers.models import ImportRow, ImportRun
from marketdata.domain.instruments import AssetClass, identity_of
from marketdata.models import Instrument, InstrumentAlias, PriceBar
from marketdata.services import Alias, new_alias
from marketdata.services.bars import write_bars
from portfolios.domain.kinds import Kind
from portfolios.models import DailyValue, Portfolio, Transaction, TransactionRevision
from tests import factories
from tests.factories import NOW, TODAY

KINDS = (Kind.BUY, Kind.SELL, Kind.DIVIDEND)
DAYS = [TODAY - timedelta(days=number) for number in range(1, 61)]


@dataclass(frozen=True)
class Crowd:
    """Two people with many things each, and one of each kind of Ada's."""

    ada: User
    portfolio: Portfolio
    instruments: list[Instrument]
    run: ImportRun


@pytest.fixture
def crowd(ada, bo) -> Crowd:
    people = [ada, bo]
    shared = [_instrument(f"S{number:03}", None) for number in range(150)]
    shared += [_instrument(f"EUR/X{number:02}", None, AssetClass.CURRENCY) for number in range(5)]
    own = [_instrument(f"O{number:03}", people[number % 2]) for number in range(150)]
    instruments = Instrument.objects.bulk_create([*shared, *own])
    write_bars(
        PriceBar(instrument=each, date=day, close=Decimal(5), source="test", recorded_at=NOW)
        for each in instruments[:20]
        for day in DAYS
    )
    InstrumentAlias.objects.bulk_create(
        _alias(each, number) for each in instruments[:20] for number in range(15)
    )
    for person in people:
        for number in range(20):
            factories.make_portfolio(person, name=f"P{number:02}")
    found = list(Portfolio.objects.order_by("id"))
    for each in (found[0], found[1], found[20]):
        _fill(each, instruments)
    run = _import_files(found[0], ada)
    return Crowd(ada=ada, portfolio=found[0], instruments=instruments, run=run)


def _alias(instrument, number):
    alias = Alias(symbol=f"{instrument.symbol}.{number:02}", source="kite")
    return new_alias(instrument, alias, now=NOW)


def _instrument(symbol, owner, asset_class=AssetClass.STOCK):
    owner_id = str(owner.pk) if owner else None
    return Instrument(
        identity=identity_of(symbol=symbol, mic="XNAS", currency="USD", owner_id=owner_id),
        owner=owner,
        symbol=symbol,
        name=symbol,
        isin=f"US{symbol[-3:]:>010}",
        mic="XNAS",
        currency="USD",
        asset_class=asset_class.value,
        created_at=NOW,
        updated_at=NOW,
    )


def _fill(portfolio, instruments):
    rows = Transaction.objects.bulk_create(
        Transaction(
            portfolio=portfolio,
            kind=KINDS[number % 3].value,
            trade_date=DAYS[number % 60],
            instrument=instruments[number % 10],
            quantity=1,
            price=1,
            amount=1,
            currency="USD",
            fingerprint=f"{number % 150:032}",
            note="a note" if number % 7 else "",
            is_void=number % 10 == 0,
            import_run_id=str(portfolio.pk) if number % 2 else None,
            import_row=number if number % 2 else None,
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(300)
    )
    TransactionRevision.objects.bulk_create(
        TransactionRevision(
            transaction=row, revision=revision, state={}, changed_at=NOW, reason="edited"
        )
        for row in rows[:40]
        for revision in (11, 12, 13)
    )
    DailyValue.objects.bulk_create(
        DailyValue(
            portfolio=portfolio,
            date=day,
            revision=1,
            value=1,
            status="partial" if day.day == 1 else "complete",
            computed_at=NOW,
        )
        for day in DAYS
    )


def _import_files(portfolio, owner):
    states = list(RunState)
    runs = ImportRun.objects.bulk_create(
        ImportRun(
            portfolio=portfolio,
            owner=owner,
            file_name="rows.csv",
            payload_id=str(ObjectId()),
            payload_size=1,
            payload_sha256="",
            state=states[number % len(states)].value,
            created_at=NOW - timedelta(minutes=number),
            updated_at=NOW - timedelta(minutes=number),
        )
        for number in range(80)
    )
    ImportRow.objects.bulk_create(
        ImportRow(run=run, number=number, state=list(RowState)[number % 3].value)
        for run in runs[:10]
        for number in range(60)
    )
    return runs[0]
