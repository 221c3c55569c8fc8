"""What is stored of the market: instruments, their daily closes and their bars within days."""

from marketdata.models.histories import (
    Backfill,
    CloseDoubt,
    CloseYear,
    HistoryCheck,
    PriceBar,
    SourceRun,
)
from marketdata.models.instruments import (
    CorporateAction,
    Instrument,
    InstrumentAlias,
    InstrumentMerge,
    MergeDismissal,
    SearchTermsField,
)
from marketdata.models.intraday import BarPack, MinuteFill

__all__ = [
    "Backfill",
    "BarPack",
    "CloseDoubt",
    "CloseYear",
    "CorporateAction",
    "HistoryCheck",
    "Instrument",
    "InstrumentAlias",
    "InstrumentMerge",
    "MergeDismissal",
    "MinuteFill",
    "PriceBar",
    "SearchTermsField",
    "SourceRun",
]
