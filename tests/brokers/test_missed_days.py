"""Days of which Kite tells no more: found without anybody's doing, shown, made good, put aside."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from brokers import tasks
from brokers.adapters.brokers import get_broker
from brokers.domain.connections import ConnectionState
from brokers.models import Connection, MissedDay
from brokers.services import committing, connecting, missed_days, syncing, syncs
from common import clock
from tests import factories
from tests.brokers.sandboxed import connect, forget_pauses, import_file, reloaded

pytestmark = pytest.mark.django_db
INDIA = ZoneInfo("Asia/Kolkata")
KEY, SECRET = "missed-days-0001", "missed-days-secret"


def india(text):
    return datetime.fromisoformat(f"{text}+05:30")


@pytest.fixture
def account(sandbox, portfolio):
    """An account at Kite that was connected on a Monday morning."""
    sandbox.order("POST", "accounts", house="kite", accounts={KEY: SECRET})
    connection = Connection(
        owner=portfolio.owner,
        portfolio=portfolio,
        broker="kite",
        environment="sandbox",
        account_number="ZS0001",
        account="Zerodha Kite ZS0001",
        state=ConnectionState.ACTIVE.value,
        identity="missed-days",
        created_at=india("2026-03-02T09:00"),
        updated_at=india("2026-03-02T09:00"),
    )
    connection.save(force_insert=True)
    return connection


@pytest.fixture
def read(sandbox, account):
    """Log in and sync, at a moment in India."""

    def reading_at(text):
        forget_pauses()
        now = india(text)
        sandbox.set_clock(now.isoformat())
        token = sandbox.book("log_in", account=KEY)
        held = reloaded(account)
        secret = {"api_key": KEY, "api_secret": SECRET} | token
        connecting.seal(held, get_broker("kite"), secret)
        held.state = ConnectionState.ACTIVE.value
        held.save()
        asked, _ = syncs.request_sync(held, trigger="manual", now=now)
        done = syncing.run(asked.pk, clock=lambda: now)
        assert done.state == "ok", done.error

    return reading_at


def stand(account):
    """Return each missed day of March: until when it is known, in India, and where it stands."""
    found = []
    for each in MissedDay.objects.filter(connection_id=account.pk).order_by("day"):
        until = f"{each.read_until.astimezone(INDIA):%H:%M}" if each.read_until else "nothing"
        found.append(f"{each.day:%d} {until} {each.state}")
    return found


def tradebook(*days):
    """Return the tradebook of a span, on some days of which a share was bought."""
    head = "symbol,isin,trade_date,exchange,segment,series,trade_type,auction,quantity,price,"
    lines = [
        f"INFY,INE009A01021,{day},NSE,EQ,EQ,buy,false,1.000000,1500.000000,1000{number},"
        f"260302000{number},{day}T10:05:00"
        for number, day in enumerate(days)
    ]
    return "\n".join([head + "trade_id,order_id,order_execution_time", *lines, ""]).encode()


def test_days_without_a_login_are_found_by_the_next_sync(account, read):
    read("2026-03-02T15:50")
    read("2026-03-04T11:00")
    assert stand(account) == []

    read("2026-03-06T10:00")

    assert stand(account) == ["04 11:00 open", "05 nothing open"]
    read("2026-03-06T15:50")
    read("2026-03-09T10:00")
    assert stand(account) == ["04 11:00 open", "05 nothing open"]


def test_while_nobody_logs_in_they_are_found_each_hour(account, read, monkeypatch):
    read("2026-03-02T15:50")
    read("2026-03-04T15:50")
    Connection.objects.update(state=ConnectionState.NEEDS_LOGIN.value)
    monkeypatch.setattr("common.clock.now", lambda: india("2026-03-06T23:30"))
    for _ in range(2):
        tasks.note_missed_days()
    assert stand(account) == ["05 nothing open"]

    monkeypatch.setattr("common.clock.now", lambda: india("2026-03-07T00:30"))
    tasks.note_missed_days()

    assert stand(account) == ["05 nothing open", "06 nothing open"]


def test_a_disconnected_account_misses_nothing(account):
    Connection.objects.update(state=ConnectionState.DISCONNECTED.value)

    tasks.note_missed_days()

    assert stand(account) == []


def test_a_broker_that_tells_its_history_misses_nothing(portfolio, sandbox):
    connection = connect(portfolio, now=india("2026-03-02T09:00"))

    missed_days.note_of(connection, now=india("2026-03-20T09:00"))

    assert not MissedDay.objects.exists()


def test_the_tradebook_settles_the_days_that_it_spans_until_it_is_undone(account, read, portfolio):
    read("2026-03-02T15:50")
    read("2026-03-10T10:00")
    assert stand(account) == [f"{day} nothing open" for day in ("04", "05", "06", "09")]

    # Nothing was traded on the 5th.
    run = import_file(portfolio, "tradebook.csv", tradebook("2026-03-04", "2026-03-06"))

    left = ["04 nothing settled", "05 nothing settled", "06 nothing settled", "09 nothing open"]
    assert stand(account) == left
    committing.request_undo(run, now=clock.now())
    committing.undo(run.pk, clock=clock.now)
    assert {line[-4:] for line in stand(account)} == {"open"}


@pytest.mark.parametrize(
    ("imported_at", "left"),
    [
        # At the day's close all of it is told, a little later; before that, what was traded so far.
        ("2026-03-04T11:00", ["04 nothing open", "05 nothing open"]),
        ("2026-03-04T15:44", ["04 nothing open", "05 nothing open"]),
        ("2026-03-04T15:45", ["04 nothing settled", "05 nothing open"]),
        ("2026-03-04T23:30", ["04 nothing settled", "05 nothing open"]),
    ],
)
def test_a_tradebook_of_the_same_day_settles_it_before_it_is_missed(
    account, read, portfolio, monkeypatch, imported_at, left
):
    read("2026-03-02T15:50")
    with monkeypatch.context() as then:
        then.setattr("common.clock.now", lambda: india(imported_at))
        run = import_file(portfolio, "tradebook.csv", tradebook("2026-03-04"))
    assert stand(account) == []

    read("2026-03-06T10:00")

    assert stand(account) == left
    committing.request_undo(run, now=clock.now())
    committing.undo(run.pk, clock=clock.now)
    assert {line[-4:] for line in stand(account)} == {"open"}


def test_a_tradebook_that_is_taken_out_before_a_day_is_missed_settles_nothing(
    account, read, portfolio, monkeypatch
):
    read("2026-03-02T15:50")
    with monkeypatch.context() as then:
        then.setattr("common.clock.now", lambda: india("2026-03-04T18:00"))
        run = import_file(portfolio, "tradebook.csv", tradebook("2026-03-04"))
        committing.request_undo(run, now=clock.now())
        committing.undo(run.pk, clock=clock.now)

    read("2026-03-05T10:00")

    assert stand(account) == ["04 nothing open"]


def test_other_files_settle_nothing(account, read, portfolio):
    read("2026-03-02T15:50")
    read("2026-03-05T10:00")
    factories.make_instrument("INFY", currency="INR")
    content = b"date,type,symbol,quantity,price,currency\n2026-03-04,buy,INFY,1,1500,INR\n"

    import_file(portfolio, "some.csv", content)

    assert stand(account) == ["04 nothing open"]


def test_the_page_says_what_is_missing_and_what_to_do(account, read, browser_of, ada):
    browser, ids = browser_of(ada), [account.portfolio_id, account.pk]
    read("2026-03-02T11:00")
    read("2026-03-05T10:00")
    Connection.objects.update(state=ConnectionState.NEEDS_LOGIN.value)
    page = browser.get(reverse("connection", args=ids)).content.decode()
    for words in ("Trades may be missing", "read until", "nothing was read", "log in", "tradebook"):
        assert words in page
    assert page.count("nothing was read") == 1

    here = reverse("missed-days", args=ids)
    assert "up to which day" in browser.post(here, {}, follow=True).content.decode()
    answer = browser.post(here, {"through": "2026-03-02"}, follow=True)

    assert "Noted" in answer.content.decode()
    assert stand(account) == ["02 11:00 settled", "04 nothing open"]
    browser.post(here, {"through": "2026-03-04"})
    page = browser.get(reverse("connection", args=ids)).content.decode()
    assert "Trades may be missing" not in page


def test_of_many_days_the_newest_are_shown_and_the_rest_counted(account, browser_of, ada):
    for number in range(28):
        factories.make_missed_day(account, day=date(2026, 3, 1) + timedelta(days=number))

    page = browser_of(ada).get(reverse("connection", args=[account.portfolio_id, account.pk]))

    assert page.content.decode().count("nothing was read") == 25
    assert "3 earlier ones" in page.content.decode()


def test_over_the_api_a_day_is_settled_and_taken_up_again(account, read, program_of, ada, bo):
    read("2026-03-02T11:00")
    read("2026-03-05T10:00")
    ids = [account.portfolio_id, account.pk]
    api = program_of(ada)
    later, earlier = api.get(reverse("api-missed-days", args=ids)).json()["results"]
    assert (later["day"], later["read_until"], later["state"]) == ("2026-03-04", None, "open")
    assert datetime.fromisoformat(earlier["read_until"]) == india("2026-03-02T11:00")

    one = reverse("api-missed-day", args=[*ids, later["id"]])
    settled = api.patch(one, {"is_settled": True}, format="json").json()

    assert (settled["state"], settled["settled_at"] is None) == ("settled", False)
    reopened = api.patch(one, {"is_settled": False}, format="json").json()
    assert (reopened["state"], reopened["settled_at"]) == ("open", None)
    assert api.patch(one, {}, format="json").status_code == 422
    stranger = program_of(bo)
    assert stranger.get(reverse("api-missed-days", args=ids)).status_code == 404
    assert stranger.patch(one, {"is_settled": True}, format="json").status_code == 404
    nothing = reverse("api-missed-day", args=[*ids, account.pk])
    assert api.patch(nothing, {"is_settled": True}, format="json").status_code == 404
