"""The nightly closes and who is asked for them, on the real database."""

import json
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from common.remote.errors import Transient
from common.remote.http import HttpClient, Service
from marketdata import services
from marketdata.adapters import registry
from marketdata.adapters.base import DailyClose
from marketdata.adapters.twelvedata.client import TwelveDataSource
from marketdata.domain.backfills import Trigger
from marketdata.models import PriceBar
from marketdata.services import backfills
from tests import factories
from tests.factories import NOW, TODAY
from tests.remote_server import Said, remote_server

YESTERDAY = TODAY - timedelta(days=1)


class Exchange:
    """A source that knows yesterday's close of some symbols."""

    def __init__(self, name, failure=None, **closes):
        self.name = name
        self.failure = failure
        self.closes = closes

    def daily_closes(self, listing, *, start, end):
        if self.failure:
            raise self.failure
        close = self.closes.get(listing.symbol)
        return [DailyClose(date=end, close=Decimal(close))] if close else []


def record(*sources):
    return services.record_closes(*sources, today=TODAY, now=NOW)


def stored():
    rows = PriceBar.objects.select_related("instrument").order_by("instrument__symbol")
    return [(bar.instrument.symbol, bar.date, int(bar.close), bar.source) for bar in rows]


@pytest.mark.django_db
def test_each_instrument_takes_the_first_source_that_knows_it():
    for symbol in ("A", "B", "C"):
        factories.make_instrument(symbol)

    written = record(Exchange("first", A="1"), Exchange("second", A="2", B="3"))

    assert written == 2
    assert stored() == [("A", YESTERDAY, 1, "first"), ("B", YESTERDAY, 3, "second")]


@pytest.mark.django_db
def test_a_source_that_is_away_is_passed_over_and_all_away_is_left_to_the_next_night():
    factories.make_instrument("A")
    away = Exchange("away", failure=Transient("away"))

    assert record(away) == 0
    assert record(away, Exchange("second", A="2")) == 1
    assert stored() == [("A", YESTERDAY, 2, "second")]


@pytest.mark.django_db
def test_an_instrument_takes_only_the_sources_that_were_chosen_for_it_in_their_order():
    chains = {"A": ["second", "first"], "B": ["second"], "C": [], "D": ["first"]}
    for symbol, names in chains.items():
        factories.make_instrument(symbol, sources={"bars": names})

    record(Exchange("first", A="1", B="1", C="1", D="1"), Exchange("second", A="2"))

    assert stored() == [("A", YESTERDAY, 2, "second"), ("D", YESTERDAY, 1, "first")]


def test_a_made_up_price_never_stands_in_for_a_real_one(settings):
    assert [each.name for each in registry.bar_sources()] == ["simulated"]

    settings.BAR_SOURCES = ["alpaca", "binance"]
    assert [each.name for each in registry.bar_sources()] == ["binance"]

    settings.ALPACA_KEY_ID, settings.ALPACA_SECRET_KEY = "id", "secret"
    assert [each.name for each in registry.bar_sources()] == ["alpaca", "binance"]


@pytest.mark.parametrize("sources", [registry.bar_sources, registry.fx_sources])
def test_each_run_has_retries_of_its_own(settings, sources):
    """A worker lives for weeks; what its first runs had to repeat must not be missing then."""
    settings.BAR_SOURCES, settings.FX_SOURCES = ["binance"], ["ecb"]

    (first,), (second,) = sources(), sources()

    assert first is not second


def test_an_unknown_source_of_closes_is_told(settings):
    settings.BAR_SOURCES = ["alpaca", "oracle"]

    with pytest.raises(ImproperlyConfigured, match="oracle"):
        registry.bar_sources()


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["nightly", "filled in"])
def test_pence_are_stored_as_pounds_and_say_so(ada, program_of, way):
    london = factories.make_instrument("VUSA", mic="XLON", currency="GBP", asset_class="etf")
    meta = {"symbol": "VUSA", "interval": "1day", "currency": "GBp", "mic_code": "XLON"}
    values = [{"datetime": YESTERDAY.isoformat(), "close": "7105.50000"}]
    told = json.dumps({"meta": meta, "values": values, "status": "ok"}).encode()

    with remote_server() as remote:
        remote.answers = [Said(told)]
        service = Service(name=f"twelvedata-{uuid4().hex}", base_url=remote.url)
        source = TwelveDataSource(HttpClient(service))
        if way == "nightly":
            record(source)
        else:
            job, _ = services.request_backfill(
                london.pk, start=YESTERDAY, end=YESTERDAY, trigger=Trigger.STAFF, now=NOW
            )
            backfills.run(job.pk, sources=[source], clock=lambda: NOW)

    bar = PriceBar.objects.get()
    assert (bar.close, bar.told_in, bar.source) == (Decimal("71.055"), "GBp", "twelvedata")
    london.refresh_from_db()
    assert london.last_close == Decimal("71.055")
    prices = reverse("api-prices", args=[london.pk])
    (shown,) = program_of(ada).get(prices).json()["results"]
    assert (shown["close"], shown["told_in"]) == ("71.055", "GBp")
