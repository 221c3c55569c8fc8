"""Kite against the sandbox: the way in and out and in again, and days as they go there."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from brokers import tasks
from brokers.domain.connections import ConnectionState
from brokers.models import Connection, RawPayload, Resync
from brokers.sandbox.kite.books import DEFAULT_KEY, DEFAULT_SECRET
from brokers.services import (
    connecting,
    generations,
    resyncs,
    syncing,
    syncs,
)
from common import clock
from portfolios.models import Transaction
from tests import factories
from tests.brokers import sandboxed
from tests.brokers.sandboxed import (
    assert_equals_truth,
    connect,
    forget_pauses,
    import_file,
    reloaded,
)

pytestmark = pytest.mark.django_db
FORM = {
    "broker": "kite",
    "environment": "sandbox",
    "api_key": DEFAULT_KEY,
    "api_secret": DEFAULT_SECRET,
}


@pytest.fixture
def browser(browser_of, ada):
    return browser_of(ada)


@pytest.fixture
def kite(sandbox):
    """The sandbox on a Monday at ten in India, which sends people back to the test's own site."""
    sandbox.set_clock("2026-03-02T10:00:00+05:30")
    callback = "http://testserver" + reverse("broker-callback", args=["kite"])
    sandbox.book("register", account=DEFAULT_KEY, redirect_url=callback)
    return sandbox


def trade(kite, symbol, side, qty, price, **more):
    kite.book("trade", account=DEFAULT_KEY, symbol=symbol, side=side, qty=qty, price=price, **more)


def way_back(browser, connection):
    """Go to the broker's page and log in there; return the address that it sends us back to."""
    out = browser.get(reverse("connection-login", args=[connection.portfolio_id, connection.pk]))
    page = requests.get(out.headers["Location"], timeout=10).text
    back = urlsplit(unescape(page.partition('href="')[2].partition('"')[0]))
    return f"{back.path}?{back.query}"


def log_in(browser, connection):
    forget_pauses()
    answer = browser.get(way_back(browser, connection), follow=True)
    return answer.content.decode()


def sync(connection):
    """Sync as a day later: Kite's limit is one by the second, and a test has many days in one."""
    forget_pauses()
    return sandboxed.sync(connection)


@pytest.fixture
def connected(browser, portfolio, kite):
    browser.post(reverse("connections", args=[portfolio.pk]), FORM)
    log_in(browser, Connection.objects.get())
    return Connection.objects.get()


def test_the_way_from_key_over_login_to_ledger(browser, portfolio, kite):
    trade(kite, "INFY", "BUY", "10", "1500.5")
    page = browser.post(reverse("connections", args=[portfolio.pk]), FORM, follow=True)
    connection = Connection.objects.get()
    assert connection.state == ConnectionState.NEEDS_LOGIN.value
    assert "Log in at Zerodha Kite" in page.content.decode()
    assert kite.asked == []

    page = log_in(browser, connection)

    assert "You are logged in" in page
    connection = reloaded(connection)
    assert connection.state == ConnectionState.ACTIVE.value
    assert connection.account == f"Zerodha Kite {kite.truth_of(DEFAULT_KEY)['number']}"
    assert connection.login_until > clock.now()
    assert_equals_truth(connection, kite, key=DEFAULT_KEY)
    assert DEFAULT_SECRET not in page
    assert "Equal" in page


def test_orders_wait_for_a_day(connected, kite):
    placed = kite.book(
        "order", account=DEFAULT_KEY, symbol="INFY", side="SELL", qty="3", price="1600.5"
    )

    def waiting():
        sync(connected)
        return [each["external_id"] for each in reloaded(connected).open_orders]

    assert waiting() == [placed["order_id"]]
    kite.set_clock("2026-03-03T10:00:00+05:30")
    kite.book("log_out", account=DEFAULT_KEY)
    # Nobody was there to ask, so they stand as they were last known.
    assert waiting() == [placed["order_id"]]


def test_a_login_that_was_not_begun_here_opens_nothing(browser, browser_of, portfolio, kite):
    browser.post(reverse("connections", args=[portfolio.pk]), FORM)
    connection = Connection.objects.get()
    back = way_back(browser, connection)
    bo = browser_of(factories.make_user("bo@example.com"))
    token = parse_qs(urlsplit(back).query)["request_token"][0]
    here = reverse("broker-callback", args=["kite"])

    # In somebody else's session, with no state, with a made-up one, and under another broker.
    tries = [
        (bo, back),
        (browser, f"{here}?status=success&request_token={token}"),
        (browser, f"{here}?status=success&request_token={token}&state=made-up"),
        (browser, back.replace("/kite/", "/alpaca/")),
        # That one has used the state up.
        (browser, back),
    ]
    for somebody, address in tries:
        assert "begun here" in somebody.get(address, follow=True).content.decode()

    assert reloaded(connection).state == ConnectionState.NEEDS_LOGIN.value
    assert kite.asked[-1]["path"] == "/connect/login"


