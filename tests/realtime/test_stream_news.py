"""What the live stream tells of: the end of a session, jobs, and changed portfolios."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from accounts.models import User
from brokers.models import ImportRun
from brokers.services import intake
from common import clock
from marketdata import services as market
from marketdata.adapters.base import DailyClose
from portfolios.services import ledger, recalculation
from realtime import broadcast
from realtime.protocol import CloseCode
from tests import factories
from tests.realtime.conftest import ask, quote

pytestmark = pytest.mark.django_db


async def test_signing_out_closes_that_browsers_connections_only(connected, browser_of, ada):
    here, elsewhere = await ask(browser_of, ada), await ask(browser_of, ada)
    first, second = await connected(here), await connected(elsewhere)
    await both_are_heard(first, second)

    await ask(here.post, "/accounts/logout/")

    assert await first.close_code() == CloseCode.NOT_SIGNED_IN
    await second.say({"type": "ping"})
    await second.hear("pong")


async def both_are_heard(*sockets):
    """Wait until the hub listens to the user's group, by way of a message that comes over it."""
    await asyncio.sleep(0.2)
    for socket in sockets:
        await socket.say({"type": "ping"})
        await socket.hear("pong")


async def test_another_password_closes_all_connections(connected, browser_of, ada):
    first = await connected(await ask(browser_of, ada))
    second = await connected(await ask(browser_of, ada))
    await both_are_heard(first, second)

    def change_password():
        user = User.objects.get(pk=ada.pk)
        user.set_password("another long pass phrase")
        user.save()

    await ask(change_password)

    assert await first.close_code() == CloseCode.NOT_SIGNED_IN
    assert await second.close_code() == CloseCode.NOT_SIGNED_IN


async def test_a_job_is_told_to_its_owner_alone(connected, browser_of, ada, bo):
    mine = await connected(await ask(browser_of, ada))
    other = await connected(await ask(browser_of, bo))
    await both_are_heard(mine, other)
    job = {
        "id": "1",
        "kind": "import",
        "portfolio": "2",
        "state": "preview",
        "done": 5,
        "total": 5,
        "counts": {"new": 5},
        "error": None,
    }

    await broadcast.job_progressed(user_id=str(ada.pk), job=job, has_ended=True)

    assert (await mine.hear("job"))["job"] == job
    assert (await mine.hear("reload"))["topic"] == "imports"
    assert await other.hears_nothing()


def open_import(owner):
    return intake.open_import(
        factories.make_portfolio(owner).pk,
        owner_id=owner.pk,
        file_name="rows.csv",
        chunks=[b"x"],
        creates_instruments=False,
        now=clock.now(),
    )


async def test_who_comes_late_is_told_where_a_job_stands(connected, browser_of, ada):
    run = await ask(open_import, ada)
    socket = await connected(await ask(browser_of, ada))
    # It ends between the page and the connection, and nobody hears of it.
    await ask(ImportRun.objects.update, state="preview", rows_total=3)

    await socket.say({"type": "subscribe", "jobs": [str(run.pk)]})

    assert (await socket.hear("snapshot"))["quotes"] == []
    job = (await socket.hear("job"))["job"]
    assert (job["id"], job["state"], job["total"]) == (str(run.pk), "preview", 3)


async def test_a_snapshot_tells_of_jobs_too_until_they_are_given_up(connected, browser_of, ada):
    run = await ask(open_import, ada)
    socket = await connected(await ask(browser_of, ada))
    await socket.say({"type": "subscribe", "jobs": [str(run.pk)]})
    await socket.hear("job")
    while not await socket.hears_nothing():
        # The hub has told it once more when it began to hear what concerns Ada.
        await socket.hear("job")
    await ask(ImportRun.objects.update, state="refused")

    await socket.say({"type": "snapshot"})

    assert (await socket.hear("job"))["job"]["state"] == "refused"
    await socket.say({"type": "unsubscribe", "jobs": [str(run.pk)]})
    await socket.say({"type": "snapshot"})
    await socket.hear("snapshot")
    assert await socket.hears_nothing()


async def test_a_job_of_somebody_else_does_not_exist(connected, browser_of, ada, bo):
    run = await ask(open_import, bo)
    socket = await connected(await ask(browser_of, ada))

    await socket.say({"type": "subscribe", "jobs": [str(run.pk)]})

    assert (await socket.hear("error"))["code"] == "not-found"
    assert await socket.hears_nothing()


