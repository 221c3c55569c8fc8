"""When the simulated markets trade: sessions, the breaks between them, halts and gaps.

The markets' clock knows no nights: a break is short, and no two markets rest at quite the same
time, so that there is always something to see.
"""

from __future__ import annotations

from marketdata.adapters.base import Listing
from marketdata.adapters.noise import normal, uniform
from marketdata.domain.instruments import AssetClass
from marketdata.domain.quotes import MarketState

# All in seconds of the markets' clock.
_OPEN = 6.5 * 3_600
_BREAK = 0.5 * 3_600
_CYCLE = _OPEN + _BREAK
# A session has four stretches; in some, an instrument is halted once.
_STRETCH = _OPEN / 4
_HALTED = 0.2
_SHORTEST_HALT, _LONGEST_HALT = 300.0, 900.0
#: A usual gap after a break, in days' standard deviations.
_GAP = 0.5
_AROUND_THE_CLOCK = {AssetClass.CRYPTO, AssetClass.CURRENCY}


class Sessions:
    """The markets' hours, as they follow from a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def state(self, listing: Listing, *, seconds: float) -> tuple[MarketState, float]:
        """Tell whether an instrument is traded, and up to which moment it was.

        Args:
            listing: the instrument.
            seconds: the markets' clock.
        """
        if listing.asset_class in _AROUND_THE_CLOCK:
            return MarketState.OPEN, seconds
        session, since_opening = self._session(listing, seconds)
        opened_at = seconds - since_opening
        if since_opening >= _OPEN:
            return MarketState.CLOSED, opened_at + _OPEN
        halt = self._halt(listing, session, int(since_opening // _STRETCH))
        if halt is not None and halt[0] <= since_opening < halt[1]:
            return MarketState.HALTED, opened_at + halt[0]
        return MarketState.OPEN, seconds

    def gap(self, listing: Listing, *, seconds: float) -> float:
        """Return how far the session began away from where the last one ended.

        Returns:
            A number of days' standard deviations; the same all through a session.
        """
        if listing.asset_class in _AROUND_THE_CLOCK:
            return 0.0
        session, _ = self._session(listing, seconds)
        return _GAP * normal(self._seed, "gap", listing.identity, session)

    def _session(self, listing: Listing, seconds: float) -> tuple[int, float]:
        offset = uniform(self._seed, "opening", listing.mic) * _CYCLE
        session, since_opening = divmod(seconds + offset, _CYCLE)
        return int(session), since_opening

    def _halt(self, listing: Listing, session: int, stretch: int) -> tuple[float, float] | None:
        names = (listing.identity, session, stretch)
        if uniform(self._seed, "halted", *names) >= _HALTED:
            return None
        begins = _STRETCH * (stretch + uniform(self._seed, "halt begins", *names) / 2)
        spread = uniform(self._seed, "halt lasts", *names) * (_LONGEST_HALT - _SHORTEST_HALT)
        return begins, begins + _SHORTEST_HALT + spread
