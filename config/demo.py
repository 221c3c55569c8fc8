"""The whole platform on this machine: servers, set-up, then web, worker, beat, feed, sandbox."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path

from common.errors import InvalidInput, Unavailable
from config import embedded
from config.processes import Process
from config.servers import HOST, is_port_free
from config.supervisor import StepFailed, Supervisor

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8_000
READY_SECONDS = 90.0
#: What `load_demo` gives the two demo accounts.
DEMO_PASSWORD = "livefolio-demo"  # noqa: S105 - it's printed, and made for this machine only
DEMO_ACCOUNTS = ("demo@livefolio.test", "staff@livefolio.test")
SECRETS = ("SECRET_KEY", "JWT_SIGNING_KEY", "BROKER_KEYS")
SANDBOX_SECONDS = 30.0


class PortTaken(Unavailable):
    """Something else listens on the port of the pages."""


class NotAPort(InvalidInput):
    """The port isn't a number between 1 and 65535."""


def data_folder(given: str | None) -> Path:
    """Return where the demo keeps everything: as given, else `LIVEFOLIO_DATA`, else `.data`."""
    return Path(given or os.environ.get("LIVEFOLIO_DATA") or ROOT / ".data").resolve()


def chosen_port(given: str | None) -> int:
    """Return the port of the pages: as given, else `PORT`, else 8000."""
    text = given or os.environ.get("PORT") or str(DEFAULT_PORT)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65_536:
        raise NotAPort(f"PORT={text!r} is not a number between 1 and 65535.")
    return int(text)


def run(folder: Path, *, port: int) -> None:
    """Run everything until somebody asks to stop.

    Raises:
        PortTaken: the pages could not be served.
        Unavailable: a server or a step of the set-up failed.
    """
    if not is_port_free(port):
        raise PortTaken(
            f"Port {port} is in use. Stop what listens there, or take another one, for example "
            f"PORT={port + 1} make demo."
        )
    with Supervisor() as supervisor:
        addresses = embedded.supervise(supervisor, folder)
        is_ours = "MONGODB_URI" in addresses
        variables = {**addresses, **environment(folder, port=port, with_accounts=is_ours)}
        for step in steps(variables, with_accounts=is_ours):
            supervisor.console.say(step.name)
            supervisor.run(step)
        web, *others = services(variables, port=port)
        supervisor.start(web, *others)
        supervisor.wait_until_ready(web, seconds=READY_SECONDS)
        supervisor.console.say(welcome(port, with_accounts=is_ours))
        if is_ours:
            _connect_sandbox(supervisor, folder, variables)
        supervisor.watch()


def _connect_sandbox(supervisor: Supervisor, folder: Path, variables: dict[str, str]) -> None:
    """Start the sandbox broker and connect the demo account to it; the pages don't wait for it."""
    address = variables["BROKER_SANDBOX_URL"]
    port = int(address.rpartition(":")[2])
    kite_port = variables["BROKER_SANDBOX_KITE_URL"].rpartition(":")[2]
    callback = f"{variables['SITE_URL']}/brokers/kite/callback/"
    sandbox = Process(
        name="sandbox",
        argv=[
            *(sys.executable, str(ROOT / "manage.py"), "sandbox", "--port", str(port)),
            *("--kite-port", kite_port, "--kite-redirect", callback),
        ],
        environment=variables,
        is_ready=lambda: not is_port_free(port),
    )
    link = Process(
        name="connect_demo",
        argv=[sys.executable, str(ROOT / "manage.py"), "connect_demo"],
        environment=variables,
    )
    supervisor.start(sandbox)
    try:
        supervisor.wait_until_ready(sandbox, seconds=SANDBOX_SECONDS)
        supervisor.run(link)
    except StepFailed as failure:
        supervisor.console.say(f"No broker is connected in the demo: {failure.detail}")