async def test_a_portfolios_worth_follows_prices_and_rates(connected, browser_of, ada):
    portfolio, acme, pair = await ask(make_holdings, ada)
    socket = await connected(await ask(browser_of, ada))
    await socket.say({"type": "subscribe", "portfolios": [str(portfolio.pk)]})
    before = (await socket.hear("snapshot"))["portfolios"][0]

    worth = {"total": None}
    for _ in range(50):
        await broadcast.quotes_recorded(
            [
                quote(acme.pk, "12.00"),
                quote(pair.pk, "1.25", previous_close=Decimal("1.20")),
            ]
        )
        frame = await socket.hear("portfolio")
        worth = frame["portfolio"]
        if worth["total"] == "96.00":
            break

    assert (before["total"], before["status"]) == ("80.00", "complete")
    # 10 × 12.00 USD at 1.25 USD for a EUR, after 10 × 8.00 USD at 1.20.
    assert worth["total"] == "96.00"
    assert worth["day_change"] == "29.33"
    assert worth["positions"][0]["weight"] == "1.000000"
    assert worth["positions"][0]["price"] == "12.00"


def make_holdings(owner):
    """Ten shares that cost and were last worth 80 EUR; no cash is kept."""
    acme = factories.make_instrument("ACME")
    factories.make_closes(acme, {"2026-01-05": "8.00", "2026-02-27": "8.00"})
    pair = factories.make_pair("EUR/USD")
    factories.make_closes(pair, {"2026-01-05": "1.00", "2026-02-27": "1.00"})
    portfolio = factories.make_portfolio(owner, base_currency="EUR", tracks_cash=False)
    record(portfolio, factories.buy(acme, "10", "8.00"))
    return portfolio, acme, pair


def record(portfolio, draft):
    ledger.record_transaction(portfolio.pk, draft=draft, now=factories.NOW)
    recalculation.recalculate(portfolio.pk, today=factories.TODAY, now=factories.NOW)


async def test_a_change_of_the_ledger_reaches_the_page(connected, browser_of, ada):
    portfolio, acme, _ = await ask(make_holdings, ada)
    socket = await connected(await ask(browser_of, ada))
    await socket.say({"type": "subscribe", "portfolios": [str(portfolio.pk)]})
    await socket.hear("snapshot")
    await both_are_heard(socket)

    await ask(record, portfolio, factories.buy(acme, "5", "8.00", "2026-01-06"))

    reload = await socket.hear("reload", topic="holdings")
    frame = await socket.hear("portfolio")
    assert reload["id"] == str(portfolio.pk)
    assert frame["portfolio"]["total"] == "120.00"


async def test_a_price_that_is_recorded_by_hand_is_seen_at_once_and_gone_when_it_is_deleted(
    connected, browser_of, ada
):
    house = await ask(factories.make_instrument, "HOUSE", owner=ada, mic="")
    portfolio = await ask(factories.make_portfolio, ada, tracks_cash=False)
    await ask(record, portfolio, factories.buy(house, "2", "8.00"))
    socket = await connected(await ask(browser_of, ada))
    watched = {"instruments": [str(house.pk)], "portfolios": [str(portfolio.pk)]}
    await socket.say({"type": "subscribe"} | watched)
    snapshot = await socket.hear("snapshot")
    await both_are_heard(socket)

    for price, total in (("100.00", "200.00"), ("120.00", "240.00")):
        await ask(record_price, house, price)
        await until_told(socket, price=price, total=total)
    await ask(
        market.delete_price, house.pk, owner_id=ada.pk, day=factories.TODAY, now=factories.NOW
    )
    await until_told(socket, price="120.00", total=None)

    assert (snapshot["quotes"], snapshot["portfolios"][0]["total"]) == ([], None)


def record_price(house, price):
    made = DailyClose(date=factories.TODAY, close=Decimal(price))
    market.record_price(house.pk, owner_id=house.owner_id, price=made, now=factories.NOW)


async def until_told(socket, *, price, total):
    """Wait until these are the newest price and total; either may be told first."""
    while newest(socket, "portfolio", lambda frame: frame["portfolio"]["total"]) != total:
        await socket.hear("portfolio")
    while newest(socket, "quotes", lambda frame: frame["quotes"][0]["price"]) != price:
        await socket.hear("quotes")


def newest(socket, kind, read):
    told = [read(frame) for frame in socket.frames if frame["type"] == kind]
    return told[-1] if told else "nothing yet"
