"""The portfolios that are being watched: what they hold, and what that is worth now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from common.currencies import is_currency, minor_units
from marketdata.adapters.quote_cache import plain
from portfolios.domain.status import Status
from portfolios.domain.valuation import PositionValue, Valuation, value
from portfolios.selectors import LiveHoldings
from realtime.connection import Connection
from realtime.prices import PriceBoard
from realtime.protocol import PortfolioFields, PositionFields, encode

# The same portfolio is not valued more often than this, however fast prices come.
_PACE_SECONDS = 0.25
_NEVER = float("-inf")
_RATE_PLACES = 6


@dataclass(slots=True, eq=False)
class Watched:
    """One portfolio with its watchers."""

    portfolio_id: str
    watchers: set[Connection] = field(default_factory=set)
    holdings: LiveHoldings | None = None
    #: The instruments and currency pairs that its worth depends on.
    inputs: frozenset[str] = frozenset()
    loaded_at: float = _NEVER
    valued_at: float = _NEVER


class Book:
    """All watched portfolios, found by what their worth depends on."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}
        self._by_input: dict[str, set[Watched]] = {}
        # A dictionary for its order: who waits longest is valued first.
        self._changed: dict[Watched, None] = {}

    def watch(self, connection: Connection, portfolio_ids: Collection[str]) -> None:
        """Add a watcher."""
        for portfolio_id in portfolio_ids:
            watched = self._watched.setdefault(portfolio_id, Watched(portfolio_id))
            watched.watchers.add(connection)
        connection.portfolios = connection.portfolios.union(portfolio_ids)

    def unwatch(self, connection: Connection, portfolio_ids: Collection[str]) -> None:
        """Take a watcher away; a portfolio without any is forgotten."""
        for portfolio_id in connection.portfolios.intersection(portfolio_ids):
            watched = self._watched[portfolio_id]
            watched.watchers.discard(connection)
            if not watched.watchers:
                self._unindex(watched)
                del self._watched[portfolio_id]
        connection.portfolios = connection.portfolios.difference(portfolio_ids)

    def find(self, portfolio_id: str) -> Watched | None:
        """Return a portfolio if it is being watched."""
        return self._watched.get(portfolio_id)

    def load(
        self, watched: Watched, holdings: LiveHoldings | None, *, board: PriceBoard, moment: float
    ) -> bool:
        """Take in what a portfolio holds; returns whether its revision is another than before.

        Args:
            watched: the portfolio.
            holdings: None when it is gone, which leaves it as it was.
            board: knows the currency pairs.
            moment: the present on the monotonic clock.
        """
        watched.loaded_at = moment
        if holdings is None:
            return False
        before, watched.holdings = watched.holdings, holdings
        self._unindex(watched)
        watched.inputs = _inputs(holdings, board)
        for key in watched.inputs:
            self._by_input.setdefault(key, set()).add(watched)
        self._changed[watched] = None
        return before is not None and before.revision != holdings.revision

    def count_viewers(self, viewers: Counter[str]) -> None:
        """Add how many connections watch a portfolio whose worth depends on each instrument."""
        for key, portfolios in self._by_input.items():
            viewers[key] += sum(len(each.watchers) for each in portfolios)

    def note(self, changed: Collection[str]) -> None:
        """Remember which portfolios a change of prices touches."""
        for key in self._by_input.keys() & changed:
            self._changed.update(dict.fromkeys(self._by_input[key]))

    def due(self, *, moment: float) -> list[Watched]:
        """List the touched portfolios that may be valued again, who waits longest first."""
        return [each for each in self._changed if moment - each.valued_at >= _PACE_SECONDS]

    def loaded_before(self, moment: float) -> list[str]:
        """List the portfolios that were loaded before a moment, or never."""
        return [key for key, each in self._watched.items() if each.loaded_at < moment]

    def mark_valued(self, watched: Watched, *, moment: float) -> None:
        """Remember that a portfolio was valued and sent."""
        watched.valued_at = moment
        self._changed.pop(watched, None)

    def _unindex(self, watched: Watched) -> None:
        self._changed.pop(watched, None)
        for key in watched.inputs:
            self._by_input[key].discard(watched)
            if not self._by_input[key]:
                del self._by_input[key]


def _inputs(holdings: LiveHoldings, board: PriceBoard) -> frozenset[str]:
    currencies = {holdings.base_currency, *(each.currency for each in holdings.holdings)}
    if holdings.cash is not None:
        currencies.update(holdings.cash)
    return frozenset(
        {each.instrument_id for each in holdings.holdings} | board.pairs_for(currencies)
    )


def portfolio_part(watched: Watched, *, board: PriceBoard, at: str) -> str | None:
    """Value a portfolio and encode it; None before its holdings are known."""
    holdings = watched.holdings
    if holdings is None:
        return None
    rates, previous_rates = board.rates()
    valuation = value(
        holdings.holdings,
        holdings.cash,
        quotes=board.quotes([each.instrument_id for each in holdings.holdings]),
        rates=rates,
        previous_rates=previous_rates,
        base_currency=holdings.base_currency,
    )
    is_stale = board.is_any_stale(watched.inputs)
    return encode(_fields(holdings, valuation, stale=is_stale, at=at))


def _fields(
    holdings: LiveHoldings, valuation: Valuation, *, stale: bool, at: str
) -> PortfolioFields:
    places = _places(valuation.currency)
    return {
        "id": holdings.portfolio_id,
        "revision": holdings.revision,
        "currency": valuation.currency,
        "status": Status.worst(valuation.status, holdings.status).value,
        "missing": list(valuation.missing),
        "recalculating": holdings.recalculating,
        "stale": stale,
        "as_of": at,
        "total": plain(valuation.total, places=places),
        "holdings_value": plain(valuation.holdings_value, places=places),
        "cash": plain(valuation.cash, places=places),
        "day_change": plain(valuation.day_change, places=places),
        "day_change_rate": plain(valuation.day_change_rate, places=_RATE_PLACES),
        "unrealized": plain(valuation.unrealized, places=places),
        "positions": [_position(each, places=places) for each in valuation.positions],
    }


def _position(position: PositionValue, *, places: int) -> PositionFields:
    currency = position.price_currency
    return {
        "instrument": position.instrument_id,
        "price": plain(position.price),
        "price_currency": currency,
        "value": plain(position.value, places=_places(currency)),
        "value_base": plain(position.value_base, places=places),
        "day_change": plain(position.day_change_base, places=places),
        "day_change_rate": plain(position.day_change_rate, places=_RATE_PLACES),
        "unrealized": plain(position.unrealized_base, places=places),
        "unrealized_rate": plain(position.unrealized_rate, places=_RATE_PLACES),
        "weight": plain(position.weight, places=_RATE_PLACES),
        "status": position.status.value,
    }


def _places(currency: str | None) -> int:
    # Quotations in a hundredth of a currency have no decimals of their own.
    return minor_units(currency) if currency and is_currency(currency) else 2
