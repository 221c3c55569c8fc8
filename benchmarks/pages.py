"""Warm pages of a portfolio with 25 positions: time in the server, and bytes over the wire."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from django.test import Client

from accounts.models import User
from benchmarks.measure import Figure, median_seconds
from common import clock
from marketdata.domain.instruments import AssetClass, identity_of
from marketdata.models import Instrument, PriceBar
from marketdata.services.bars import write_bars
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.services import ledger, portfolios, recalculation

_DIST = Path(__file__).resolve().parent.parent / "static" / "dist"
_POSITIONS = 25


def run() -> list[Figure]:
    """Measure the overview and a portfolio's page, as its owner's browser asks for them."""
    owner = User.objects.create_user("pages@example.test", None)
    portfolio = make_portfolio(owner)
    client = Client()
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    addresses = {
        "overview": "/overview/",
        "portfolio": f"/portfolios/{portfolio}/",
        "performance": f"/portfolios/{portfolio}/performance/?range=max",
    }
    figures = []
    for name, address in addresses.items():
        answer = client.get(address)
        assert answer.status_code == 200, answer
        seconds = median_seconds(partial(client.get, address), runs=15)
        figures.append(Figure(f"pages.{name}.server", seconds * 1_000, "ms", 100))
        size = len(gzip.compress(answer.content)) + _asset_bytes()
        figures.append(Figure(f"pages.{name}.wire", size / 1_024, "kB", 250))
    return figures


def _asset_bytes() -> int:
    """Return what styles, scripts and fonts weigh, all of them, compressed as they are sent."""
    return sum(
        path.stat().st_size if path.suffix == ".woff2" else len(gzip.compress(path.read_bytes()))
        for path in _DIST.rglob("*")
        if path.suffix in {".css", ".js", ".woff2"}
    )


def make_portfolio(owner: User) -> str:
    """Make a portfolio with 25 positions."""
    now = clock.now()
    portfolio = portfolios.create_portfolio(owner.pk, name="Pages", base_currency="USD", now=now)
    start = now.date() - timedelta(days=400)
    for number in range(_POSITIONS):
        instrument = make_instrument(f"PAGE{number}")
        _make_closes(instrument, start)
        for week in range(8):
            draft = Draft(
                kind=Kind.BUY,
                trade_date=start + timedelta(weeks=week),
                currency="USD",
                instrument_id=str(instrument.pk),
                quantity=Decimal(3),
                price=Decimal("101.25"),
                fee=Decimal(1),
            )
            ledger.record_transaction(portfolio.pk, draft=draft, now=now)
    recalculation.recalculate(portfolio.pk, today=now.date(), now=now)
    return str(portfolio.pk)


def make_instrument(symbol: str) -> Instrument:
    """Make a stock that was last traded yesterday."""
    now = clock.now()
    return Instrument.objects.create(
        identity=identity_of(symbol=symbol, mic="XNAS", currency="USD"),
        symbol=symbol,
        name=f"{symbol} Incorporated",
        mic="XNAS",
        currency="USD",
        asset_class=AssetClass.STOCK.value,
        last_close=Decimal("110.5"),
        last_close_date=now.date() - timedelta(days=1),
        created_at=now,
        updated_at=now,
    )


def _make_closes(instrument: Instrument, start: date) -> None:
    now = clock.now()
    write_bars(
        PriceBar(
            instrument=instrument,
            date=start + timedelta(days=day),
            close=Decimal(100) + day % 17,
            source="benchmark",
            recorded_at=now,
        )
        for day in range(400)
    )
