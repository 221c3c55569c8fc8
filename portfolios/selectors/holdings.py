"""Ask what a portfolio holds and what it is worth at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId

from common.bulk import aggregate
from common.errors import NotFound
from common.money import exact
from marketdata import selectors as market
from marketdata.domain.instruments import InstrumentBrief
from marketdata.domain.quotes import Quote
from portfolios.domain.open_lots import OpenLot
from portfolios.domain.policy import Policy
from portfolios.domain.status import Status
from portfolios.domain.valuation import Holding, PositionValue, Valuation, value
from portfolios.models import Portfolio, Position, Snapshot


class PositionNotFound(NotFound):
    """Nothing of this is held in this portfolio."""

    code = "position-not-found"


@dataclass(frozen=True, slots=True)
class LiveHoldings:
    """What the live hub needs to value a portfolio over and over."""

    portfolio_id: str
    revision: int
    recalculating: bool
    base_currency: str
    status: Status
    holdings: tuple[Holding, ...]
    #: None where the portfolio doesn't track it.
    cash: Mapping[str, Decimal] | None


@dataclass(frozen=True, slots=True)
class PositionView:
    """One line of a portfolio: what is held, and its worth at the newest price."""

    instrument: InstrumentBrief
    quantity: Decimal
    average_cost: Decimal | None
    cost: Decimal | None
    cost_base: Decimal | None
    realized_base: Decimal | None
    income_base: Decimal | None
    fees_base: Decimal | None
    taxes_base: Decimal | None
    lots_count: int
    #: How many units are in each account.
    accounts: Mapping[str, Decimal]
    quote: Quote | None
    worth: PositionValue
    status: Status


@dataclass(frozen=True, slots=True)
class ProblemView:
    """A row of the ledger that could not be taken into account as it stands, and why."""

    transaction_id: str
    date: date
    code: str
    reason: str
    #: None where the row is about no instrument.
    instrument_id: str | None
    symbol: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A portfolio at one moment: its worth, its positions, and what is doubtful about them."""

    portfolio: Portfolio
    as_of: datetime
    computed_at: datetime | None
    valuation: Valuation
    positions: tuple[PositionView, ...]
    #: None where the portfolio doesn't track it.
    cash: Mapping[str, Decimal] | None
    realized: Decimal | None
    income: Decimal | None
    fees: Decimal | None
    taxes: Decimal | None
    problems: tuple[ProblemView, ...]
    status: Status
    #: What the figures were computed by, which may not be what is chosen by now.
    policy: Policy


def live_holdings(portfolio_id: str) -> LiveHoldings | None:
    """Load what the live hub needs of a portfolio, or None when it is gone."""
    found = live_holdings_of(Portfolio.objects.filter(pk=portfolio_id))
    return found[0] if found else None


def live_holdings_of(portfolios: Iterable[Portfolio]) -> list[LiveHoldings]:
    """Load what valuing several portfolios needs."""
    known = {each.pk: each for each in portfolios}
    contents: dict[ObjectId, Mapping[str, Any]] = dict.fromkeys(known, EMPTY)
    contents |= {
        each.portfolio_id: each.content
        for each in Snapshot.objects.filter(portfolio_id__in=list(known))
    }
    return [
        LiveHoldings(
            portfolio_id=str(key),
            revision=portfolio.computed_revision,
            recalculating=portfolio.is_recalculating,
            base_currency=portfolio.base_currency,
            status=Status(contents[key]["status"]),
            holdings=_holdings(contents[key]),
            cash=_cash(portfolio, contents[key]),
        )
        for key, portfolio in known.items()
    ]


#: What is shown of a snapshot, which holds as much again for the engine to go on from.
_SHOWN = (
    *("portfolio_id", "updated_at", "content.status", "content.policy", "content.problems"),
    *("content.cash", "content.totals", "content.positions.instrument"),
    *("content.positions.currency", "content.positions.quantity", "content.positions.multiplier"),
    *("content.positions.cost", "content.positions.cost_base", "content.positions.realized_base"),
    *("content.positions.income_base", "content.positions.fees_base"),
    *("content.positions.taxes_base", "content.positions.accounts", "content.positions.status"),
    # Documents of earlier versions hold the lots themselves.
    *("content.positions.lots_count", "content.positions.lots"),
)


def summarize(portfolio: Portfolio, *, now: datetime) -> Summary:
    """Value one portfolio at the newest prices."""
    return summarize_all([portfolio], now=now)[0]


def summarize_all(portfolios: Sequence[Portfolio], *, now: datetime) -> list[Summary]:
    """Value several portfolios at once: one look-up of prices and rates serves them all."""
    rows = aggregate(
        Snapshot,
        [
            {"$match": {"portfolio_id": {"$in": [each.pk for each in portfolios]}}},
            {"$project": {"_id": 0} | dict.fromkeys(_SHOWN, 1)},
        ],
    )
    # Nobody has computed anything for those that have none yet.
    prepared: dict[ObjectId, tuple[Mapping[str, Any], datetime | None]] = {
        each.pk: (EMPTY, None) for each in portfolios
    }
    prepared |= {
        row["portfolio_id"]: (row["content"], row["updated_at"].replace(tzinfo=UTC)) for row in rows
    }
    context = context_of([content for content, _ in prepared.values()], now=now)
    return [summary_of(each, *prepared[each.pk], context) for each in portfolios]


