"""Log lines: one shape for all, and no secrets in any."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys

import pytest
import structlog

from common.logging import REDACTED, UnknownStyle, line_formatter, logging_settings, redact


def redacted(**event):
    return redact(None, "info", event)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password1",
        "access_token",
        "Authorization",
        "client_secret",
        "Set-Cookie",
        "api_key",
        "apikey",
        "ticket",
        "session_key",
    ],
)
def test_fields_with_telling_names_are_blanked(name):
    assert redacted(**{name: "hunter2"}) == {name: REDACTED}
    assert redacted(request={"headers": [{name: "hunter2"}]}) == {
        "request": {"headers": [{name: REDACTED}]}
    }


@pytest.mark.parametrize(
    "text",
    [
        "GET /ws/v1/stream/?ticket=hunter2&a=1",
        "cannot reach mongodb://livefolio:hunter2@db.example/?w=1",
        "redis://:hunter2@10.0.0.1:6379/0 refused",
        "Authorization: Bearer hunter2hunter2hunter2",
        '{"password": "hunter2"}',
        "password=hunter2",
        "Cookie: sessionid=hunter2; csrftoken=hunter2",
    ],
)
def test_secrets_inside_sentences_are_blanked(text):
    assert "hunter2" not in redacted(event=text)["event"]


def test_everything_else_stays():
    event = {"event": "sync.finished", "trades": 12, "route": "portfolios/<id>/", "token": None}

    assert redacted(**event) == event


def lines_of(style, write):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter(style=style))
    logger = logging.getLogger("a.library")
    logger.addHandler(handler)
    try:
        write(logger)
    finally:
        logger.removeHandler(handler)
    return stream.getvalue().splitlines()


def test_a_librarys_line_becomes_one_line_of_json():
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        (line,) = lines_of("json", lambda log: log.error("went %s", "wrong", extra={"tries": 3}))

    written = json.loads(line)
    assert written["event"] == "went wrong"
    assert (written["level"], written["logger"]) == ("error", "a.library")
    assert (written["tries"], written["request_id"]) == (3, "abc")
    assert written["timestamp"].endswith("Z")


def test_a_line_is_not_repeated_with_codes_for_a_terminal():
    (line,) = lines_of(
        "plain", lambda log: log.warning("Running", extra={"color_message": "\x1b[1mRunning"})
    )

    assert "color_message" not in line


@pytest.mark.parametrize("style", ["json", "plain", "console"])
def test_tracebacks_hold_no_local_variables(style):
    def fail(log):
        known = 12 * "h"
        try:
            int(known[:0])
        except ValueError:
            log.exception("failed")

    written = "\n".join(lines_of(style, fail))

    assert "ValueError" in written
    assert 12 * "h" not in written


def test_an_unknown_style_stops_the_start():
    with pytest.raises(UnknownStyle, match="json, console, plain"):
        logging_settings(level="INFO", style="xml")


SCRIPT = """
import logging, structlog
from common.logging import configure, logging_settings
configure(logging_settings(level="info", style="json"))
structlog.get_logger("ours").info("quote.recorded", count=2)
structlog.get_logger("ours").debug("never.seen")
logging.getLogger("django.request").warning("Not Found: /accounts/reset/secret-link/")
logging.getLogger("django").info("theirs")
logging.getLogger("celery.worker.strategy").info("Task x received")
logging.getLogger("celery.app.trace").info("Task x succeeded")
logging.getLogger("celery.app.trace").error("Task x raised")
"""


def test_ours_and_theirs_go_the_same_way():
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    events = [json.loads(line)["event"] for line in ran.stderr.splitlines()]
    assert events == ["quote.recorded", "theirs", "Task x raised"]
