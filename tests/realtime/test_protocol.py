"""The wire: what is read, what is written, and that it is documented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from realtime import protocol
from realtime.protocol import BadMessage, CloseCode

DOCUMENT = (Path(__file__).parents[2] / "docs" / "live-protocol.md").read_text()
KEY = "6b04c4cb6c1f33a99dfb531e"


CLIENTS, _, REST = DOCUMENT.partition("## What the server sends")
SERVERS, _, _ = REST.partition("### A quote")


@pytest.mark.parametrize(
    ("message", "section"),
    [(each, CLIENTS) for each in get_args(protocol.ClientMessage)]
    + [(each, SERVERS) for each in get_args(protocol.ServerMessage)],
)
def test_every_message_and_field_is_documented(message, section):
    hints = get_type_hints(message)
    (kind,) = get_args(hints.pop("type"))

    rows = [line for line in section.splitlines() if line.startswith(f"| `{kind}` |")]

    assert len(rows) == 1
    # An unsubscription has the fields of the subscription above it.
    assert [name for name in hints if f"`{name}`" not in rows[0] + CLIENTS] == []


@pytest.mark.parametrize(
    "part",
    [
        protocol.QuoteFields,
        protocol.PortfolioFields,
        protocol.PositionFields,
        protocol.JobFields,
    ],
)
def test_every_part_of_a_message_is_documented(part):
    assert [name for name in get_type_hints(part) if f"`{name}`" not in DOCUMENT] == []


@pytest.mark.parametrize("code", CloseCode)
def test_every_close_code_is_documented(code):
    assert f"| {code.value} |" in DOCUMENT


@pytest.mark.parametrize(
    "limit",
    [
        f"{protocol.MAX_FRAME_BYTES:,} bytes",
        f"{protocol.MAX_MESSAGES_PER_SECOND} messages",
        f"{protocol.MAX_INSTRUMENTS} instruments",
        f"{protocol.MAX_PORTFOLIOS} portfolios",
        f"{protocol.MAX_JOBS} jobs",
        f"{protocol.MAX_CONNECTIONS_PER_USER} connections",
    ],
)
def test_every_limit_is_documented(limit):
    assert limit in DOCUMENT


def test_a_subscription_is_read_without_doubles():
    text = json.dumps({"type": "subscribe", "instruments": [KEY, KEY.upper()], "more": 1})

    assert protocol.parse(text) == {
        "type": "subscribe",
        "instruments": [KEY],
        "portfolios": [],
        "jobs": [],
        "inbox": False,
    }


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"type": 1}', '{"type": "quotes"}', '{"type": "subscribe", "inbox": 1}'],
)
def test_what_is_no_message_is_refused(text):
    with pytest.raises(BadMessage):
        protocol.parse(text)


FRAMES = [
    (protocol.Snapshot, protocol.snapshot_frame(at="now", quotes="{}", portfolios="{},{}")),
    (protocol.Quotes, protocol.quotes_frame(at="now", quotes="{},{}")),
    (protocol.Portfolio, protocol.portfolio_frame(at="now", portfolio="{}")),
    (protocol.Job, protocol.job_frame(job="{}")),
    (protocol.Inbox, protocol.inbox_frame(unread=3)),
    (protocol.Reload, protocol.reload_frame(topic="imports", key=KEY)),
]


@pytest.mark.parametrize(("declared", "rest"), FRAMES)
def test_frames_have_the_fields_they_declare(declared, rest):
    frame = json.loads(protocol.numbered(7, rest))

    hints = get_type_hints(declared)
    assert frame.keys() == hints.keys()
    assert get_args(hints["type"]) == (frame["type"],)
    assert frame["seq"] == 7
