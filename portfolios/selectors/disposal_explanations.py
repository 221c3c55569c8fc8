"""Ask how it comes about what single sales brought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from bson import ObjectId

from marketdata import selectors as market
from marketdata.domain.fx import RateHistory
from portfolios.domain import books
from portfolios.domain.explaining.disposals import (
    Amounts,
    Closed,
    DisposalTrees,
    LotClosed,
    explain_disposal,
)
from portfolios.domain.explaining.rows import Traded, traded
from portfolios.domain.policy import Policy
from portfolios.domain.transactions import Event
from portfolios.models import Disposal, Portfolio
from portfolios.selectors.disposals import ClosedLotView, closed_lots, get_gains, return_of
from portfolios.selectors.ledger import list_events_named

#: A disposal, stored or only computed.
Sold = Disposal | books.Disposal


def explain_disposals(
    portfolio: Portfolio, rows: Sequence[Disposal], *, lot: str = ""
) -> dict[str, DisposalTrees]:
    """Say of disposals what proceeds, cost and gain are made of, by `name_of` each.

    Args:
        lot: the place of one that is told also where there are many.
    """
    lots = {row.pk: closed_lots(row) for row in rows}
    ids = {row.transaction_id for row in rows}
    ids |= {closed.transaction_id for each in lots.values() for closed in each}
    found = list_events_named(portfolio.pk, [ObjectId(each) for each in ids])
    events = Rows(found, get_gains(portfolio).policy, portfolio.base_currency)
    names = market.briefs_by_id({str(row.instrument_id) for row in rows})
    return {
        name_of(row): explain_disposal(
            Closed(
                label=f"{names[str(row.instrument_id)].symbol} on {row.date.isoformat()}",
                currency=row.currency,
                base=portfolio.base_currency,
                is_short=row.is_short,
                closed=events.sold(row.transaction_id, row),
                lots=[_lot(each, row, events) for each in lots[row.pk]],
                gain=Amounts(row.gain, row.gain_base),
                return_rate=return_of(row),
                price_gain=row.price_gain_base,
                currency_gain=row.currency_gain_base,
                charges=row.charges_base,
            ),
            wanted=lot,
        )
        for row in rows
    }


def name_of(row: Disposal) -> str:
    """Name one of the disposals that a transaction made."""
    return f"{row.transaction_id}-{row.place}"


def _lot(lot: ClosedLotView, row: Disposal, events: Rows) -> LotClosed:
    return LotClosed(
        opened_on=lot.opened_on,
        held_days=lot.held_days,
        quantity=lot.quantity,
        opened=events.sold(lot.transaction_id, row),
        proceeds=Amounts(lot.proceeds, lot.proceeds_base),
        cost=Amounts(lot.cost, lot.cost_base),
    )


class Rows:
    """The rows that opened and closed lots, with the rates of their days."""

    def __init__(
        self,
        events: Iterable[Event],
        policy: Policy,
        base: str,
        history: RateHistory | None = None,
    ) -> None:
        """Keep them; rates are loaded once they are needed, unless they are at hand."""
        self._events = {each.id: each for each in events}
        self._policy, self._base = policy, base
        self._history = history

    def sold(self, event_id: str, row: Sold) -> Traded | None:
        """Return a row as a trade of the instrument that a disposal is of, if it is one."""
        return self.traded(event_id, instrument_id=str(row.instrument_id), currency=row.currency)

    def traded(self, event_id: str, *, instrument_id: str, currency: str) -> Traded | None:
        """Return a row as a trade of an instrument, whose currency is given, if it is one."""
        event = self._events.get(event_id)
        if event is None:
            return None
        return traded(
            event,
            instrument_id=instrument_id,
            units={currency, self._base},
            base=self._base,
            policy=self._policy,
            rates=self._rates,
        )

    def _rates(self) -> RateHistory:
        if self._history is None:
            days = [each.trade_date for each in self._events.values()]
            start = min(days) - timedelta(days=self._policy.max_rate_age_days)
            self._history = market.rate_history(start=start, end=max(days))
        return self._history
