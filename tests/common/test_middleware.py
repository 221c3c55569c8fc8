"""What happens around every request."""

import logging

import pytest
import structlog
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from common.clients import client_address


@pytest.fixture
def lines(caplog):
    """Collect the lines that are written about requests."""
    caplog.set_level(logging.DEBUG, logger="common.middleware")

    def written():
        events = [each.msg for each in caplog.records if each.name == "common.middleware"]
        return [event for event in events if event["event"] == "request.finished"]

    return written


@pytest.mark.parametrize("given", ["abcd1234", "0b1c-2d3e_4f5g.6h", "x" * 64])
def test_a_request_id_of_the_caller_is_kept(visitor, given):
    assert visitor.get("/fail/fine", HTTP_X_REQUEST_ID=given)["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "a b c d e f", 'quote"quote"', "ümlautümlaut"]
)
def test_any_other_request_id_is_replaced(visitor, given):
    answer = visitor.get("/fail/fine", HTTP_X_REQUEST_ID=given)

    assert answer["X-Request-ID"] != given
    assert len(answer["X-Request-ID"]) == 32


def test_each_request_leaves_one_line(visitor, lines):
    visitor.get("/fail/fine?token=secret", HTTP_X_REQUEST_ID="request-1234")

    (line,) = lines()
    assert line["milliseconds"] >= 0
    assert {name: line[name] for name in line.keys() - {"milliseconds", "timestamp", "logger"}} == {
        "event": "request.finished",
        "level": "info",
        "method": "GET",
        "route": "fail/<name>",
        "status": 200,
        "user_id": None,
        "request_id": "request-1234",
    }


def test_a_request_that_breaks_leaves_its_line_too(visitor, lines):
    visitor.get("/fail/bug")

    (line,) = lines()
    assert line["status"] == 500


@pytest.mark.parametrize(
    ("path", "level"), [("/healthz", "debug"), ("/static/none.css", "debug"), ("/none", "info")]
)
def test_probes_and_files_are_not_told_with_the_requests_of_people(visitor, lines, path, level):
    visitor.get(path)

    (line,) = lines()
    assert line["level"] == level


def test_an_unknown_address_has_no_route(visitor, lines):
    visitor.get("/secret-of-somebody")

    (line,) = lines()
    assert (line["route"], line["status"]) == (None, 404)


def test_the_line_names_who_was_signed_in(addresses, ada, browser_of, lines):
    browser_of(ada).get("/fail/mine")

    (line,) = lines()
    assert line["user_id"] == str(ada.pk)


def test_the_line_names_the_owner_of_a_token(addresses, ada, lines):
    token = AccessToken.for_user(ada)
    Client().get("/api/fail/fine", HTTP_AUTHORIZATION=f"Bearer {token}")

    (line,) = lines()
    assert line["user_id"] == str(ada.pk)


def test_the_line_costs_no_query(visitor, ada, django_assert_num_queries):
    visitor.cookies["livefolio-session"] = "x" * 32

    with django_assert_num_queries(0):
        visitor.get("/fail/fine")


def test_probes_leave_no_line_at_the_usual_level(visitor, lines):
    visitor.get("/healthz")

    (line,) = lines()
    assert line["level"] == "debug"


def test_the_id_of_a_request_ends_with_it(visitor):
    visitor.get("/fail/fine")

    assert "request_id" not in structlog.contextvars.get_contextvars()


def test_what_depends_on_the_session_is_not_kept(addresses, ada, browser_of):
    answer = browser_of(ada).get("/fail/mine")

    assert answer.content.decode() == ada.email
    assert set(answer["Cache-Control"].split(", ")) == {"private", "no-store"}


def test_what_depends_on_a_token_is_not_kept(visitor):
    answer = visitor.get("/api/fail/fine", HTTP_AUTHORIZATION="Bearer x")

    assert "no-store" in answer["Cache-Control"]


def test_what_is_the_same_for_all_may_be_kept(addresses, ada, browser_of):
    assert "Cache-Control" not in browser_of(ada).get("/fail/fine")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "junk", "192.0.2.1"),
        (1, "203.0.113.9,", "192.0.2.1"),
    ],
)
def test_the_address_of_a_client_is_believed_as_configured(
    rf, settings, proxies, forwarded, expected
):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}

    assert client_address(rf.get("/", REMOTE_ADDR="192.0.2.1", **headers)) == expected


def test_a_client_without_an_address_has_none(rf):
    assert client_address(rf.get("/", REMOTE_ADDR="")) == ""
