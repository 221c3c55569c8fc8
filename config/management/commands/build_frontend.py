"""`manage.py build_frontend`: styles and scripts, if their sources have changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import Unavailable
from config import frontend


class Command(BaseCommand):
    """Builds `static/dist` from `static/src` and the templates."""

    help = "Build the styles and scripts into static/dist, if their sources have changed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the one option."""
        parser.add_argument("--force", action="store_true", help="build even if nothing changed")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Build, and tell what happened."""
        try:
            built = frontend.build(force=options["force"])
        except Unavailable as failure:
            raise CommandError(failure.detail) from failure
        self.stdout.write("Built static/dist." if built else "static/dist is up to date.")
