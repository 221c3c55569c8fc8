"""A portfolio with a deposit and a purchase, and those who look at it."""

import pytest

from portfolios.services import checkpoints, ledger, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, draft


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
