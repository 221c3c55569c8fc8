"""Ask which open lots a position has, what they are worth, and how that comes about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bson import ObjectId

from common.bulk import aggregate
from portfolios.domain.explaining import lots as explaining
from portfolios.domain.explaining.lots import Held, LotsTrees, explain_lots
from portfolios.domain.explaining.rows import Traded
from portfolios.domain.explaining.summary import PositionInput, Unit, explain_unit
from portfolios.domain.open_lots import OpenLot, value_lots
from portfolios.models import Portfolio, Snapshot
from portfolios.selectors.disposal_explanations import Rows
from portfolios.selectors.disposals import get_gains
from portfolios.selectors.explanations import position_input
from portfolios.selectors.holdings import PositionNotFound, context_of, list_lots
from portfolios.selectors.ledger import list_events_named


class OpenLots:
    """The open lots of a position at the newest price, oldest first.

    Attributes:
        total: all of them together.
    """

    def __init__(self, portfolio: Portfolio, *, instrument_id: ObjectId, now: datetime) -> None:
        """Load them.

        Raises:
            PositionNotFound: the portfolio holds nothing of this instrument.
        """
        self._portfolio, self._key = portfolio, str(instrument_id)
        self._lots = list_lots(portfolio.pk, instrument_id=instrument_id)
        self._position = self._load(now)
        each = self._position
        self._unit_price = explain_unit(
            Unit(each.label, each.price, each.price_currency, each.multiplier, each.rate),
            portfolio.base_currency,
        )
        self.lots, self.total = value_lots(self._lots, self._unit_price.value)

    def trees(self, *, lot: str = "") -> LotsTrees:
        """Say what the figures of the lots and their sums are made of.

        Args:
            lot: the place of one that is told also where there are many.
        """
        is_short_list = len(self._lots) <= explaining.MOST_LOTS
        chosen = [
            each for place, each in enumerate(self._lots) if is_short_list or lot == f"{place}"
        ]
        rows = self._rows(chosen)

        def opened(each: OpenLot) -> Traded | None:
            return rows.traded(
                each.event_id, instrument_id=self._key, currency=self._position.currency
            )

        return explain_lots(
            Held(
                label=self._position.label,
                currency=self._position.currency,
                base=self._portfolio.base_currency,
                unit_price=self._unit_price,
                lots=self._lots,
                opened=opened,
            ),
            wanted=lot,
        )

    def _rows(self, lots: Sequence[OpenLot]) -> Rows:
        portfolio = self._portfolio
        ids = {ObjectId(each.event_id) for each in lots if each.event_id}
        events = list_events_named(portfolio.pk, list(ids))
        return Rows(events, get_gains(portfolio).policy, portfolio.base_currency)

    def _load(self, now: datetime) -> PositionInput:
        """Load what the snapshot says of the position, with its newest price."""
        chosen = {
            "$filter": {
                "input": "$content.positions",
                "as": "each",
                "cond": {"$eq": ["$$each.instrument", self._key]},
            }
        }
        found = aggregate(
            Snapshot,
            [
                {"$match": {"portfolio_id": self._portfolio.pk}},
                {"$project": {"_id": 0, "positions": chosen}},
            ],
        )
        lines = [line for row in found for line in row["positions"]]
        if not lines:
            raise PositionNotFound
        context = context_of([{"positions": lines, "problems": []}], now=now)
        return position_input(lines[0], (), self._portfolio.base_currency, context)
