"""Which pages may open the live stream with a visitor's cookie."""

from __future__ import annotations

import pytest

from realtime.origins import OriginGate

HOST = "folio.example:8443"


@pytest.fixture
def knock(settings):
    """Return a function that knocks as a page of an origin would; tells whether it was let in."""
    settings.ALLOWED_HOSTS = ["folio.example", "127.0.0.1", "localhost"]

    async def knock(origin, *, host=HOST, scheme="wss", query=b"", forwarded=None):
        said = []
        events = iter(["websocket.connect", "websocket.disconnect"])

        async def application(_scope, _receive, _send):
            said.append("let in")

        async def receive():
            return {"type": next(events), "code": 1000}

        async def send(message):
            said.append(message["type"])

        given = {"host": host, "origin": origin, "x-forwarded-proto": forwarded}
        scope = {
            "type": "websocket",
            "scheme": scheme,
            "path": "/ws/v1/stream/",
            "query_string": query,
            "headers": [(name.encode(), text.encode()) for name, text in given.items() if text],
        }
        await OriginGate(application)(scope, receive, send)
        assert said in (["let in"], ["websocket.close"])
        return said == ["let in"]

    return knock


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        ("https://folio.example:8443", True),
        ("https://FOLIO.example:8443", False),
        ("https://folio.example:9443", False),
        ("https://folio.example", False),
        ("http://folio.example:8443", False),
        ("https://evil.example:8443", False),
        ("https://folio.example:8443.evil.example", False),
        ("https://folio.example:8443/", False),
        ("null", False),
        (None, False),
    ],
)
async def test_scheme_host_and_port_must_be_the_site_s_own(knock, origin, is_let_in):
    assert await knock(origin) is is_let_in


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123"])
async def test_a_demo_without_tls_is_reached_by_each_of_its_names(knock, host):
    assert await knock(f"http://{host}", host=host, scheme="ws")
    assert not await knock("http://127.0.0.1:9999", host=host, scheme="ws")


async def test_a_name_that_was_made_to_point_here_is_nobody_s_own(knock):
    assert not await knock("https://rebound.example", host="rebound.example")


@pytest.mark.parametrize(("forwarded", "is_let_in"), [("https", True), ("http", False)])
async def test_behind_a_proxy_the_scheme_is_the_one_it_names(knock, settings, forwarded, is_let_in):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    answer = await knock(
        "https://folio.example", host="folio.example", scheme="ws", forwarded=forwarded
    )

    assert answer is is_let_in


async def test_the_word_of_a_proxy_counts_only_if_there_is_one(knock):
    assert not await knock(
        "https://folio.example", host="folio.example", scheme="ws", forwarded="https"
    )


async def test_trusted_origins_are_let_in_as_they_are_written(knock, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://other.example:444"]

    assert await knock("https://other.example:444", host="10.0.0.5")
    assert not await knock("https://other.example", host="10.0.0.5")


async def test_a_ticket_replaces_the_origin_but_excuses_none(knock):
    assert await knock(None, query=b"ticket=x")
    assert not await knock("https://evil.example", query=b"ticket=x")
