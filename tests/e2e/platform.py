"""Runs the demo in a folder of its own, and knows its processes by name."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgpack
import psutil
from redis import Redis

from common import clock
from marketdata.adapters import quote_cache
from marketdata.domain.quotes import MarketState, Quote
from realtime import groups

ROOT = Path(__file__).resolve().parent.parent.parent
EMAIL, PASSWORD = "demo@livefolio.test", "livefolio-demo"
START_SECONDS = 240
#: How a process of the platform is told from its command line.
_MARKS = {
    "web": "uvicorn",
    "worker": " worker ",
    "beat": " beat ",
    "feed": "stream_quotes",
    "redis": "redis-server",
    "mongod": "mongod",
}


def eventually(check: Callable[[], Any], *, seconds: float = 60, every: float = 0.25) -> Any:
    """Return the first answer of `check` that is true; fail when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: {check}"
        time.sleep(every)


class Platform:
    """One running demo."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "demo.log"
        self._token = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"MONGODB_URI", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
        }
        environment |= {"PORT": str(self.port), "LIVEFOLIO_DATA": str(self.folder / "data")}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "demo"],
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(self._has_said_ready, seconds=START_SECONDS)

    def _has_said_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-4_000:]
        return "Livefolio is ready" in self.log.read_text()

    def stop(self) -> None:
        """Press Ctrl-C, and wait."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=60)

    def processes(self) -> list[psutil.Process]:
        """Return every process that works for this demo."""
        assert self._process is not None
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def find(self, name: str) -> psutil.Process | None:
        """Find the process of a name: the one nearest to the supervisor."""
        for process in self.processes():
            try:
                if f"{_MARKS[name]}" in f" {' '.join(process.cmdline())} ":
                    return process
            except psutil.NoSuchProcess:
                continue
        return None

    def kill(self, name: str) -> int:
        """Kill a process with -9; return its id."""
        process = eventually(lambda: self.find(name))
        process.send_signal(signal.SIGKILL)
        return int(process.pid)

    def is_ready(self) -> bool:
        """Say whether the platform says that it is ready."""
        try:
            return self.request("GET", "/readyz", authorized=False)[0] == 200
        except OSError:
            return False

    def request(
        self, method: str, path: str, body: Any = None, *, authorized: bool = True
    ) -> tuple[int, Any]:
        """Send one request to the API; return its status and what it says."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if authorized:
            headers["Authorization"] = f"Bearer {self.token()}"
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, _read(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, _read(refusal)

    def token(self) -> str:
        """Return an access token; those live for minutes, so it is fetched once a test."""
        if not self._token:
            status, answer = self.request(
                "POST",
                "/api/v1/auth/token/",
                {"email": EMAIL, "password": PASSWORD},
                authorized=False,
            )
            assert status == 200, answer
            self._token = answer["access"]
        return self._token

    def forget_token(self) -> None:
        self._token = ""

    def publish_quote(self, instrument_id: str, price: str, **fields: Any) -> None:
        """Tell all pages a quote as the feed would, of a source that the demo hasn't."""
        sockets = eventually(lambda: self.find("redis")).net_connections()
        port = next(each.laddr.port for each in sockets if each.status == psutil.CONN_LISTEN)
        known = {"currency": "USD", "previous_close": None, "market_state": MarketState.OPEN}
        quote = Quote(
            instrument_id=instrument_id, price=Decimal(price), at=clock.now(), **(known | fields)
        )
        texts = {instrument_id: quote_cache.encode(quote)}
        message = msgpack.packb({"type": "quotes_recorded", "texts": texts})
        with Redis(port=port) as client:
            client.publish(f"livefolio:channels__group__{groups.quotes()}", message)

    def portfolio(self, name: str) -> Mapping[str, Any]:
        """Return one of the demo's portfolios."""
        _, answer = self.request("GET", "/api/v1/portfolios/")
        return next(each for each in answer["results"] if each["name"] == name)


def _read(answer: Any) -> Any:
    text = answer.read().decode()
    return json.loads(text) if text.startswith(("{", "[")) else text
