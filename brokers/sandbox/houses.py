"""The houses there are; a new one is a folder beside this file and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from brokers.sandbox.alpaca import Alpaca
from brokers.sandbox.binance import Binance
from brokers.sandbox.house import House
from brokers.sandbox.ibkr import InteractiveBrokers
from brokers.sandbox.kite import Kite

HOUSES: Mapping[str, House] = {
    house.name: house for house in (Alpaca(), Binance(), InteractiveBrokers(), Kite())
}
