"""Faults that are put in the way of answers: what real brokers do on bad days."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from xml.etree import ElementTree as ET

#: What houses call the list in an answer that has one.
_LISTS = ("data", "rows", "balances")


@dataclass(slots=True)
class Answer:
    """An answer that is about to be sent."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    #: How long nothing is said first.
    stall_seconds: float = 0.0
    #: How long nothing more is said in the middle of the body.
    pause_seconds: float = 0.0
    #: How many bytes more are announced than are sent.
    cut: int = 0


def answer(content: Any, status: int = 200) -> Answer:
    """Answer in JSON."""
    return Answer(json.dumps(content).encode(), status, {"content-type": "application/json"})


@dataclass(slots=True)
class Fault:
    """One kind of trouble, for the questions that it matches, so many times."""

    mode: str
    path: str = ""
    method: str = ""
    key_id: str = ""
    times: int | None = 1
    probability: float = 1.0
    args: dict[str, Any] = field(default_factory=dict)
    #: How many matching questions are answered well first.
    skip: int = 0

    def meets(self, *, method: str, path: str, key_id: str, chance: random.Random) -> bool:
        """Say whether a question gets it, and count."""
        if self.times == 0 or (self.method and self.method != method):
            return False
        if not re.search(self.path, path) or (self.key_id and self.key_id != key_id):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if chance.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True


def read_fault(given: dict[str, Any]) -> Fault:
    """Read a fault as the control API takes it; KeyError or ValueError if it is none."""
    if given["mode"] not in MODES.keys() | SOCKET_MODES:
        raise ValueError(f"There is no mode {given['mode']}.")
    match = given.get("match", {})
    return Fault(
        mode=given["mode"],
        path=match.get("path_regex", ""),
        method=match.get("method", ""),
        key_id=match.get("account", ""),
        times=given.get("times", 1),
        probability=given.get("probability", 1.0),
        args=given.get("args", {}),
        skip=given.get("skip", 0),
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fault may need to know.

    Attributes:
        good: what would be answered without it.
        last_page: what was answered to the same path before.
        now: in seconds since 1970.
        refuse: the house's own form of an error, from a status and a message.
    """

    good: Answer
    last_page: Answer | None
    now: float
    refuse: Callable[[int, str], Answer]


def apply(fault: Fault, scene: Scene) -> Answer:
    """Turn a good answer into what the fault makes of it."""
    return MODES[fault.mode](fault.args, scene)


def _status(args: Any, scene: Scene) -> Answer:
    status = int(args.get("status", 500))
    if args.get("html"):
        return Answer(b"<html><h1>Sorry</h1></html>", status, {"content-type": "text/html"})
    refused = scene.refuse(status, args.get("message", "trouble"))
    if fields := args.get("fields"):
        return answer(json.loads(refused.body) | fields, status)
    return refused


def _rate_limit(args: Any, scene: Scene) -> Answer:
    """Ask for a pause; `header` says how: `reset`, `after` or `date`."""
    limited = scene.refuse(int(args.get("status", 429)), "rate limit exceeded")
    seconds = float(args.get("seconds", 1))
    header = args.get("header", "reset")
    if header == "reset":
        limited.headers["x-ratelimit-reset"] = str(int(scene.now + seconds + 1))
    elif header == "date":
        limited.headers["retry-after"] = formatdate(scene.now + seconds + 1, usegmt=True)
    else:
        limited.headers["retry-after"] = str(int(seconds))
    return limited


def _stall(args: Any, scene: Scene) -> Answer:
    seconds = float(args.get("seconds", 1))
    if args.get("inside"):
        scene.good.pause_seconds = seconds
    else:
        scene.good.stall_seconds = seconds
    return scene.good


def _truncate(args: Any, scene: Scene) -> Answer:
    """Break off in the middle, or after `keep` bytes."""
    good = scene.good
    kept = good.body[: int(args.get("keep", len(good.body) // 2))]
    return Answer(kept, good.status, good.headers, cut=len(good.body) - len(kept))


def _redirect(args: Any, _scene: Scene) -> Answer:
    return Answer(b"", 302, {"location": str(args["to"])})


def _cut(_args: Any, scene: Scene) -> Answer:
    good = scene.good
    return Answer(good.body[: len(good.body) // 2], good.status, good.headers)


def _html(_args: Any, _scene: Scene) -> Answer:
    return Answer(b"<html>Maintenance</html>", 200, {"content-type": "text/html"})


def _empty(_args: Any, scene: Scene) -> Answer:
    return _with_rows(scene.good, lambda _rows: [])


def _lose_rows(_args: Any, scene: Scene) -> Answer:
    """Leave out the first half of a list, as if it had moved between two pages."""
    return _with_rows(scene.good, lambda rows: rows[len(rows) // 2 :])


def _duplicate(_args: Any, scene: Scene) -> Answer:
    return scene.last_page or scene.good


def _drift(args: Any, scene: Scene) -> Answer:
    """Change fields of one row of a list: `{"row": 0, "fields": {"qty": "many"}}`.

    In XML, `tag` says which elements are meant.
    """

    def change(rows: list[Any]) -> list[Any]:
        if rows:
            row = rows[int(args.get("row", 0)) % len(rows)]
            for name, value in args.get("fields", {"brand_new": True}).items():
                if value is None:
                    row.pop(name, None)
                else:
                    row[name] = value
        return rows

    return _with_rows(scene.good, change, tag=str(args.get("tag", "")))


def _with_rows(good: Answer, change: Callable[[list[Any]], list[Any]], *, tag: str = "") -> Answer:
    """Change the list that an answer is, or has by one of the usual names; else it stays as it is.

    In XML it is all elements of a tag, or else all that have an id of a transaction. What another
    fault has broken already stays as broken as it is.
    """
    try:
        if "xml" in good.headers["content-type"]:
            return Answer(_with_elements(good.body, change, tag), good.status, good.headers)
        content = json.loads(good.body)
    except (ValueError, ET.ParseError):
        return good
    if isinstance(content, list):
        return answer(change(content))
    for name in _LISTS:
        if isinstance(content.get(name), list):
            return answer(content | {name: change(content[name])})
    return good


def _with_elements(body: bytes, change: Callable[[list[Any]], list[Any]], tag: str) -> bytes:
    root = ET.fromstring(body)  # noqa: S314 - our own
    found = [
        (section, element)
        for section in root.iter()
        for element in section
        if (element.tag == tag if tag else "transactionID" in element.attrib)
    ]
    left = change([element.attrib for _, element in found])
    for section, element in found:
        if not any(element.attrib is values for values in left):
            section.remove(element)
    return ET.tostring(root)


MODES: Mapping[str, Callable[[Any, Scene], Answer]] = {
    "status": _status,
    "rate_limit": _rate_limit,
    "stall": _stall,
    "truncate": _truncate,
    "cut_json": _cut,
    "html": _html,
    "empty": _empty,
    "lose_rows": _lose_rows,
    "duplicate_page": _duplicate,
    "drift": _drift,
    "redirect": _redirect,
}

#: What befalls a WebSocket once it has said `after` messages (0): it says `text` and hangs up
#: (`refuse`), says nothing more (`mute`), is gone without a word (`drop`), or says each message
#: twice and the first one again (`repeat`).
SOCKET_MODES = frozenset({"refuse", "mute", "drop", "repeat"})
