"""`manage.py sandbox`: brokers of our own on this machine, to develop and to test against."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from brokers.sandbox import scenarios
from brokers.sandbox.app import Sandbox
from brokers.sandbox.kite.books import DEFAULT_KEY, KiteAccount
from brokers.sandbox.serving import SHARED, serve, servers

_HOST = "127.0.0.1"


class Command(BaseCommand):
    """Serves on the loopback only: it holds nothing worth protecting, and protects nothing."""

    help = "Run the sandbox brokers, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the ports, the seed, and whether it can be controlled."""
        parser.add_argument("--port", type=int, default=8010, help="port (8010)")
        parser.add_argument("--kite-port", type=int, default=8011, help="port of Kite (8011)")
        parser.add_argument(
            "--kite-redirect",
            default="http://127.0.0.1:8000/brokers/kite/callback/",
            help="where Kite's login page sends people back to (the callback of a site on 8000)",
        )
        parser.add_argument("--seed", type=int, default=1, help="another seed is another history")
        parser.add_argument(
            "--scenario", choices=scenarios.names(), help="play a story that ended two days ago"
        )
        parser.add_argument(
            "--control", action="store_true", help="serve /_control: trades, faults, the truth"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve."""
        sandbox = Sandbox(seed=options["seed"], has_control=options["control"])
        if options["scenario"]:
            sandbox.world.reset(options["seed"], activities=0)
            sandbox.control.play(scenarios.load(options["scenario"]))
        account = sandbox.world.accounts[DEFAULT_KEY]
        if isinstance(account, KiteAccount):
            account.register(redirect_url=options["kite_redirect"], at=sandbox.world.clock.now())
        ports = {SHARED: options["port"], "kite": options["kite_port"]}
        with ExitStack() as stack:
            listeners = {
                name: stack.enter_context(socket.create_server((_HOST, port)))
                for name, port in ports.items()
            }
            for name, listener in listeners.items():
                address = f"http://{_HOST}:{listener.getsockname()[1]}"
                self.stdout.write(f"{name or 'The sandbox'} listens on {address}")
            asyncio.run(serve(servers(sandbox), listeners=listeners))
