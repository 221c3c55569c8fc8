"""Change what is stored of the market: instruments and daily closes."""

from marketdata.services.backfills import BackfillRefused, check_span, request_backfill
from marketdata.services.instruments import (
    LONGEST_SOURCE,
    InstrumentExists,
    change_instrument,
    classify_instrument,
    classify_own_instrument,
    create_instrument,
    delete_own_instruments,
    install_directory,
)
from marketdata.services.prices import (
    FIRST_DAY,
    HISTORY,
    MANUAL,
    MOST_PRICES,
    PriceNotFound,
    PriceRefused,
    delete_price,
    record_closes,
    record_price,
    record_prices,
    store_closes,
    wrong_with_price,
)
from marketdata.services.rates import RatesRecorded, record_reference_rates

__all__ = [
    "FIRST_DAY",
    "HISTORY",
    "LONGEST_SOURCE",
    "MANUAL",
    "MOST_PRICES",
    "BackfillRefused",
    "InstrumentExists",
    "PriceNotFound",
    "PriceRefused",
    "RatesRecorded",
    "change_instrument",
    "check_span",
    "classify_instrument",
    "classify_own_instrument",
    "create_instrument",
    "delete_own_instruments",
    "delete_price",
    "install_directory",
    "record_closes",
    "record_price",
    "record_prices",
    "record_reference_rates",
    "request_backfill",
    "store_closes",
    "wrong_with_price",
]
