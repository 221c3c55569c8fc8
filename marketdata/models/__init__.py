"""What is stored of the market: instruments and their daily closes."""

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
    SearchTermsField,
)

__all__ = [
    "Backfill",
    "CloseDoubt",
    "CloseYear",
    "CorporateAction",
    "HistoryCheck",
    "Instrument",
    "InstrumentAlias",
    "InstrumentMerge",
    "PriceBar",
    "SearchTermsField",
    "SourceRun",
]
