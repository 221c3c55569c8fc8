"""What is answered before Django: never older than one's own last write, never to the wrong one."""

from __future__ import annotations

import asyncio
import json
import random
from decimal import Decimal

import pytest
from a2wsgi import WSGIMiddleware
from django.db import OperationalError
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisGone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from common import freshness, redis
from common.redis import close_async_client
from config.asgi import wsgi_application
from config.hot_reads import HotReads
from portfolios.services import ledger, recalculation
from realtime.admission import in_database
from tests import factories
from tests.config.asking import asked, get, get_whole, scope, token_of
from tests.factories import NOW, TODAY, buy

pytestmark = pytest.mark.django_db(transaction=True)

SUMMARY = "/api/v1/portfolios/{}/summary/"


@pytest.fixture(autouse=True)
async def _own_client():
    await redis.async_client().flushdb()
    yield
    await close_async_client()


@pytest.fixture
def app():
    """The application as it runs, with threads that end with the test."""
    django = WSGIMiddleware(wsgi_application, workers=4)
    yield HotReads(django)
    django.executor.shutdown()


@pytest.fixture
def portfolio(ada):
    acme = factories.make_instrument("ACME", last_close=Decimal(20), last_close_date=TODAY)
    made = factories.make_portfolio(ada)
    ledger.record_transaction(made.pk, draft=buy(acme, "10", "15"), now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return made


class Counting:
    """An application that says how often it was asked, and how its store stands."""

    def __init__(self):
        self.asked = 0
        self.version = 0
        self.dice = random.Random(7)  # noqa: S311 - chance, not secrets

    async def __call__(self, _scope, _receive, send):
        self.asked += 1
        version = self.version
        await asyncio.sleep(self.dice.uniform(0, 0.004))
        body = json.dumps(version).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


async def test_many_who_ask_at_once_ask_django_once(ada):
    inner = Counting()
    app, token = HotReads(inner), token_of(ada)
    request = asked("/api/v1/quotes/", token)
    await freshness.renew_soon(str(ada.pk))

    answers = await asyncio.gather(*(get(request, app) for _ in range(50)))
    later = await get(request, app)

    assert {*answers, later} == {(200, b"0")}
    assert inner.asked == 1


@settings(max_examples=15)
@given(
    st.lists(
        st.lists(st.sampled_from("rrrw"), min_size=1, max_size=8).map("".join),
        min_size=2,
        max_size=6,
    )
)
def test_no_reader_sees_what_is_older_than_a_write_that_was_answered(scripts):
    async def act():
        inner = Counting()
        # Several processes, as far as they share nothing but Redis.
        apps = [HotReads(inner), HotReads(inner)]
        user = "6500000000000000000000aa"
        token = AccessToken()
        token["user_id"], token["hash_password"] = user, "x"
        request = asked("/api/v1/quotes/", str(token))
        answered = 0

        async def follow(script, app):
            nonlocal answered
            for step in script:
                if step == "w":
                    await asyncio.sleep(inner.dice.uniform(0, 0.003))
                    inner.version += 1
                    written = inner.version
                    await asyncio.sleep(inner.dice.uniform(0, 0.002))
                    await freshness.renew_soon(user)
                    answered = max(answered, written)
                else:
                    least = answered
                    _, body = await get(request, app)
                    assert int(body) >= least

        await asyncio.gather(
            *(follow(script, apps[place % 2]) for place, script in enumerate(scripts))
        )
        await close_async_client()

    asyncio.run(act())


async def test_an_own_write_is_seen_in_the_next_answer(ada, portfolio, app):
    request = asked(SUMMARY.format(portfolio.pk), token_of(ada))
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token_of(ada)}")
    before = json.loads((await get(request, app))[1])

    def record():
        return client.post(
            f"/api/v1/portfolios/{portfolio.pk}/transactions/",
            {"kind": "deposit", "trade_date": "2026-01-06", "amount": "500", "currency": "USD"},
            format="json",
        )

    assert json.loads((await get(request, app))[1]) == before
    answer = await in_database(record)
    after = json.loads((await get(request, app))[1])

    assert answer.status_code == 201
    assert after["revision"] > before["revision"] or after["is_recalculating"]


