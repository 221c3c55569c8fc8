"""What portfolios are worth minute by minute, on the real database and Redis."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from common import clock
from marketdata.adapters import quote_cache
from marketdata.domain.quotes import MarketState, Quote
from portfolios.models import IntradayValue
from portfolios.selectors.holdings import summarize
from portfolios.services import intraday, ledger, recalculation
from tests import factories
from tests.factories import buy, draft, sell
from tests.portfolios.browsing import assert_shows, page

pytestmark = pytest.mark.django_db


def quote(instrument, price, **fields):
    made = Quote(
        instrument_id=str(instrument.pk),
        price=Decimal(price),
        currency=instrument.currency,
        at=clock.now(),
        source="test",
        previous_close=Decimal(100),
        market_state=MarketState.OPEN,
    )
    return replace(made, **fields)


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


def holding(owner, instrument, name="Long term", currency="USD"):
    made = factories.make_portfolio(owner, name=name, base_currency=currency)
    today = clock.now().date().isoformat()
    for each in (draft("deposit", today, amount="1500"), buy(instrument, "10", "100", today)):
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculation.recalculate(made.pk, today=clock.now().date(), now=clock.now())
    return made


@pytest.fixture
def portfolio(ada, acme):
    return holding(ada, acme)


def test_a_minute_is_stored_once_and_equals_the_summary(portfolio, acme):
    quote_cache.write([quote(acme, "123.45")])
    now = clock.now()

    assert [intraday.record_minute(now=now) for _ in range(2)] == [1, 0]

    stored = IntradayValue.objects.get()
    assert stored.at == now.replace(second=0, microsecond=0)
    assert stored.value == summarize(portfolio, now=now).valuation.total == Decimal("1734.5")
    assert stored.status == "complete"


def test_every_portfolio_is_valued_in_its_own_currency(ada, bo, acme):
    pair = factories.make_pair("EUR/USD", last_close=Decimal("1.25"))
    quote_cache.write([quote(acme, "110"), quote(pair, "1.25")])
    made = [holding(ada, acme), holding(bo, acme, currency="EUR")]

    intraday.record_minute(now=clock.now())

    for each in made:
        total = summarize(each, now=clock.now()).valuation.total
        stored = IntradayValue.objects.get(portfolio=each)
        assert stored.value == round(total, 2)


@pytest.mark.parametrize(
    "fields",
    [
        {"market_state": MarketState.CLOSED},
        {"market_state": MarketState.HALTED},
        {"at": clock.now() - timedelta(hours=1)},
    ],
)
def test_nothing_is_stored_while_nothing_is_traded(portfolio, acme, fields):
    quote_cache.write([quote(acme, "123.45", **fields)])

    assert intraday.record_minute(now=clock.now()) == 0


def test_what_is_traded_beside_something_without_a_price_is_partial(ada, acme):
    made = holding(ada, acme)
    dark = factories.make_instrument("DARK")
    today = clock.now().date().isoformat()
    ledger.record_transaction(made.pk, draft=buy(dark, "1", "5", today), now=clock.now())
    recalculation.recalculate(made.pk, today=clock.now().date(), now=clock.now())
    quote_cache.write([quote(acme, "100")])

    intraday.record_minute(now=clock.now())

    assert IntradayValue.objects.get().status == "partial"


def test_what_is_worth_something_uncertain_is_partial(portfolio, acme):
    """As in the summary: the row in doubt may have moved what is held."""
    ghost = factories.make_instrument("GHST")
    today = clock.now().date()
    doubtful = sell(ghost, "1", "5", today.isoformat())
    ledger.record_transaction(portfolio.pk, draft=doubtful, now=clock.now())
    recalculation.recalculate(portfolio.pk, today=today, now=clock.now())
    quote_cache.write([quote(acme, "100")])

    intraday.record_minute(now=clock.now())

    stored = IntradayValue.objects.get().status
    assert stored == summarize(portfolio, now=clock.now()).status.value == "partial"


def test_old_minutes_are_forgotten(portfolio):
    now = clock.now()
    for days in (1, 36):
        IntradayValue.objects.create(
            portfolio=portfolio, at=now - timedelta(days=days), value=Decimal(5), status="complete"
        )

    assert intraday.forget_minutes(now=now) == 1
    assert IntradayValue.objects.count() == 1


def test_the_api_and_the_page_show_the_course(program_of, browser_of, ada, portfolio):
    now = clock.now()
    for minutes, worth in ((2_000, "1"), (60, "1500"), (1, "1600.5")):
        IntradayValue.objects.create(
            portfolio=portfolio,
            at=now - timedelta(minutes=minutes),
            value=Decimal(worth),
            status="complete",
        )

    address = reverse("api-intraday", args=[portfolio.pk])
    found = program_of(ada).get(address).json()
    longer = program_of(ada).get(address, {"hours": "48"}).json()

    assert [each["value"] for each in found["values"]] == ["1500", "1600.5"]
    assert len(longer["values"]) == 3
    assert_shows(
        page(browser_of(ada), "portfolio", portfolio.pk),
        "The last 24 hours: from 1,500.00 to 1,600.50",
    )


@pytest.mark.parametrize("hours", ["0", "-1", "841", "x"])
def test_hours_that_make_no_sense_are_refused(program_of, ada, portfolio, hours):
    answer = program_of(ada).get(reverse("api-intraday", args=[portfolio.pk]), {"hours": hours})

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["hours"])