def test_a_state_is_good_for_minutes(browser, portfolio, kite, monkeypatch):
    browser.post(reverse("connections", args=[portfolio.pk]), FORM)
    back = way_back(browser, Connection.objects.get())
    session = browser.session
    for state in session["broker_logins"].values():
        state[2] = "2026-03-02T04:00:00+00:00"
    session.save()

    assert "too long ago" in browser.get(back, follow=True).content.decode()


def test_a_wrong_secret_shows_at_the_login_and_can_be_replaced(browser, portfolio, kite):
    browser.post(reverse("connections", args=[portfolio.pk]), FORM | {"api_secret": "wrong"})
    connection = Connection.objects.get()

    assert "didn&#x27;t let Livefolio in" in log_in(browser, connection)

    key = {"api_key": DEFAULT_KEY, "api_secret": DEFAULT_SECRET}
    browser.post(reverse("connection-key", args=[portfolio.pk, connection.pk]), key)
    assert "You are logged in" in log_in(browser, connection)


def test_another_account_does_not_take_the_place_of_the_first(browser, connected, kite):
    Connection.objects.filter(pk=connected.pk).update(account_number="ZZ0001")

    assert "opens another account" in log_in(browser, reloaded(connected))


def test_an_account_fills_a_portfolio_once(browser, portfolio, connected):
    browser.post(reverse("connections", args=[portfolio.pk]), FORM)
    second = Connection.objects.exclude(pk=connected.pk).get()

    assert "fills this portfolio already" in log_in(browser, second)
    assert reloaded(second).state == ConnectionState.NEEDS_LOGIN.value


def test_days_in_india(browser, connected, kite):
    """Bought, on its way the day after, partly sold, logged out at six, delivered, pledged."""
    trade(kite, "INFY", "BUY", "10", "1500.5", at="2026-03-02T10:05:00+05:30")
    assert sync(connected).comparison[0]["outcome"] == "match"

    kite.set_clock("2026-03-03T05:59:59+05:30")
    assert sync(connected).state == "ok"
    kite.set_clock("2026-03-03T10:00:00+05:30")
    ended = sync(reloaded(connected))
    assert "Log in again" in ended.error
    assert reloaded(connected).state == ConnectionState.NEEDS_LOGIN.value
    with pytest.raises(connecting.NotNow, match="log in first"):
        syncs.request_sync(reloaded(connected), trigger="manual", now=clock.now())
    # What was synced stays, and is shown as old as it is.
    assert Transaction.objects.count() == 1

    log_in(browser, connected)
    trade(kite, "INFY", "SELL", "4", "1510", at="2026-03-03T10:05:00+05:30")
    trade(kite, "ITC", "BUY", "5", "420", at="2026-03-03T15:29:59+05:30", product="MIS")
    trade(kite, "ITC", "SELL", "5", "421", at="2026-03-03T15:29:59+05:30", product="MIS")
    done = sync(reloaded(connected))
    assert {line["what"]: line["outcome"] for line in done.comparison} == {"INFY": "match"}
    assert sync(connected).rows_new == 0

    kite.set_clock("2026-03-04T10:00:00+05:30")
    log_in(browser, connected)
    kite.book("pledge", account=DEFAULT_KEY, symbol="INFY", qty="2")
    done = sync(reloaded(connected))
    assert done.comparison[0]["outcome"] == "match"
    assert_equals_truth(connected, kite, key=DEFAULT_KEY)


def test_what_is_older_than_today_is_asked_for(connected, kite):
    trade(kite, "INFY", "BUY", "10", "1500", at="2026-02-02T10:05:00+05:30")

    (line,) = sync(connected).comparison

    assert (line["outcome"], line["theirs"], line["ours"]) == ("drift", "10", "0")
    assert "import the tradebook" in line["reason"]
    assert Transaction.objects.count() == 0


TRADEBOOK = (
    b"symbol,isin,trade_date,exchange,segment,series,trade_type,auction,quantity,price,trade_id,"
    b"order_id,order_execution_time\n"
    b"INFY,INE009A01021,2026-02-02,NSE,EQ,EQ,buy,false,7.000000,1490.000000,10000000,2602020001,"
    b"2026-02-02T10:05:00\n"
    b"INFY,INE009A01021,2026-03-02,NSE,EQ,EQ,buy,false,10.000000,1500.500000,10000000,2603020001,"
    b"2026-03-02T10:05:00\n"
)


def import_tradebook(portfolio):
    return import_file(portfolio, "tradebook.csv", TRADEBOOK)


