"""`manage.py rotate_credentials`: seal brokers' secrets anew with the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from brokers.services import rotating
from common import clock
from common.errors import Unavailable


class Command(BaseCommand):
    """May be stopped and started again at any time; it goes on with those that are left."""

    help = "Encrypt what connects brokers with the first key of BROKER_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many at once."""
        parser.add_argument("--batch", type=int, default=100, help="secrets at once (100)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Go on until none is left that can be opened."""
        total, last, left = 0, None, 0
        try:
            while True:
                done, last = rotating.rotate(
                    limit=max(1, options["batch"]), after=last, now=clock.now()
                )
                if last is None:
                    break
                total += done
                self.stdout.write(f"{total} done.")
            left = rotating.count_unrotated()
        except Unavailable as failure:
            raise CommandError(failure.detail) from failure
        if left:
            raise CommandError(
                f"{left} can't be opened with the keys in BROKER_KEYS: their owners have to "
                "connect again."
            )
