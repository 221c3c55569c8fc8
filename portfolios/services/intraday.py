"""Record what portfolios are worth minute by minute, while something of them is traded.

All portfolios are valued at one set of prices, many at a time: see `portfolios.domain.batch`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings

from common.bulk import batched, insert_missing
from marketdata import selectors as market
from marketdata.domain.fx import Rates
from marketdata.domain.quotes import MarketState, Quote, is_stale
from portfolios.domain.batch import Held, make_layout, make_prices, revalue
from portfolios.domain.status import Status
from portfolios.domain.valuation import Valuation, value
from portfolios.models import IntradayValue, Portfolio
from portfolios.selectors.holdings import LiveHoldings, live_holdings_of

#: How long the values of minutes are kept; those of days stay.
KEPT = timedelta(days=35)
_AT_ONCE = 500


def record_minute(*, now: datetime) -> int:
    """Store what each portfolio is worth at this minute; doing it again changes nothing.

    Left out are portfolios of which nothing is being traded, and those of which nothing has a
    price.

    Returns:
        How many were stored now.
    """
    minute = now.replace(second=0, microsecond=0)
    rates = market.current_rates()
    stored = 0
    for portfolios in batched(Portfolio.objects.order_by("id").iterator(), _AT_ONCE):
        held = [each for each in live_holdings_of(portfolios) if each.holdings]
        ids = {holding.instrument_id for each in held for holding in each.holdings}
        quotes = market.latest_prices(ids)
        traded = {key for key, quote in quotes.items() if _is_traded(quote, now=now)}
        moving = [
            each
            for each in held
            if not traded.isdisjoint(holding.instrument_id for holding in each.holdings)
        ]
        rows = _values(moving, quotes, rates, minute=minute)
        stored += insert_missing(rows)
    return stored


def forget_minutes(*, now: datetime) -> int:
    """Delete the values of minutes long past; return how many there were."""
    deleted, _ = IntradayValue.objects.filter(at__lt=now - KEPT).delete()
    return deleted


def _is_traded(quote: Quote, *, now: datetime) -> bool:
    if quote.market_state is not MarketState.OPEN:
        return False
    return not is_stale(quote, now=now, after_seconds=settings.FEED_STALE_SECONDS)


def _values(
    portfolios: Sequence[LiveHoldings],
    quotes: Mapping[str, Quote],
    rates: tuple[Rates, Rates],
    *,
    minute: datetime,
) -> list[IntradayValue]:
    layout = make_layout(
        (Held(each.base_currency, each.holdings, each.cash) for each in portfolios),
        {key: quote.currency for key, quote in quotes.items()},
    )

    def exactly(place: int) -> Valuation:
        each = portfolios[place]
        return value(
            each.holdings,
            each.cash,
            quotes=quotes,
            rates=rates[0],
            previous_rates=rates[1],
            base_currency=each.base_currency,
        )

    found = revalue(layout, make_prices(layout, quotes, *rates), value_exactly=exactly)
    return [
        IntradayValue(
            portfolio_id=each.portfolio_id,
            at=minute,
            value=worth.value,
            status=Status.worst(worth.status, each.status).value,
        )
        for place, each in enumerate(portfolios)
        if (worth := found.at(place)).value is not None
    ]
