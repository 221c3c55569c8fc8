"""A client of Livefolio's live stream, made from `docs/live-protocol.md` and `docs/api.md` alone.

    python live_client.py https://folio.example me@example.com --portfolios 6502… 6503…

needs the package `websockets`, asks for the password, and prints prices and values as they
change. In a program of your own, `async for frame in LiveClient(…).frames()` does the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from getpass import getpass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

SILENCE_SECONDS = 40.0  # the server says something every 15 seconds; twice nothing is too much
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
Ids = Sequence[str]


class LiveClient:
    """Follows instruments and portfolios for as long as it is listened to."""

    def __init__(
        self, site: str, sign_in: Callable[[], str], *, instruments: Ids = (), portfolios: Ids = ()
    ) -> None:
        self.quotes: dict[str, dict[str, Any]] = {}
        self.portfolios: dict[str, dict[str, Any]] = {}
        self.gaps = 0  # whoever shows more than these two fetches it over HTTP when this grows
        self._site = site.rstrip("/")
        self._sign_in = sign_in
        self._wanted = {"instruments": list(instruments), "portfolios": list(portfolios)}
        self._pause = FIRST_PAUSE_SECONDS

    async def frames(self) -> AsyncIterator[dict[str, Any]]:
        """Yield each frame once it is taken in, over as many connections as it takes."""
        while True:
            try:
                async for frame in self._frames_of_one_connection():
                    yield frame
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in {1003, 1009}:
                    raise
            except HTTPError as refused:
                if refused.code < 500 and refused.code != 429:
                    raise
            except (OSError, TimeoutError, InvalidHandshake):
                pass  # out of reach, or silent
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)

    async def _frames_of_one_connection(self) -> AsyncIterator[dict[str, Any]]:
        ticket = await asyncio.to_thread(self._ticket)  # it opens one connection
        url = self._site.replace("http", "ws", 1) + f"/ws/v1/stream/?ticket={ticket}"
        async with connect(url) as socket:
            await socket.send(json.dumps({"type": "subscribe", **self._wanted}))
            number = 0
            while True:
                frame = json.loads(await asyncio.wait_for(socket.recv(), SILENCE_SECONDS))
                if "seq" in frame:
                    if frame["seq"] != number + 1:
                        self.gaps += 1
                        await socket.send(json.dumps({"type": "snapshot"}))
                    number = frame["seq"]
                self._take(frame)
                yield frame

    def _ticket(self) -> str:
        url = f"{self._site}/api/v1/stream-tickets/"
        return str(post(url, {}, token=self._sign_in())["ticket"])

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "snapshot":
            self._pause = FIRST_PAUSE_SECONDS
        for quote in frame.get("quotes", ()):
            self.quotes[quote["id"]] = quote
        one = [frame["portfolio"]] if "portfolio" in frame else []
        for portfolio in frame.get("portfolios", one):
            self.portfolios[portfolio["id"]] = portfolio


def post(url: str, body: dict[str, str], *, token: str = "") -> dict[str, Any]:
    """Send a JSON body; return the answer's."""
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=10) as answer:
        return dict(json.load(answer))


async def main() -> None:
    """Print what comes."""
    parser = argparse.ArgumentParser()
    for name in ("site", "email"):
        parser.add_argument(name)
    for name in ("--instruments", "--portfolios"):
        parser.add_argument(name, nargs="*", default=[])
    given = parser.parse_args()
    account = {"email": given.email, "password": getpass()}
    client = LiveClient(
        given.site,
        lambda: str(post(f"{given.site}/api/v1/auth/token/", account)["access"]),
        instruments=given.instruments,
        portfolios=given.portfolios,
    )
    async for frame in client.frames():
        print(frame)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
