"""OpenFIGI on the loopback: it speaks the mapping of its version 3, and counts who asks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from marketdata.domain.instruments import is_isin
from tests.remote_server import RemoteServer, Said, remote_server

KEY = "the key"
NOTHING = {"warning": "No identifier found."}
#: Three that are published: (share class, figi, symbol, name).
IBM = ("BBG001S5S399", "BBG000BLNNH6", "IBM", "INTL BUSINESS MACHINES CORP")
AMAZON = ("BBG001S5PQL7", "BBG000BVPV84", "AMZN", "AMAZON.COM INC")
APPLE = ("BBG001S5N8V8", "BBG000B9XRY4", "AAPL", "APPLE INC")


def row_of(share: tuple[str, str, str, str], **fields: Any) -> dict[str, Any]:
    """Write a row as it is published."""
    share_class, figi, symbol, name = share
    known = {
        "figi": figi,
        "name": name,
        "ticker": symbol,
        "exchCode": "US",
        "compositeFIGI": figi,
        "securityType": "Common Stock",
        "marketSector": "Equity",
        "shareClassFIGI": share_class,
        "securityType2": "Common Stock",
        "securityDescription": symbol,
    }
    return known | fields


class OpenFigi:
    """What it knows, by ISIN or by (symbol, place), and how much it takes."""

    def __init__(self, remote: RemoteServer) -> None:
        self._remote = remote
        self.url = remote.url
        self.known: dict[object, list[dict[str, Any]]] = {}
        self.most_jobs = {"": 10, KEY: 100}
        #: So many more questions are answered until it wants a pause.
        self.left = 1_000
        remote.respond = self._respond

    @property
    def jobs(self) -> list[list[dict[str, str]]]:
        """All that it was asked, question by question."""
        return [json.loads(body) for body in self._remote.posted]

    def _respond(self, path: str, headers: Mapping[str, str]) -> Said:
        jobs = self.jobs[-1]
        if path != "/v3/mapping" or headers.get("Content-Type") != "application/json":
            return Said(b'{"error": "Not found."}', status=404)
        key = headers.get("X-OPENFIGI-APIKEY", "")
        if key not in self.most_jobs:
            return Said(b'{"error": "Invalid API key."}', status=401)
        if len(jobs) > self.most_jobs[key]:
            return Said(b"Payload too large", status=413, type="text/plain")
        if not self.left:
            pause = {"ratelimit-limit": "25", "ratelimit-remaining": "0", "ratelimit-reset": "42"}
            return Said(b"Too many requests", status=429, type="text/plain", headers=pause)
        self.left -= 1
        return Said(json.dumps([self._answer(each) for each in jobs]).encode())

    def _answer(self, job: dict[str, str]) -> dict[str, Any]:
        value = job["idValue"]
        match job["idType"]:
            case "ID_ISIN":
                if not is_isin(value):
                    return {"error": "Invalid idValue format."}
                found = self.known.get(value)
            case "TICKER":
                found = self.known.get((value, job.get("exchCode") or job.get("micCode")))
            case _:
                return {"error": "Invalid value for idType."}
        return {"data": found} if found else NOTHING


@contextmanager
def openfigi() -> Iterator[OpenFigi]:
    with remote_server() as remote:
        yield OpenFigi(remote)
