"""The one ASGI application: what reaches Django, and how its life begins and ends."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.testing import ApplicationCommunicator

from common.redis import close_async_client
from config.asgi import BodyCutShort, application
from realtime.hub import stop_hub
from tests.config.asking import scope

# Requests run in threads that outlive a test, and look after the connections that they have.
pytestmark = pytest.mark.django_db


async def answer(request, *events):
    communicator = ApplicationCommunicator(application, request)
    for event in events or ({"type": "http.request", "body": b""},):
        await communicator.send_input(event)
    start = await communicator.receive_output(10)
    body = b""
    while True:
        event = await communicator.receive_output(10)
        body += event["body"]
        if not event.get("more_body"):
            await communicator.wait(10)
            return start["status"], body


async def test_django_answers_over_http():
    assert await answer(scope()) == (200, b'{"status": "ok"}')


async def test_requests_run_side_by_side():
    answers = await asyncio.gather(*(answer(scope()) for _ in range(20)))

    assert {status for status, _ in answers} == {200}


async def test_an_address_that_is_not_ascii_is_answered():
    status, _ = await answer(scope(query="name=Zürich&x=%20".encode()))

    assert status == 200


async def test_a_header_with_underscores_cannot_pass_for_another():
    forged, honest = (b"x_request_id", b"forged-0123"), (b"x-request-id", b"honest-0123")

    assert await request_id_for(forged) != "forged-0123"
    assert await request_id_for(forged, honest) == "honest-0123"


async def request_id_for(*headers):
    communicator = ApplicationCommunicator(application, scope(headers=headers))
    await communicator.send_input({"type": "http.request", "body": b""})
    start = await communicator.receive_output(10)
    await communicator.wait(10)
    return dict(start["headers"])[b"x-request-id"].decode()


async def test_a_body_that_was_cut_short_is_an_error_and_not_a_shorter_body():
    request = scope(
        "/api/v1/auth/token/",
        method="POST",
        headers=[(b"content-type", b"application/json"), (b"content-length", b"100")],
    )
    communicator = ApplicationCommunicator(application, request)
    await communicator.send_input({"type": "http.request", "body": b"{}", "more_body": True})
    await communicator.send_input({"type": "http.disconnect"})

    start = await communicator.receive_output(10)

    assert start["status"] >= 400
    await communicator.wait(10)


async def test_the_hub_lives_as_long_as_the_process(settings):
    communicator = ApplicationCommunicator(application, {"type": "lifespan"})
    await communicator.send_input({"type": "lifespan.startup"})

    assert await communicator.receive_output(5) == {"type": "lifespan.startup.complete"}

    communicator.stop()
    await stop_hub()
    await close_async_client()


def test_the_error_of_a_short_body_is_one_that_django_expects():
    assert issubclass(BodyCutShort, OSError)


@pytest.mark.parametrize("path", ["/no/such/page/", "/static/no-such-file.css"])
async def test_what_is_not_there_is_not_found(path, db):
    status, _ = await answer(scope(path))

    assert status == 404
