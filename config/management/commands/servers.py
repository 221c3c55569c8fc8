"""`manage.py servers`: MongoDB and Redis for development, until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import Unavailable
from config import demo, embedded
from config.supervisor import Supervisor


class Command(BaseCommand):
    """Runs MongoDB and Redis on this machine and prints where, as lines for an .env file."""

    help = "Run MongoDB and Redis on this machine, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder."""
        parser.add_argument("--data", default=None, help="folder for their data (default .data)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until somebody asks to stop."""
        folder = demo.data_folder(options["data"])
        try:
            with Supervisor() as supervisor:
                for name, url in embedded.supervise(supervisor, folder).items():
                    self.stdout.write(f"{name}={url}")
                self.stdout.flush()
                supervisor.watch()
        except Unavailable as failure:
            raise CommandError(failure.detail) from failure
