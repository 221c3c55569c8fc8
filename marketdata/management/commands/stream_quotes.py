"""The process of the live feed."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.core.management.base import BaseCommand

from common.connections import renewed_connections
from marketdata import selectors, services
from marketdata.adapters.registry import quote_sources
from marketdata.domain.intraday import Interval, KeyedBar
from marketdata.feeding import Feed

Answer = TypeVar("Answer")


class Command(BaseCommand):
    """Run the live feed until told to stop."""

    help = "Stream quotes into Redis; start as many as you like, one of them works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take nothing but Django's own options."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or Ctrl-C."""
        asyncio.run(_run_until_signal())


async def _run_until_signal() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    feed = Feed(
        quote_sources(),
        list_listings=_renewing(selectors.list_listings),
        list_interests=_renewing(selectors.list_interests),
        keep_bars=_keep_bars,
    )
    await feed.run(stopped)


def _keep_bars(bars: Sequence[KeyedBar]) -> None:
    with renewed_connections():
        services.keep_bars(bars, interval=Interval.MINUTE)


def _renewing(ask: Callable[[], Answer]) -> Callable[[], Answer]:
    def asked() -> Answer:
        with renewed_connections():
            return ask()

    return asked
