"""Ask how a benchmark went over the days of a portfolio, in the portfolio's currency."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from marketdata import selectors as market
from portfolios.domain.benchmark import Blend, IndexReturn, index_return
from portfolios.domain.policy import Policy
from portfolios.domain.prices import MAX_CLOSE_AGE_DAYS
from portfolios.domain.ranges import DayRange
from portfolios.models import Portfolio

#: Closes and rates are looked for this long before the first day.
_LOOK_BACK = timedelta(days=MAX_CLOSE_AGE_DAYS + 1)
_ONE_DAY = timedelta(days=1)


def benchmark_return(
    portfolio: Portfolio, instrument_id: str, *, days: DayRange, valued_at: datetime | None
) -> IndexReturn:
    """Return how an instrument went over a range of days.

    Args:
        instrument_id: of one that the portfolio's owner may see.
        valued_at: when the last day of the portfolio was valued at live prices, if it was: then
            the instrument's last price is the newest one as well.
    """
    closes = market.closes_for_statistics(
        [instrument_id], start=days.start - _LOOK_BACK, end=days.end - _ONE_DAY
    ).get(instrument_id, [])
    instrument = market.instruments_by_id([instrument_id])[instrument_id]
    quote = market.latest_quotes([instrument_id]).get(instrument_id) if valued_at else None
    if quote is not None:
        today = days.end - _ONE_DAY
        closes = [*(each for each in closes if each[0] < today), (today, float(quote.price))]
    closes = _converted(closes, instrument.currency, portfolio)
    return index_return(
        Blend({instrument_id: Decimal(1)}),
        {instrument_id: closes},
        start=days.start,
        end=days.end,
    )


def _converted(
    closes: list[tuple[date, float]], currency: str, portfolio: Portfolio
) -> list[tuple[date, float]]:
    """Convert each close at the rate of its day; one without a rate is left out."""
    if currency == portfolio.base_currency or not closes:
        return closes
    first, last = closes[0][0], closes[-1][0]
    history = market.rates_for_statistics(start=first - _LOOK_BACK, end=last)
    max_age_days = Policy.chosen(portfolio.policy).max_rate_age_days
    rates = (
        (history.on(day, max_age_days).find_rate(currency, portfolio.base_currency), day, close)
        for day, close in closes
    )
    return [(day, close * float(rate)) for rate, day, close in rates if rate is not None]
