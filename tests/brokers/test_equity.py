"""What Alpaca says that an account was worth each day, beside what its rows were worth here."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from brokers.models import EquityDay, Sync
from common import clock
from marketdata.models import Instrument
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.selectors import replaying
from portfolios.services import ledger
from tests import factories
from tests.brokers.sandboxed import reloaded, sync

pytestmark = pytest.mark.django_db
HISTORY = "/v2/account/portfolio/history"
#: A Wednesday.
NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


@pytest.fixture
def dated(connection, sandbox):
    """An account that got 5,000 on 2 March and bought shares for 584 on 4 March."""
    sandbox.set_clock(NOW.isoformat())
    sandbox.book("pay", kind="CSD", amount="5000", at="2026-03-02T15:00:00+00:00")
    sandbox.book(
        "fill", symbol="KO", side="buy", qty="10", price="58.4", at="2026-03-04T15:00:00+00:00"
    )
    return connection


def at(now=NOW):
    return lambda: now


def days(connection):
    rows = EquityDay.objects.filter(connection_id=connection.pk).order_by("day")
    return {each.day.isoformat(): (each.theirs, each.ours) for each in rows}


def close(symbol, closes):
    factories.make_closes(Instrument.objects.get(symbol=symbol), closes)


def test_each_day_that_is_over_is_kept_once_beside_ours(dated):
    sync(dated, now=at())
    # Ours isn't known where a price isn't.
    assert days(dated) == {
        "2026-03-02": (5000, 5000),
        "2026-03-03": (5000, 5000),
        **{f"2026-03-{day:02}": (5000, None) for day in (4, 5, 6, 9, 10)},
    }
    close("KO", {"2026-03-04": "58.4", "2026-03-09": "70"})

    again = sync(dated, now=at(NOW + timedelta(hours=1)))

    assert again.state == "ok"
    assert days(dated) == {
        **{f"2026-03-{day:02}": (5000, 5000) for day in (2, 3, 4, 5, 6)},
        **{f"2026-03-{day:02}": (5000, 5116) for day in (9, 10)},
    }
    assert EquityDay.objects.latest("pk").compared_at == NOW + timedelta(hours=1)


def test_a_year_is_asked_for_first_then_a_month_and_the_year_again_after_a_month(dated, sandbox):
    for now in (NOW, NOW + timedelta(days=1), NOW + timedelta(days=31)):
        sync(dated, now=at(now))

    asked = [each["query"] for each in sandbox.asked if each["path"] == HISTORY]
    assert ["period=1A" in each for each in asked] == [True, False, True]
    assert all("timeframe=1D" in each for each in asked)


def test_only_the_rows_of_the_account_are_counted(dated, portfolio):
    elsewhere = Draft(
        kind=Kind.DEPOSIT,
        amount=Decimal(900),
        currency="USD",
        trade_date=date(2026, 3, 2),
        account="Elsewhere",
    )
    ledger.record_transaction(portfolio.pk, draft=elsewhere, now=NOW)

    sync(dated, now=at())

    assert days(dated)["2026-03-03"] == (5000, 5000)


def test_a_history_that_fails_fails_alone_and_leaves_what_is_known(dated, sandbox):
    sync(dated, now=at())
    known = days(dated)
    sandbox.break_down("status", HISTORY, times=None, status=403)

    done = sync(dated, now=at())

    assert done.state == "partial"
    assert {line["stream"]: line["state"] for line in done.streams}["equity"] == "failed"
    assert done.compared_at is not None
    assert days(dated) == known
    sandbox.mend()
    assert sync(reloaded(dated), now=at()).state == "ok"


def test_a_long_ledger_is_not_gone_through(dated, monkeypatch):
    monkeypatch.setattr(replaying, "MOST_EVENTS", 1)

    sync(dated, now=at())

    assert set(days(dated).values()) == {(5000, None)}


def test_the_page_and_the_api_mark_the_days_that_differ(browser_of, program_of, ada, dated):
    ids = (dated.portfolio_id, dated.pk)
    sync(dated, now=at())
    page = browser_of(ada).get(reverse("connection", args=ids)).content.decode()
    assert "5 of 7 days unknown here" in page
    close("KO", {"2026-03-04": "58.4", "2026-03-10": "70"})
    sync(dated, now=at())

    page = browser_of(ada).get(reverse("connection", args=ids)).content.decode()
    told = program_of(ada).get(reverse("api-equity", args=ids)).json()["results"]

    assert "1 of 7 days differ" in page
    assert page.count(">Differs</span>") == 1
    assert [(each["day"], each["differs"]) for each in told][:2] == [
        ("2026-03-10", True),
        ("2026-03-09", False),
    ]
    assert (told[0]["theirs"], told[0]["ours"], told[0]["currency"]) == ("5000", "5116", "USD")


def test_somebody_elses_days_are_not_found(program_of, bo, dated):
    answer = program_of(bo).get(reverse("api-equity", args=(dated.portfolio_id, dated.pk)))

    assert answer.status_code == 404


def test_a_day_that_is_not_over_is_left_out(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="10")
    sync(connection)

    today = clock.now().date()
    assert not EquityDay.objects.filter(day__gte=today).exists()
    assert Sync.objects.get().state == "ok"
