"""Ask how a benchmark went over the days of a portfolio, in the portfolio's currency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from common.money import exact, plain
from marketdata import selectors as market
from marketdata.domain.quotes import Quote
from portfolios.domain.benchmark import Blend, IndexReturn, Rebalancing, index_return
from portfolios.domain.policy import Policy
from portfolios.domain.prices import MAX_CLOSE_AGE_DAYS
from portfolios.domain.ranges import DayRange
from portfolios.models import Portfolio

#: Closes and rates are looked for this long before the first day.
_LOOK_BACK = timedelta(days=MAX_CLOSE_AGE_DAYS + 1)
_ONE_DAY = timedelta(days=1)
_Closes = list[tuple[date, float]]


def benchmark_return(
    portfolio: Portfolio, blend: Blend, *, days: DayRange, valued_at: datetime | None
) -> IndexReturn:
    """Return how a blend of instruments went over a range of days.

    Args:
        blend: of instruments that the portfolio's owner may see.
        valued_at: when the last day of the portfolio was valued at live prices, if it was: then
            the last price of each instrument is its newest one as well.
    """
    ids = list(blend.weights)
    today = days.end - _ONE_DAY
    closes = market.closes_for_statistics(ids, start=days.start - _LOOK_BACK, end=today)
    quotes = market.latest_quotes(ids) if valued_at else {}
    newest = {key: _up_to(today, closes.get(key, []), quotes.get(key)) for key in ids}
    converted = _converted(newest, market.instruments_by_id(ids), portfolio)
    return index_return(blend, converted, start=days.start, end=days.end)


def blend_names(blend: Blend) -> dict[str, Any]:
    """Describe a blend: its instruments with their weights, and what it is called."""
    instruments = market.instruments_by_id(blend.weights)
    parts = [
        {
            "instrument_id": key,
            "symbol": instruments[key].symbol,
            "name": instruments[key].name,
            "weight": weight,
        }
        for key, weight in blend.weights.items()
    ]
    only = parts[0] if blend.is_alone else None
    return {
        "instrument_id": only and only["instrument_id"],
        "symbol": " + ".join(
            _share(weight, instruments[key].symbol) for key, weight in blend.weights.items()
        ),
        "name": only["name"] if only else _BLEND_NAMES[blend.rebalancing],
        "rebalancing": None if only else blend.rebalancing,
        "parts": parts,
    }


_BLEND_NAMES = {
    Rebalancing.DAILY: "A blend, rebalanced daily",
    Rebalancing.NEVER: "A blend, left alone since the start",
}


def _share(weight: Decimal, symbol: str) -> str:
    if weight == 1:
        return symbol
    with exact():
        return f"{plain(weight * 100)}% {symbol}"


def _up_to(today: date, closes: _Closes, quote: Quote | None) -> _Closes:
    """Put the newest price in the place of the last day's close."""
    if quote is None:
        return closes
    return [*(each for each in closes if each[0] < today), (today, float(quote.price))]


def _converted(
    closes: Mapping[str, _Closes], instruments: Mapping[str, Any], portfolio: Portfolio
) -> dict[str, _Closes]:
    """Convert each close at the rate of its day; one without a rate is left out."""
    target = portfolio.base_currency
    foreign = [
        day
        for key, each in closes.items()
        if instruments[key].currency != target
        for day, _ in each
    ]
    if not foreign:
        return dict(closes)
    history = market.rates_for_statistics(start=min(foreign) - _LOOK_BACK, end=max(foreign))
    max_age_days = Policy.chosen(portfolio.policy).max_rate_age_days

    def in_target(series: _Closes, currency: str) -> _Closes:
        if currency == target:
            return series
        rates = (
            (history.on(day, max_age_days).find_rate(currency, target), day, close)
            for day, close in series
        )
        return [(day, close * float(rate)) for rate, day, close in rates if rate is not None]

    return {key: in_target(each, instruments[key].currency) for key, each in closes.items()}
