"""Orders that wait at a broker: on the page and over the API, as long as they wait."""

import pytest
from django.urls import reverse

from brokers.domain.connections import SyncState
from brokers.models import Connection
from brokers.sandbox.binance.books import DEFAULT_KEY as BINANCE_KEY
from brokers.sandbox.binance.books import DEFAULT_SECRET as BINANCE_SECRET
from brokers.services import connecting
from common import clock
from portfolios.models import Transaction
from tests.brokers.sandboxed import assert_equals_truth, reloaded, sync
from tests.portfolios.browsing import assert_shows

pytestmark = pytest.mark.django_db
ORDERS = "/v2/orders"


@pytest.fixture
def browser(browser_of, ada):
    return browser_of(ada)


@pytest.fixture
def api(program_of, ada):
    return program_of(ada)


def place(sandbox, **fields):
    known = {"symbol": "AAPL", "side": "buy", "qty": "2", "limit_price": "150.5"}
    return sandbox.book("order", **known | fields)


def told(api, connection):
    found = api.get(
        reverse("api-connection", args=[connection.portfolio_id, connection.pk])
    ).json()["open_orders"]
    return [(each["symbol"], each["side"], each["quantity"], each["limit"]) for each in found]


def shown(browser, connection):
    address = reverse("connection", args=[connection.portfolio_id, connection.pk])
    return browser.get(address).content.decode()


def test_an_order_is_shown_as_long_as_it_waits(connection, sandbox, browser, api):
    sandbox.book("pay", kind="CSD", amount="1000")
    placed = place(sandbox)
    sync(connection)

    assert told(api, connection) == [("AAPL", "buy", "2", "150.5")]
    assert_shows(shown(browser, connection), "Open orders", "Buy", "AAPL", "limit 150.50 USD")
    assert Transaction.objects.count() == 1

    sandbox.book("fill", symbol="AAPL", side="buy", qty="2", price="150.4", order_id=placed["id"])
    sync(connection)

    assert told(api, connection) == []
    assert "Open orders" not in shown(browser, connection)
    assert_equals_truth(connection, sandbox)


def test_more_than_a_page_of_them(connection, sandbox, api, monkeypatch):
    monkeypatch.setattr("brokers.adapters.alpaca.client._ORDERS_A_PAGE", 2)
    for number in range(5):
        place(sandbox, qty=str(number + 1), at=f"2026-03-0{number + 1}T15:00:00+00:00")

    sync(connection)

    assert [quantity for _, _, quantity, _ in told(api, connection)] == ["5", "4", "3", "2", "1"]


def test_orders_that_cannot_be_had_cost_nothing_else(connection, sandbox, api):
    sandbox.book("pay", kind="CSD", amount="1000")
    place(sandbox)
    sync(connection)
    sandbox.break_down("status", ORDERS, times=None, status=404)

    done = sync(connection)

    assert done.state == SyncState.PARTIAL.value
    assert {line["stream"]: line["state"] for line in done.streams}["orders"] == "failed"
    assert_equals_truth(connection, sandbox)
    assert done.compared_at is not None
    # As they were last known.
    assert len(told(api, connection)) == 1


def test_they_end_with_the_connection(connection, sandbox, browser):
    place(sandbox)
    sync(connection)

    connecting.disconnect(connection, keep_ledger=True, now=clock.now())

    assert Connection.objects.get().open_orders == []
    assert "Open orders" not in shown(browser, connection)


def test_those_of_binance(portfolio, sandbox, browser, api):
    connection = connecting.connect(
        portfolio.pk,
        owner_id=portfolio.owner_id,
        broker_name="binance",
        environment_name="sandbox",
        credentials={"api_key": BINANCE_KEY, "secret_key": BINANCE_SECRET},
        now=clock.now(),
    )
    sandbox.book(
        "order", account=BINANCE_KEY, symbol="BTCUSDT", side="SELL", qty="0.01", price="91000.5"
    )

    sync(connection)

    assert told(api, connection) == [("BTCUSDT", "sell", "0.01", "91000.5")]
    assert_shows(shown(browser, reloaded(connection)), "Sell", "BTCUSDT", "limit 91,000.50")
