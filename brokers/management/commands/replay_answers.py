"""Read what brokers answered once more, after a fault of a reading was mended."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from django.core.management.base import BaseCommand, CommandError, CommandParser

from brokers import selectors, tasks
from brokers.services import replaying, syncing
from common import clock
from common.errors import Conflict


class Command(BaseCommand):
    """Replay the stored answers of one connection, or of all of a broker."""

    help = "Read the stored answers of connections again and book what they tell; nothing is asked."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take either a connection or a broker."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--connection", help="the id of one connection")
        which.add_argument("--broker", help="all connections of a broker, such as alpaca")

    def handle(self, *_args: Any, connection: str | None, broker: str | None, **_more: Any) -> None:
        """Replay one after the other, and say what became of each."""
        if connection is not None and not ObjectId.is_valid(connection):
            raise CommandError(f"{connection} is no id of a connection.")
        key = ObjectId(connection) if connection else None
        found = selectors.list_replayable(connection_id=key, broker=broker)
        if not found:
            raise CommandError("There is no such connection whose answers are stored.")
        for each in found:
            try:
                sync, is_new = replaying.request_replay(each, now=clock.now())
            except Conflict as failure:
                self.stdout.write(f"{each}: {failure.detail}")
                continue
            done = syncing.run(sync.pk, clock=clock.now) if is_new else None
            if done is None:
                self.stdout.write(f"{each}: a sync runs; try again when it is done.")
                continue
            tasks.recalculate_after(each)
            self.stdout.write(
                f"{each}: {done.rows_new} new, {done.rows_changed} changed, "
                f"{done.rows_known} known, {done.rows_unbooked} not booked"
            )
