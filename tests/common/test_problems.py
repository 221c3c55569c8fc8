"""Failures as answers."""

import logging

import pytest

PROBLEM = "application/problem+json"
STATUSES = [
    ("invalid", 422, "not-enough-held"),
    ("missing", 404, "not-found"),
    ("conflict", 409, "conflict"),
    ("away", 503, "unavailable"),
    ("http404", 404, "not-found"),
    ("denied", 403, "forbidden"),
    ("suspicious", 400, "malformed"),
    ("large", 413, "too-large"),
    ("no primary", 503, "unavailable"),
    ("commit lost", 503, "unavailable"),
    ("raw driver", 503, "unavailable"),
    ("busy", 503, "unavailable"),
    ("redis", 503, "unavailable"),
    ("bug", 500, "server-error"),
    ("database bug", 500, "server-error"),
]


@pytest.mark.parametrize(("name", "status", "code"), STATUSES)
def test_a_failure_of_the_api_is_a_problem_document(visitor, name, status, code):
    answer = visitor.get(f"/api/fail/{name}")

    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer["Content-Type"] == PROBLEM
    assert body["type"] == f"/problems/{code}"
    assert body["title"]
    assert body["detail"]
    assert "secret" not in answer.content.decode()
    assert "machine" not in answer.content.decode()


@pytest.mark.parametrize(("name", "status", "code"), STATUSES)
def test_a_failure_of_a_page_is_a_page(visitor, name, status, code):
    answer = visitor.get(f"/fail/{name}")

    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    assert "secret" not in answer.content.decode()


def test_our_failures_say_what_and_where(visitor):
    assert visitor.get("/api/fail/invalid").json() == {
        "type": "/problems/not-enough-held",
        "title": "More was sold than was held",
        "status": 422,
        "detail": "You hold 3.",
        "errors": {"quantity": ["At most 3."]},
    }


def test_invalid_fields_are_named_with_their_path(visitor):
    body = {"rows": [{"price": 1}, {"price": "x"}, {}]}

    answer = visitor.post("/api/fail/fine", body, "application/json")

    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "name": ["This field is required."],
        "rows.1.price": ["A valid integer is required."],
        "rows.2.price": ["This field is required."],
    }


def test_what_concerns_no_single_field_is_said_in_the_detail(visitor):
    answer = visitor.post("/api/fail/fine", {"name": "Ada", "rows": []}, "application/json")

    assert answer.json()["detail"] == "Ada is never right."
    assert "errors" not in answer.json()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ("9" * 100_000, "application/json", 400),
        ("\xff", "application/json", 400),
        ('{"name": NaN}', "application/json", 400),
        ("<a/>", "application/xml", 415),
        ("[1]", "application/json", 422),
        ("7", "application/json", 422),
        ("null", "application/json", 422),
        ("", "application/json", 422),
    ],
)
def test_a_body_that_cannot_be_read_is_told_so(visitor, body, kind, status):
    answer = visitor.generic("POST", "/api/fail/fine", body.encode("latin-1"), kind)

    assert answer.status_code == status
    assert answer["Content-Type"] == PROBLEM


def test_waiting_times_are_told(visitor):
    assert visitor.get("/api/fail/throttled")["Retry-After"] == "8"
    assert visitor.get("/api/fail/away")["Retry-After"] == "5"
    assert visitor.get("/fail/away")["Retry-After"] == "5"


def test_a_method_that_is_not_offered_lists_those_that_are(visitor):
    answer = visitor.put("/api/fail/fine")

    assert answer.status_code == 405
    assert answer["Content-Type"] == PROBLEM
    assert "GET" in answer["Allow"]


def test_an_address_of_the_api_that_does_not_exist_is_a_problem(visitor):
    answer = visitor.get("/api/v1/nothing/")

    assert answer.status_code == 404
    assert answer["Content-Type"] == PROBLEM


def test_the_browsable_api_wraps_problems_in_its_page(visitor):
    answer = visitor.get("/api/fail/invalid", HTTP_ACCEPT="text/html")

    assert answer.status_code == 422
    assert answer["Content-Type"].startswith("text/html")
    assert "not-enough-held" in answer.content.decode()


@pytest.mark.parametrize("path", ["/api/fail/bug", "/fail/bug"])
def test_a_bug_is_logged_once_with_its_traceback(visitor, caplog, path):
    visitor.get(path)

    traced = [each for each in caplog.records if each.exc_info and each.levelno >= logging.ERROR]
    assert len(traced) == 1
