"""Workers that sync from the real queue: `python -m tests.brokers.sync_workers`.

What brokers allow in a minute is what they allow in `MINUTE_SECONDS` here, and a part of it, so
that two hundred accounts come to the limits within a test's time.
"""

from dataclasses import replace
from datetime import timedelta
from unittest import mock

import django
import limits

MINUTE_SECONDS = 3
#: Of what an adapter takes in a minute, what it takes here.
PACE = {
    "160/minute": f"40/{MINUTE_SECONDS} second",  # Alpaca, by account
    "240/minute": f"60/{MINUTE_SECONDS} second",  # Binance, by the address of the site
}
_CHILDREN = 4


def main() -> None:
    """Work until a signal comes."""
    django.setup()
    from brokers.adapters.binance import client as binance
    from brokers.adapters.binance.history import HISTORIES
    from brokers.adapters.ibkr import client as ibkr
    from common import clock
    from common.remote import rates
    from config.celery import app
    from marketdata.adapters import calendars

    lately = clock.now().date() - timedelta(days=25)
    with (
        mock.patch.object(rates, "parse", lambda text: limits.parse(PACE.get(text, text))),
        mock.patch.object(
            binance, "HISTORIES", [replace(each, since=lately) for each in HISTORIES]
        ),
        mock.patch.object(ibkr, "_WAITS", (0.05,) * 5),
    ):
        app.conf.task_always_eager = False
        # Before there are children, each of which would load the calendars for itself.
        calendars.trading_days(mic="XNYS", start=lately, end=lately)
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        app.worker_main(["worker", "-Q", "sync", "-c", str(_CHILDREN), "-l", "WARNING", *quiet])


if __name__ == "__main__":
    main()
