"""Ask which splits a portfolio went through that its ledger says nothing of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from common.errors import NotFound
from marketdata import selectors as market
from marketdata.domain.actions import split_words
from portfolios.domain.engine import Ledger, compute
from portfolios.domain.kinds import Kind
from portfolios.domain.policy import Policy, PoolScope
from portfolios.domain.transactions import Event
from portfolios.models import Dismissal, Portfolio, Position
from portfolios.selectors.ledger import first_trade_date, list_events_about

#: Brokers book a split some days before or after its first day.
_NEARLY = timedelta(days=10)


class SplitNotFound(NotFound):
    """There is no split to be recorded here: it is recorded, or nothing was held."""

    code = "split-not-found"


@dataclass(frozen=True, slots=True)
class UnrecordedSplit:
    """A split of something that was held then, and of which the ledger has no row.

    Attributes:
        action_id: the corporate action.
        ratio: new units for each old one.
        words: that ratio as people write it.
        source: who told it.
        accounts: those whose units it multiplied, each of which needs a row; in order.
    """

    action_id: str
    instrument_id: str
    symbol: str
    name: str
    currency: str
    date: date
    ratio: Decimal
    words: str
    source: str
    accounts: tuple[str, ...]

    @property
    def dismissal(self) -> str:
        """Return what it is put aside under."""
        return dismissal_of(self.action_id)


def dismissal_of(action_id: str) -> str:
    """Return what a corporate action is put aside under."""
    return f"action-{action_id}"


def list_unrecorded_splits(portfolio: Portfolio, *, today: date) -> list[UnrecordedSplit]:
    """List the splits up to today that aren't recorded nor put aside, the oldest first."""
    first = first_trade_date(portfolio.pk)
    if first is None:
        return []
    held = Position.objects.filter(portfolio_id=portfolio.pk)
    ids = [str(key) for key in held.values_list("instrument_id", flat=True)]
    told = market.list_splits(ids, start=first, end=today)
    if not told:
        return []
    aside = set(
        Dismissal.objects.filter(portfolio_id=portfolio.pk).values_list("finding", flat=True)
    )
    told = [each for each in told if dismissal_of(str(each.pk)) not in aside]
    split_ids = {each.instrument_id for each in told}
    events = list_events_about(portfolio.pk, instrument_ids=split_ids) if told else []
    instruments = market.instruments_by_id(split_ids)
    found = []
    for each in told:
        mine = [event for event in events if str(each.instrument_id) in _named(event)]
        accounts = _accounts(portfolio, mine, each)
        if accounts and not _is_recorded(mine, each):
            instrument = instruments[str(each.instrument_id)]
            found.append(
                UnrecordedSplit(
                    action_id=str(each.pk),
                    instrument_id=str(instrument.pk),
                    symbol=instrument.symbol,
                    name=instrument.name,
                    currency=instrument.currency,
                    date=each.ex_date,
                    ratio=each.ratio,
                    words=split_words(each.ratio),
                    source=each.source,
                    accounts=accounts,
                )
            )
    return found


def get_unrecorded_split(
    portfolio: Portfolio, *, action_id: ObjectId, today: date
) -> UnrecordedSplit:
    """Load one of them.

    Raises:
        SplitNotFound: there is none, or it is recorded by now.
    """
    for each in list_unrecorded_splits(portfolio, today=today):
        if each.action_id == str(action_id):
            return each
    raise SplitNotFound


def _named(event: Event) -> set[str | None]:
    return {event.instrument_id, event.to_instrument_id}


def _is_recorded(events: Sequence[Event], split: Any) -> bool:
    return any(
        event.kind is Kind.SPLIT and abs(event.trade_date - split.ex_date) <= _NEARLY
        for event in events
    )


def _accounts(portfolio: Portfolio, events: Sequence[Event], split: Any) -> tuple[str, ...]:
    """Find the accounts that held units the day before, and that need rows of their own."""
    before = [event for event in events if event.trade_date < split.ex_date]
    policy = Policy.chosen(portfolio.policy)
    book = compute(Ledger(before, portfolio.base_currency), policy=policy)
    position = book.positions.get(str(split.instrument_id))
    if position is None:
        return ()
    accounts = sorted(name for name, units in position.accounts.items() if units)
    if policy.pool_scope is PoolScope.ACCOUNT:
        return tuple(accounts)
    # Where lots are shared, a row without an account is about all of them.
    named = [name for name in accounts if name]
    return tuple(named or accounts)
