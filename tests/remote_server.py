"""An outside service on the loopback: it says over real sockets what a test tells it to."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass
class Said:
    """One answer."""

    body: bytes = b""
    status: int = 200
    type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Announce so many more bytes than are sent, and hang up.
    cut: int = 0
    #: Say nothing at all, and keep the connection.
    is_mute: bool = False
    #: Hang up without a word.
    is_dropped: bool = False


class RemoteServer:
    """Gives its answers one after the other; the last one for ever. It keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Said] = []
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        #: What was posted, in order.
        self.posted: list[bytes] = []
        self.respond: Callable[[str, Mapping[str, str]], Said] | None = None
        self.url = ""
        self.stopped = Event()

    def next_answer(self, path: str, headers: Mapping[str, str]) -> Said:
        self.asked.append((path, headers))
        if self.respond is not None:
            return self.respond(path, headers)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def _handler_of(remote: RemoteServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            said = remote.next_answer(self.path, dict(self.headers))
            if said.is_mute:
                remote.stopped.wait(10)
            if said.is_mute or said.is_dropped:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(said.status)
            if said.type:
                self.send_header("Content-Type", said.type)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body) + said.cut))
            self.end_headers()
            self.wfile.write(said.body)
            self.close_connection = bool(said.cut)

        def do_POST(self) -> None:
            remote.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def log_message(self, *_args: object) -> None:
            """Stay quiet."""

    return Handler


@contextmanager
def remote_server() -> Iterator[RemoteServer]:
    remote = RemoteServer()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: object) -> None:
            """Clients that hang up are part of the tests."""

    server = Server(("127.0.0.1", 0), _handler_of(remote))
    remote.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield remote
    finally:
        remote.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
