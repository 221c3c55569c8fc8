"""A portfolio with a deposit and a purchase, and those who look at it."""

from datetime import timedelta

import pytest

from common import clock
from portfolios.services import checkpoints, ledger, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, draft, sell

_DAYS = 60


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME")
    factories.make_closes(instrument, {"2026-02-26": "11", "2026-02-27": "12"})
    return instrument


@pytest.fixture
def portfolio(ada, acme):
    """A deposit of 1,000 and ten shares bought at 5.50, worth 12 each now."""
    return computed(
        ada,
        draft("deposit", amount="1000"),
        buy(acme, "10", "5.5", fee="1", note="First ones"),
    )


@pytest.fixture
def eager_checkpoints(monkeypatch):
    """Keep how a ledger stood however few rows came before."""
    monkeypatch.setattr(checkpoints, "FEWEST_EVENTS", 0)


@pytest.fixture
def browser(browser_of, ada):
    return browser_of(ada)


@pytest.fixture
def api(program_of, ada):
    return program_of(ada)


def record(portfolio, *drafts):
    return [ledger.record_transaction(portfolio.pk, draft=each, now=NOW) for each in drafts]


def computed(owner, *drafts, **fields):
    """Make a portfolio with some rows, and compute what follows from them."""
    made = factories.make_portfolio(owner, **fields)
    record(made, *drafts)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return made


@pytest.fixture
def today():
    return clock.now().date()


@pytest.fixture
def priced(today):
    made = factories.make_instrument("ACME", weights={"sector": {"Technology": "0.6"}})
    prices = {
        (today - timedelta(days=back)).isoformat(): str(100 + (back * 7) % 11)
        for back in range(_DAYS + 1)
    }
    factories.make_closes(made, prices)
    return made


@pytest.fixture
def lively_portfolio(ada, priced, today):
    """Two months of prices, with money coming and going and a position in another currency."""
    euro = factories.make_instrument("EURO", currency="EUR")
    days = [(today - timedelta(days=back)).isoformat() for back in range(_DAYS, -1, -1)]
    factories.make_closes(euro, {day: str(50 + place % 7) for place, day in enumerate(days)})
    factories.make_closes(
        factories.make_pair(), {day: f"1.{20 + place % 5}" for place, day in enumerate(days)}
    )
    made = factories.make_portfolio(ada)
    for each in (
        draft("deposit", days[0], amount="5000"),
        buy(priced, "20", "100", days[0], fee="3"),
        buy(euro, "10", "50", days[1], fx_rate="1.2"),
        draft("deposit", days[20], amount="500"),
        sell(priced, "4", "105", days[30], tax="2"),
        draft("withdrawal", days[40], amount="300"),
        draft("dividend", days[45], instrument=priced, amount="6"),
        draft("deposit", days[50], amount="100", currency="EUR"),
    ):
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculation.recalculate(made.pk, today=today, now=clock.now())
    return made