@pytest.mark.parametrize("file_first", [True, False])
def test_the_tradebook_brings_the_past_and_doubles_nothing(connected, kite, portfolio, file_first):
    trade(kite, "INFY", "BUY", "7", "1490", at="2026-02-02T10:05:00+05:30")
    trade(kite, "INFY", "BUY", "10", "1500.5", at="2026-03-02T10:05:00+05:30")
    if file_first:
        assert import_tradebook(portfolio).rows_new == 2
    else:
        sync(connected)
        assert import_tradebook(portfolio).rows_duplicate == 1

    done = sync(connected)

    assert Transaction.objects.count() == 2
    assert [(line["measure"], line["outcome"]) for line in done.comparison] == [
        ("quantity", "match"),
        ("cost", "match"),
    ]
    accounts = set(Transaction.objects.values_list("account", flat=True))
    assert accounts == {reloaded(connected).account}


@pytest.mark.parametrize("trades_today", [True, False])
def test_fetching_anew_what_has_no_history_removes_nothing(browser, connected, kite, trades_today):
    trade(kite, "INFY", "BUY", "10", "1500.5")
    sync(connected)
    kite.set_clock("2026-03-03T10:00:00+05:30")
    log_in(browser, connected)
    if trades_today:
        trade(kite, "INFY", "SELL", "4", "1510")
    forget_pauses()
    resync, _ = resyncs.begin(reloaded(connected), now=clock.now())
    syncing.run(resync.sync_id, clock=clock.now)

    ready = generations.look(Resync.objects.get(pk=resync.pk), now=clock.now())

    assert (ready.difference["removed"], ready.difference["kept"]) == (0, 0)
    assert ready.difference["added"] == int(trades_today)
    generations.switch(ready, now=clock.now())
    assert_equals_truth(connected, kite, key=DEFAULT_KEY)


def test_half_of_what_is_held_is_compared_with_nothing(connected, kite):
    trade(kite, "INFY", "BUY", "10", "1500")
    kite.break_down("status", "/portfolio/positions", times=None, status=400)

    done = sync(connected)

    assert done.state == "partial"
    assert (done.comparison, Transaction.objects.count()) == ([], 1)


@pytest.mark.parametrize(
    ("mode", "args"),
    [
        ("status", {"status": 503}),
        ("status", {"status": 502, "html": True}),
        ("truncate", {}),
        ("rate_limit", {"header": "after", "seconds": 0}),
    ],
)
def test_after_a_fault_one_ordinary_sync_converges(connected, kite, mode, args):
    trade(kite, "INFY", "BUY", "10", "1500")
    kite.break_down(mode, "/trades", times=2, **args)
    sync(connected)
    kite.mend()

    while sync(reloaded(connected)).state == "waiting":
        pass

    assert_equals_truth(connected, kite, key=DEFAULT_KEY)


def test_a_missing_right_is_no_reason_to_log_in(connected, kite):
    trade(kite, "INFY", "BUY", "10", "1500")
    told = {"error_type": "PermissionException"}
    kite.break_down("status", "/portfolio", times=None, status=403, fields=told)

    sync(connected)

    assert reloaded(connected).state == ConnectionState.LIMITED.value


def test_the_owner_is_told_once_a_day(connected, kite, ada):
    EmailAddress.objects.create(user=ada, email=ada.email, verified=True, primary=True)
    kite.book("log_out", account=DEFAULT_KEY)
    for _ in range(2):
        forget_pauses()
        asked, _ = syncs.request_sync(reloaded(connected), trigger="manual", now=clock.now())
        tasks.run_sync(sync_id=str(asked.pk))
        Connection.objects.filter(pk=connected.pk).update(state=ConnectionState.ACTIVE.value)

    (message,) = mail.outbox
    assert message.to == [ada.email]
    assert f"/portfolios/{connected.portfolio_id}/connections/{connected.pk}/" in message.body


def test_a_secret_is_nowhere_in_clear(connected, kite):
    sync(connected)
    token = connecting.unsealed(reloaded(connected))["access_token"]

    stored = str(Connection.objects.filter(pk=connected.pk).values()) + str(
        list(RawPayload.objects.values("request"))
    )

    assert len(token) == 32
    assert token not in stored
    assert DEFAULT_SECRET not in stored


def test_over_the_api_a_connection_waits_for_its_login(program_of, ada, portfolio, kite):
    api = program_of(ada)
    credentials = {"api_key": DEFAULT_KEY, "api_secret": DEFAULT_SECRET}
    body = {"broker": "kite", "environment": "sandbox", "credentials": credentials}

    answer = api.post(reverse("api-connections", args=[portfolio.pk]), body, format="json")

    assert (answer.status_code, answer.json()["state"]) == (201, "needs_login")
    known = {each["name"]: each["has_login"] for each in api.get(reverse("api-brokers")).json()}
    assert (known["alpaca"], known["kite"]) == (False, True)


def test_a_broker_opened_by_a_key_has_no_login(browser, portfolio, sandbox):
    connection = connect(portfolio)

    answer = browser.get(
        reverse("connection-login", args=[portfolio.pk, connection.pk]), follow=True
    )

    assert "opened by a key alone" in answer.content.decode()
