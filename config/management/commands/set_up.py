"""Bring a database to what this version needs: collections, indexes, schedule, instruments."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from common import clock
from config.schedule import install_schedule
from marketdata import services
from marketdata.adapters import directory


class Command(BaseCommand):
    """Run it before the first start and before each new version; it may be run again any time."""

    help = "Migrate, then install the default schedule and the shipped instruments."

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do all of it."""
        call_command("migrate", verbosity=options["verbosity"], interactive=False)
        install_schedule()
        added = services.install_directory(directory.entries(), now=clock.now())
        if added:
            self.stdout.write(f"{added} instruments added.")
