"""A CSV of 50,000 rows: read, checked, committed and recalculated, in flat memory."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.conf import settings

from accounts.models import User
from benchmarks.measure import Figure, peak_memory_mb, stopwatch
from brokers.models import ImportRun
from brokers.services import committing, intake, reading
from common import clock
from marketdata.domain.instruments import AssetClass, identity_of
from marketdata.models import Instrument
from portfolios.services import portfolios, recalculation

ROWS = 50_000
_SYMBOLS = [f"SYM{number}" for number in range(25)]
_START, _END = date(2016, 1, 4), date(2025, 12, 30)


def run() -> list[Figure]:
    """Import one large file from upload to positions."""
    now = clock.now()
    owner = User.objects.create_user("bench@example.test", None)
    _make_instruments(now)
    small, large = (_import(owner, rows, now) for rows in (ROWS // 10, ROWS))
    return [
        Figure("import.rows", large["rows"], "rows", ROWS, at_least=True),
        Figure("import.preview", large["preview"], "s"),
        Figure("import.commit", large["commit"], "s"),
        Figure("import.recalculate", large["recalculate"], "s"),
        Figure("import.total", large["preview"] + large["commit"], "s", 60),
        # What ten times the rows add to the memory of a small import.
        Figure("import.memory_growth", large["memory"] - small["memory"], "MB", 120),
    ]


def _import(owner: User, rows: int, now: datetime) -> dict[str, float]:
    portfolio = portfolios.create_portfolio(
        owner.pk, name=f"{rows} rows", base_currency="USD", now=now
    )
    run = intake.open_import(
        portfolio.pk,
        owner_id=owner.pk,
        file_name="large.csv",
        chunks=_chunks(rows),
        creates_instruments=False,
        now=now,
    )
    with stopwatch() as preview:
        reading.read(run.pk, row_limit=settings.IMPORT_MAX_ROWS, clock=clock.now)
    run = ImportRun.objects.get(pk=run.pk)
    committing.request_commit(run, now=clock.now())
    with stopwatch() as commit:
        committing.commit(run.pk, clock=clock.now)
    memory = peak_memory_mb()
    with stopwatch() as recalculate:
        recalculation.recalculate(portfolio.pk, today=now.date(), now=now)
    done = ImportRun.objects.get(pk=run.pk).rows_done
    return {
        "rows": done,
        "preview": preview(),
        "commit": commit(),
        "recalculate": recalculate(),
        "memory": memory,
    }


def _make_instruments(now: datetime) -> None:
    Instrument.objects.bulk_create(
        Instrument(
            identity=identity_of(symbol=symbol, mic="XNAS", currency="USD"),
            symbol=symbol,
            name=symbol,
            mic="XNAS",
            currency="USD",
            asset_class=AssetClass.STOCK.value,
            created_at=now,
            updated_at=now,
        )
        for symbol in _SYMBOLS
    )


def _chunks(rows: int) -> Iterator[bytes]:
    dice = random.Random(7)
    days = (_END - _START).days
    text = io.StringIO("date,type,symbol,quantity,price,fee,currency,note\n")
    yield text.getvalue().encode()
    for number in range(rows):
        day = _START + timedelta(days=number * days // rows)
        kind = "sell" if number % 5 == 4 else "buy"
        line = (
            f"{day},{kind},{dice.choice(_SYMBOLS)},{dice.randint(1, 9)},"
            f"{dice.randint(1_000, 99_999) / 100:.2f},1.00,USD,row {number}\n"
        )
        yield line.encode()
