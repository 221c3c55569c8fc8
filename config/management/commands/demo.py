"""`manage.py demo`: the whole platform on this machine, with a demo account, until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import InvalidInput, Unavailable
from config import demo


class Command(BaseCommand):
    """Brings everything up under one supervisor."""

    help = "Run the whole platform on this machine, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder and the port."""
        parser.add_argument("--data", default=None, help="folder for the data (default .data)")
        parser.add_argument("--port", default=None, help="port of the pages (default 8000)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until somebody asks to stop."""
        try:
            demo.run(demo.data_folder(options["data"]), port=demo.chosen_port(options["port"]))
        except (Unavailable, InvalidInput) as failure:
            raise CommandError(failure.detail) from failure
