"""Connections on the pages and over the API, against the sandbox."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from brokers import tasks
from brokers.models import Connection, Sync
from brokers.services import syncs
from common import clock
from portfolios.models import Transaction
from tests.brokers.sandboxed import CREDENTIALS, assert_equals_truth, connect

pytestmark = pytest.mark.django_db
FORM = {"broker": "alpaca", "environment": "sandbox"} | CREDENTIALS
BODY = {"broker": "alpaca", "environment": "sandbox", "credentials": CREDENTIALS}


@pytest.fixture
def browser(browser_of, ada):
    return browser_of(ada)


@pytest.fixture
def api(program_of, ada):
    return program_of(ada)


def at(name, *ids):
    return reverse(name, args=ids)


def test_a_stranger_finds_the_way_from_key_to_ledger(browser, portfolio, sandbox):
    sandbox.reset(activities=60)
    form = browser.get(at("connections", portfolio.pk)).content.decode()
    assert "Connect Alpaca" in form
    assert "never shown again" in form

    answer = browser.post(at("connections", portfolio.pk), FORM, follow=True)

    connection = Connection.objects.get()
    assert answer.redirect_chain[-1][0] == at("connection", portfolio.pk, connection.pk)
    page = answer.content.decode()
    assert_equals_truth(connection, sandbox)
    # Each position's units and cost, and cash.
    assert page.count("Equal") == 2 * len(sandbox.truth["positions"]) + 1
    assert CREDENTIALS["secret_key"] not in page
    assert CREDENTIALS["key_id"] not in page
    assert CREDENTIALS["key_id"][-4:] in page


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"secret_key": "wrong"}, "doesn&#x27;t accept this key"),
        ({"secret_key": ""}, "This field is required"),
        ({"environment": "moon"}, "Select a valid choice"),
        ({"key_id": "PK\u202e1"}, "copy it again"),
    ],
)
def test_what_is_wrong_is_said_and_no_secret_shown(browser, portfolio, sandbox, change, says):
    answer = browser.post(at("connections", portfolio.pk), FORM | change)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert CREDENTIALS["secret_key"] not in page
    assert not Connection.objects.exists()


def test_a_broker_that_is_away_is_told_of(browser, portfolio, sandbox):
    sandbox.break_down("status", times=None, status=503)

    answer = browser.post(at("connections", portfolio.pk), FORM)

    assert answer.status_code == 422
    assert "can&#x27;t be reached" in answer.content.decode()


def test_without_keys_nothing_can_be_connected(browser, portfolio, sandbox, settings):
    settings.BROKER_KEYS = ""

    assert "BROKER_KEYS" in browser.get(at("connections", portfolio.pk)).content.decode()
    assert browser.post(at("connections", portfolio.pk), FORM).status_code == 422


def test_sync_pause_resume_test_and_disconnect(browser, portfolio, sandbox):
    sandbox.book("pay", kind="CSD", amount="10")
    connection = connect(portfolio)

    def press(name, **fields):
        answer = browser.post(
            at(f"connection-{name}", portfolio.pk, connection.pk), fields, follow=True
        )
        return answer.content.decode()

    assert "It opens account" not in press("sync")
    assert Transaction.objects.count() == 1
    assert f"opens account {connection.account_number}" in press("test")
    assert "Resume" in press("pause")
    assert "paused" in press("sync")
    assert "Sync now" in press("resume")
    assert "new key is stored" in press("key", **CREDENTIALS)
    assert "Disconnected" in press("end", ledger="remove")
    assert Transaction.objects.filter(is_void=False).count() == 0
    assert Connection.objects.get().secret == ""
    assert "The account is disconnected" in press("end", ledger="keep")


def test_what_could_not_be_booked_stands_on_the_page_with_its_reason(browser, portfolio, sandbox):
    sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="40")
    sandbox.book("split", symbol="AAPL", ratio="1.37")
    connection = connect(portfolio)
    browser.post(at("connection-sync", portfolio.pk, connection.pk))

    page = browser.get(at("connection", portfolio.pk, connection.pk)).content.decode()

    assert "How many units came by this split" in page
    assert "Explained" in page


def test_a_failed_sync_says_what_its_owner_can_do(browser, portfolio, sandbox):
    connection = connect(portfolio)
    sandbox.break_down("status", times=None, status=401)

    browser.post(at("connection-sync", portfolio.pk, connection.pk))
    page = browser.get(at("connection", portfolio.pk, connection.pk)).content.decode()

    assert "Needs a new key" in page
    assert "Give a new one under" in page


def test_the_whole_way_over_the_api(api, portfolio, sandbox):
    sandbox.reset(activities=60)
    broker = next(each for each in api.get(at("api-brokers")).json() if each["name"] == "alpaca")
    assert [each["name"] for each in broker["credentials"]] == ["key_id", "secret_key"]

    made = api.post(at("api-connections", portfolio.pk), BODY, format="json")

    assert made.status_code == 201, made.json()
    ids = (portfolio.pk, made.json()["id"])
    assert CREDENTIALS["secret_key"] not in json.dumps(made.json())
    first = Sync.objects.get()
    shown = api.get(at("api-sync", *ids, first.pk)).json()
    assert shown["state"] == "ok"
    assert {line["outcome"] for line in shown["comparison"]} == {"match"}
    assert api.post(at("api-syncs", *ids)).status_code == 202
    assert len(api.get(at("api-syncs", *ids)).json()["results"]) == 2
    assert api.get(at("api-unbooked", *ids)).json()["results"] == []
    assert api.post(at("api-connection-checks", *ids)).json()["currency"] == "USD"
    put = api.put(
        at("api-connection-credentials", *ids), {"credentials": CREDENTIALS}, format="json"
    )
    assert put.status_code == 200
    assert api.delete(at("api-connection", *ids)).status_code == 422
    ended = api.delete(at("api-connection", *ids) + "?ledger=keep")
    assert ended.json()["state"] == "disconnected"
    assert api.post(at("api-syncs", *ids)).status_code == 409


def test_a_sync_that_waits_in_the_queue_is_queued_once(portfolio, sandbox, monkeypatch):
    connection = connect(portfolio)
    asked, _ = syncs.request_sync(connection, trigger="schedule", now=clock.now())
    Sync.objects.update(updated_at=clock.now() - timedelta(minutes=1))
    queued = []
    monkeypatch.setattr(tasks, "start_sync", queued.append)

    tasks.resume_syncs()
    tasks.resume_syncs()

    assert queued == [asked]


def test_what_is_due_is_synced_and_what_waits_goes_on(portfolio, sandbox):
    sandbox.book("pay", kind="CSD", amount="10")
    connection = connect(portfolio)

    tasks.sync_due()

    assert Sync.objects.get().state == "ok"
    assert Transaction.objects.count() == 1
    assert Connection.objects.get().next_sync_at > connection.next_sync_at
    tasks.sync_due()
    assert Sync.objects.count() == 1
    lost = Sync.objects.get()
    lost.state, lost.open_for, lost.lease_until = "running", str(connection.pk), lost.created_at
    lost.save()

    tasks.resume_syncs()

    assert Sync.objects.get().state == "ok"
