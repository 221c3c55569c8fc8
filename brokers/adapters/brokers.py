"""The brokers there are."""

from __future__ import annotations

from collections.abc import Mapping

from brokers.adapters.alpaca import Alpaca
from brokers.adapters.binance import Binance
from brokers.adapters.contract import Broker
from brokers.adapters.ibkr import InteractiveBrokers
from brokers.adapters.kite import Kite
from common.errors import NotFound

BROKERS: Mapping[str, Broker] = {
    broker.name: broker for broker in (Alpaca(), Binance(), InteractiveBrokers(), Kite())
}


class NoSuchBroker(NotFound):
    """There is no such broker here."""

    code = "no-such-broker"


def get_broker(name: str) -> Broker:
    """Return a broker by its name.

    Raises:
        NoSuchBroker: there is none.
    """
    broker = BROKERS.get(name)
    if broker is None:
        raise NoSuchBroker
    return broker