async def test_nobody_gets_in_who_is_deactivated_or_has_another_password(ada, portfolio, app):
    token = token_of(ada)
    request = asked(SUMMARY.format(portfolio.pk), token)
    assert (await get(request, app))[0] == 200

    def change(**fields):
        user = User.objects.get(pk=ada.pk)
        for name, value in fields.items():
            setattr(user, name, value)
        user.save()

    await in_database(change, is_active=False)
    inactive, _ = await get(request, app)
    await in_database(change, is_active=True)
    active, _ = await get(request, app)
    ada.set_password("another horse")
    await in_database(change, password=ada.password)
    fresh = await in_database(lambda: token_of(User.objects.get(pk=ada.pk)))
    with_new, _ = await get(asked(SUMMARY.format(portfolio.pk), fresh), app)
    with_old, _ = await get(request, app)

    assert (inactive, active, with_new, with_old) == (401, 200, 200, 401)


async def test_django_is_asked_for_what_it_alone_knows(ada, bo, portfolio, app, monkeypatch):
    """The first answer shows its headers; from then on a summary needs only the data."""
    request = asked(SUMMARY.format(portfolio.pk), token_of(ada))
    asked_of_django = []
    django = app._application

    async def noted(scope, receive, send):
        asked_of_django.append(scope["path"])
        await django(scope, receive, send)

    monkeypatch.setattr(app, "_application", noted)
    monkeypatch.setattr("common.clock.now", lambda: NOW)

    first = await get_whole(request, app)
    await freshness.renew_soon(str(ada.pk))
    second = await get_whole(request, app)

    assert first == second
    assert asked_of_django == [request["path"]]
    for other in (
        asked(request["path"], token_of(ada), query=b"explain=1"),
        asked(request["path"], token_of(ada), accept_language="de"),
        asked(request["path"], token_of(bo)),
    ):
        await get(other, app)
    assert len(asked_of_django) == 4


async def test_without_the_database_django_says_so(ada, portfolio, app, monkeypatch):
    request = asked(SUMMARY.format(portfolio.pk), token_of(ada))
    await get(request, app)
    await freshness.renew_soon(str(ada.pk))

    def fail(*_args, **_options):
        raise OperationalError

    monkeypatch.setattr("config.hot_summaries.summary_bodies", fail)

    assert (await get(request, app))[0] == 200


async def test_a_stranger_and_bad_tokens_get_what_django_says(ada, bo, portfolio, app):
    path = SUMMARY.format(portfolio.pk)
    good = token_of(ada)
    assert (await get(asked(path, good), app))[0] == 200
    expired = AccessToken.for_user(ada)
    expired.set_exp(lifetime=-expired.lifetime)
    header, claims, _ = good.split(".")

    assert (await get(asked(path, token_of(bo)), app))[0] == 404
    assert (await get(asked(path, f"{header}.{claims}.{'A' * 43}"), app))[0] == 401
    assert (await get(asked(path, str(expired)), app))[0] == 401
    assert (await get(asked(path, ""), app))[0] == 401
    assert (await get(scope(path), app))[0] == 401
    assert (await get(asked(path, good, host="evil.test"), app))[0] == 400


async def test_a_price_of_ones_own_is_quoted_as_soon_as_it_is_recorded(ada, app):
    house = await in_database(factories.make_instrument, "HOUSE", mic="", owner=ada)
    request = asked("/api/v1/quotes/", token_of(ada), query=f"ids={house.pk}".encode())
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token_of(ada)}")
    assert json.loads((await get(request, app))[1]) == {"quotes": []}

    def price():
        client.post(
            f"/api/v1/instruments/{house.pk}/prices/",
            {"prices": [{"date": "2026-01-06", "close": "250000"}]},
            format="json",
        )

    await in_database(price)

    assert json.loads((await get(request, app))[1])["quotes"][0]["price"] == "250000"


async def test_without_redis_django_answers(ada, portfolio, app, monkeypatch):
    class Gone:
        def __getattr__(self, _name):
            async def fail(*_args, **_options):
                raise RedisGone

            return fail

    monkeypatch.setattr(redis, "async_client", Gone)

    status, body = await get(asked(SUMMARY.format(portfolio.pk), token_of(ada)), app)

    assert (status, json.loads(body)["total"]) == (200, "50")


async def test_an_answer_is_kept_with_what_it_hangs_on(ada):
    inner = Counting()
    app, token = HotReads(inner), token_of(ada)
    for request in (
        asked("/api/v1/quotes/", token, query=b"ids=1"),
        asked("/api/v1/quotes/", token, query=b"ids=2"),
        asked("/api/v1/quotes/", token, query=b"ids=1", x_forwarded_proto="https"),
        asked("/api/v1/quotes/", token, query=b"ids=1", accept="text/html"),
        asked("/api/v1/instruments/", token),
    ):
        await get(request, app)

    assert inner.asked == 5
