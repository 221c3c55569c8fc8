"""What is stored of imports from files and of connections to brokers."""

from brokers.models.connections import BrokerRow, Connection, RawPayload, Sync
from brokers.models.dead_letters import DeadLetter
from brokers.models.discrepancies import Discrepancy
from brokers.models.equity import EquityDay
from brokers.models.imports import ImportRow, ImportRun
from brokers.models.missed_days import MissedDay
from brokers.models.resyncs import Resync, ResyncChange

__all__ = [
    "BrokerRow",
    "Connection",
    "DeadLetter",
    "Discrepancy",
    "EquityDay",
    "ImportRow",
    "ImportRun",
    "MissedDay",
    "RawPayload",
    "Resync",
    "ResyncChange",
    "Sync",
]
