"""Faults that are put in the way of answers: what real brokers do on bad days."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Answer:
    """An answer that is about to be sent."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    #: How long nothing is said first.
    stall_seconds: float = 0.0
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
    if given["mode"] not in MODES:
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


def apply(fault: Fault, good: Answer, *, last_page: Answer | None, now: float) -> Answer:
    """Turn a good answer into what the fault makes of it."""
    return MODES[fault.mode](fault.args, good, last_page, now)


def _status(args: Any, _good: Answer, _last: Any, _now: float) -> Answer:
    status = int(args.get("status", 500))
    if args.get("html"):
        return Answer(b"<html><h1>Sorry</h1></html>", status, {"content-type": "text/html"})
    return answer({"message": args.get("message", "trouble")}, status)


def _rate_limit(args: Any, _good: Answer, _last: Any, now: float) -> Answer:
    limited = answer({"code": 42910000, "message": "rate limit exceeded"}, 429)
    seconds = float(args.get("seconds", 1))
    if args.get("header", "reset") == "reset":
        limited.headers["x-ratelimit-reset"] = str(int(now + seconds + 1))
    else:
        limited.headers["retry-after"] = str(int(seconds))
    return limited


def _stall(args: Any, good: Answer, _last: Any, _now: float) -> Answer:
    good.stall_seconds = float(args.get("seconds", 1))
    return good


def _truncate(_args: Any, good: Answer, _last: Any, _now: float) -> Answer:
    half = len(good.body) // 2
    return Answer(good.body[:half], good.status, good.headers, cut=len(good.body) - half)


def _cut_json(_args: Any, good: Answer, _last: Any, _now: float) -> Answer:
    return Answer(good.body[: len(good.body) // 2], good.status, good.headers)


def _html(_args: Any, _good: Answer, _last: Any, _now: float) -> Answer:
    return Answer(b"<html>Maintenance</html>", 200, {"content-type": "text/html"})


def _empty(_args: Any, _good: Answer, _last: Any, _now: float) -> Answer:
    return answer([])


def _lose_rows(_args: Any, good: Answer, _last: Any, _now: float) -> Answer:
    """Leave out the first half of a list, as if it had moved between two pages."""
    rows = json.loads(good.body)
    return answer(rows[len(rows) // 2 :])


def _duplicate(_args: Any, good: Answer, last: Answer | None, _now: float) -> Answer:
    return last or good


def _drift(args: Any, good: Answer, _last: Any, _now: float) -> Answer:
    """Change fields of one row of a list: `{"row": 0, "fields": {"qty": "many"}}`."""
    rows = json.loads(good.body)
    if isinstance(rows, list) and rows:
        row = rows[int(args.get("row", 0)) % len(rows)]
        for name, value in args.get("fields", {"brand_new": True}).items():
            if value is None:
                row.pop(name, None)
            else:
                row[name] = value
    return answer(rows)


MODES = {
    "status": _status,
    "rate_limit": _rate_limit,
    "stall": _stall,
    "truncate": _truncate,
    "cut_json": _cut_json,
    "html": _html,
    "empty": _empty,
    "lose_rows": _lose_rows,
    "duplicate_page": _duplicate,
    "drift": _drift,
}