def context_of(contents: Sequence[Mapping[str, Any]], *, now: datetime) -> Context:
    """Look up the prices and rates that what was stored of portfolios is valued at."""
    ids = {line["instrument"] for content in contents for line in content["positions"]}
    # Documents of earlier versions don't say the instrument.
    doubtful = {each.get("instrument") for content in contents for each in content["problems"]}
    instruments = market.briefs_by_id(ids | doubtful - {None})
    return Context(
        now=now,
        instruments=instruments,
        quotes=market.latest_prices(ids, known=instruments),
        rates=market.current_rates(),
    )


def list_lots(portfolio_id: ObjectId, *, instrument_id: ObjectId) -> tuple[OpenLot, ...]:
    """List the open lots of one position, oldest first.

    Raises:
        PositionNotFound: the portfolio holds nothing of this instrument.
    """
    position = Position.objects.filter(
        portfolio_id=portfolio_id, instrument_id=instrument_id
    ).first()
    if position is None or not position.lots:
        raise PositionNotFound
    return tuple(_lot(each) for each in position.lots)


_TOTALS = ("realized", "income", "fees", "taxes")
EMPTY: Mapping[str, Any] = {
    "status": Status.COMPLETE.value,
    "positions": [],
    "cash": {},
    "totals": dict.fromkeys(_TOTALS, "0"),
    "problems": [],
}


@dataclass(frozen=True, slots=True)
class Context:
    """Prices and rates of one moment."""

    now: datetime
    instruments: Mapping[str, InstrumentBrief]
    quotes: Mapping[str, Quote]
    rates: tuple[Any, Any]


def summary_of(
    portfolio: Portfolio,
    content: Mapping[str, Any],
    computed_at: datetime | None,
    context: Context,
) -> Summary:
    """Value what was stored of a portfolio."""
    rates, previous_rates = context.rates
    holdings, cash = _holdings(content), _cash(portfolio, content)
    valuation = value(
        holdings,
        cash,
        quotes=context.quotes,
        rates=rates,
        previous_rates=previous_rates,
        base_currency=portfolio.base_currency,
    )
    worths = {each.instrument_id: each for each in valuation.positions}
    lines = content["positions"]
    open_lines = [line for line in lines if line["instrument"] in worths]
    with exact():
        positions = [_position(line, worths[line["instrument"]], context) for line in open_lines]
    return Summary(
        portfolio=portfolio,
        as_of=context.now,
        computed_at=computed_at,
        valuation=valuation,
        positions=tuple(sorted(positions, key=_by_worth)),
        cash=cash,
        **{name: _decimal(content["totals"][name]) for name in _TOTALS},
        problems=tuple(_problem(each, context) for each in content["problems"]),
        status=Status.worst(valuation.status, Status(content["status"])),
        # Without rows there are no figures yet that another choice would lie behind.
        policy=Policy.chosen(content.get("policy", portfolio.policy)),
    )


def _problem(problem: Mapping[str, Any], context: Context) -> ProblemView:
    instrument = context.instruments.get(problem.get("instrument") or "")
    return ProblemView(
        transaction_id=problem["transaction"],
        date=date.fromisoformat(problem["date"]),
        code=problem["code"],
        reason=problem["reason"],
        instrument_id=problem.get("instrument"),
        symbol=instrument.symbol if instrument else None,
    )


def _by_worth(position: PositionView) -> tuple[bool, Decimal, str]:
    worth = position.worth.value_base
    return worth is None, -(worth or Decimal(0)), position.instrument.symbol


def _position(line: Mapping[str, Any], worth: PositionValue, context: Context) -> PositionView:
    quantity, cost, cost_base = (_decimal(line[key]) for key in ("quantity", "cost", "cost_base"))
    return PositionView(
        instrument=context.instruments[line["instrument"]],
        quantity=quantity or Decimal(0),
        average_cost=cost / quantity if cost is not None and quantity else None,
        cost=cost,
        cost_base=cost_base,
        realized_base=_decimal(line["realized_base"]),
        income_base=_decimal(line["income_base"]),
        fees_base=_decimal(line["fees_base"]),
        taxes_base=_decimal(line["taxes_base"]),
        # Documents of earlier versions hold the lots themselves.
        lots_count=line.get("lots_count", len(line.get("lots", ()))),
        accounts={name: Decimal(units) for name, units in line.get("accounts", {}).items()},
        quote=context.quotes.get(line["instrument"]),
        worth=worth,
        status=Status.worst(worth.status, Status(line["status"])),
    )


def _lot(lot: Mapping[str, Any]) -> OpenLot:
    return OpenLot(
        opened_on=date.fromisoformat(lot["opened_on"]),
        # Documents of earlier versions don't say the row.
        event_id=lot.get("transaction", ""),
        quantity=Decimal(lot["quantity"]),
        cost=_decimal(lot["cost"]),
        cost_base=_decimal(lot["cost_base"]),
    )


def _holdings(content: Mapping[str, Any]) -> tuple[Holding, ...]:
    return tuple(
        Holding(
            instrument_id=line["instrument"],
            currency=line["currency"],
            quantity=quantity,
            cost_base=_decimal(line["cost_base"]),
            multiplier=Decimal(line.get("multiplier", 1)),
        )
        for line in content["positions"]
        if (quantity := Decimal(line["quantity"]))
    )


def _cash(portfolio: Portfolio, content: Mapping[str, Any]) -> dict[str, Decimal] | None:
    """Return the balance of each currency, or None where the portfolio doesn't track cash.

    The ledger's balances would only be the negative of what was bought there.
    """
    if not portfolio.tracks_cash:
        return None
    return {currency: Decimal(amount) for currency, amount in content["cash"].items()}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
