"""`manage.py sandbox`: a broker of our own on this machine, to develop and to test against."""

from __future__ import annotations

from typing import Any

import uvicorn
from django.core.management.base import BaseCommand, CommandParser

from brokers.sandbox.app import Sandbox

_HOST = "127.0.0.1"


class Command(BaseCommand):
    """Serves on the loopback only: it holds nothing worth protecting, and protects nothing."""

    help = "Run the sandbox broker, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port, the seed, and whether it can be controlled."""
        parser.add_argument("--port", type=int, default=8010, help="port (8010)")
        parser.add_argument("--seed", type=int, default=1, help="another seed is another history")
        parser.add_argument(
            "--control", action="store_true", help="serve /_control: trades, faults, the truth"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve."""
        app = Sandbox(seed=options["seed"], has_control=options["control"])
        self.stdout.write(f"The sandbox listens on http://{_HOST}:{options['port']}")
        uvicorn.run(
            app,
            host=_HOST,
            port=options["port"],
            log_level="warning",
            ws="websockets-sansio",
            lifespan="off",
        )