def environment(folder: Path, *, port: int, with_accounts: bool) -> dict[str, str]:
    """Return the settings of a demo: safe on this machine alone, with secrets of its own."""
    return {
        **_secrets(folder / "secrets.json"),
        # Its own, so that demos side by side don't collect into each other's files.
        "STATIC_ROOT": str(folder / "static"),
        "DEBUG": "false",
        # Loopback has no certificate; nothing leaves the machine.
        "HTTPS": "false",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "EMAIL_URL": "consolemail://",
        "LOG_STYLE": "console" if sys.stdout.isatty() else "plain",
        # `load_demo` makes accounts with a known password only where this says so.
        "DEMO_ACCOUNTS": str(with_accounts).lower(),
        "BROKER_SANDBOX_URL": f"http://{HOST}:{_free_port()}" if with_accounts else "",
        "BROKER_SANDBOX_KITE_URL": f"http://{HOST}:{_free_port()}" if with_accounts else "",
        "DJANGO_SETTINGS_MODULE": "config.settings.base",
        "PYTHONUNBUFFERED": "1",
    }


def steps(variables: dict[str, str], *, with_accounts: bool) -> list[Process]:
    """List what must have happened before the first page."""
    # The files first: all later steps check that they are there.
    commands = [["build_frontend"], ["collectstatic", "--noinput", "--verbosity=0"]]
    commands.append(["set_up", "--verbosity=0"])
    if with_accounts:
        commands.append(["load_demo"])
    return [
        Process(
            name=command[0],
            argv=[sys.executable, str(ROOT / "manage.py"), *command],
            environment=variables,
        )
        for command in commands
    ]


def services(variables: dict[str, str], *, port: int) -> list[Process]:
    """List the processes of the platform, the web first."""
    celery = [sys.executable, "-m", "celery", "--quiet", "--workdir", str(ROOT), "-A", "config"]
    return [
        Process(
            name="web",
            argv=[
                *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
                *("--app-dir", str(ROOT), "--host", HOST, "--port", str(port)),
                *("--loop", "uvloop", "--http", "httptools", "--ws", "realtime.server:WebSockets"),
                *("--ws-max-size", "65536", "--ws-per-message-deflate", "false"),
                *("--timeout-graceful-shutdown", "10", "--no-access-log", "--no-proxy-headers"),
            ],
            environment=variables,
            is_ready=lambda: is_serving(port),
        ),
        Process(
            name="worker",
            argv=[
                *(*celery, "worker", "--queues", "default,sync,compute,market"),
                *("--concurrency", "2", "--loglevel", "INFO"),
                *("--without-gossip", "--without-mingle"),
            ],
            environment=variables,
            grace_seconds=20.0,
        ),
        # No file with its process id: after a crash it would only be in the way.
        Process(name="beat", argv=[*celery, "beat", "--pidfile="], environment=variables),
        Process(
            name="feed",
            argv=[sys.executable, str(ROOT / "manage.py"), "stream_quotes"],
            environment=variables,
        ),
    ]


def is_serving(port: int) -> bool:
    """Tell whether the platform says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def welcome(port: int, *, with_accounts: bool) -> str:
    """Say where the platform is and how to get in."""
    lines = ["", f"Livefolio is ready: http://{HOST}:{port}/"]
    if with_accounts:
        lines += [f"Sign in as {name}, password {DEMO_PASSWORD}" for name in DEMO_ACCOUNTS]
    else:
        lines.append("MONGODB_URI names a database of yours, so no demo accounts were made there.")
    return "\n".join([*lines, "Ctrl-C stops everything.", ""])


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _secrets(file: Path) -> dict[str, str]:
    """Return this folder's secrets, made on first use, so that sessions outlive a restart."""
    known: dict[str, str] = {}
    if file.exists():
        known = {str(name): str(value) for name, value in json.loads(file.read_text()).items()}
    if known.keys() >= set(SECRETS):
        return known
    known = {name: _fresh(name) for name in SECRETS} | known
    # Beside it first, so that a start that breaks off loses no key.
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        json.dump(known, stream)
    draft.replace(file)
    return known


def _fresh(name: str) -> str:
    if name == "BROKER_KEYS":
        return "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(48)
