"""Ask where a gain came from: since the first row at the newest prices, or in a span of days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from common.money import exact
from marketdata import selectors as market
from marketdata.domain.fx import Rates
from marketdata.domain.quotes import Quote
from portfolios.domain.attribution import (
    Attribution,
    PeriodReport,
    attribute,
    report_period,
    without_cash,
)
from portfolios.domain.books import Book, Lot, Position, Totals
from portfolios.domain.policy import Policy
from portfolios.domain.ranges import InvalidRange
from portfolios.domain.status import Status
from portfolios.domain.unknowns import known_sum
from portfolios.models import Portfolio, Snapshot
from portfolios.selectors.checkpoints import go_on
from portfolios.selectors.disposals import DisposalFilter, list_disposals
from portfolios.selectors.history import WantedDays
from portfolios.selectors.ledger import first_trade_date
from portfolios.selectors.replaying import check_length, prepare

_ONE_DAY = timedelta(days=1)
#: Lots matter to their sum only, here.
_ANY_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class AttributionView:
    """Where the gain since the first row came from, and by which choices that was computed.

    Attributes:
        instruments: by the text of its id, everything that is or was held.
        book: what it was computed from, with `prices` in the instruments' currencies and `rates`.
    """

    portfolio: Portfolio
    as_of: datetime
    policy: Policy
    attribution: Attribution
    instruments: Mapping[str, Any]
    book: Book
    prices: Mapping[str, Decimal]
    rates: Rates


@dataclass(frozen=True, slots=True)
class PeriodView:
    """How a span of days went, on both bases.

    Attributes:
        end: the last day, which counts.
        realized: what sales of these days brought on the tax basis: more than what was paid.
    """

    start: date
    end: date
    report: PeriodReport
    realized: Decimal | None


def attribute_now(portfolio: Portfolio, *, now: datetime) -> AttributionView:
    """Say where a portfolio's gain came from, from its snapshot and the newest prices."""
    snapshot = Snapshot.objects.filter(portfolio_id=portfolio.pk).first()
    content = snapshot.content if snapshot else {}
    book = _book(portfolio, content)
    instruments = market.instruments_by_id(book.positions.keys())
    quotes = market.latest_prices(book.positions.keys(), known=instruments)
    rates, _ = market.current_rates()
    prices = _prices(book, quotes, rates)
    return AttributionView(
        portfolio=portfolio,
        as_of=now,
        policy=book.policy,
        attribution=attribute(book, prices=prices, rates=rates),
        instruments=instruments,
        book=book,
        prices=prices,
        rates=rates,
    )


def attribute_range(portfolio: Portfolio, wanted: WantedDays, *, last: date) -> PeriodView:
    """Say where the gain of a range came from, which ends with a day that has ended.

    Args:
        last: the newest day that has ended; ranges that have a name end with it.

    Raises:
        InvalidRange: none of its days is over.
        LedgerTooLong: there are too many rows since the checkpoint before the first day.
    """
    first = first_trade_date(portfolio.pk)
    days = wanted.days(today=last, first_day=first or last)
    if first is None or not days.days:
        raise InvalidRange("No day of the portfolio is over in this range.")
    return attribute_period(portfolio, start=days.start, end=days.end - _ONE_DAY)


def attribute_period(portfolio: Portfolio, *, start: date, end: date) -> PeriodView:
    """Say where the gain of the days from `start` to `end` came from; both count.

    Raises:
        LedgerTooLong: there are too many rows since the checkpoint before the first day.
    """
    checkpoint, events = go_on(portfolio, until=start, end=end + _ONE_DAY, whole=True)
    check_length(events)
    known = prepare(portfolio, checkpoint, events, start=start, end=end)
    report = report_period(
        known.ledger,
        prices=known.prices,
        rates=known.rates,
        start=start,
        end=end + _ONE_DAY,
        tracks_cash=portfolio.tracks_cash,
        policy=known.policy,
    )
    sold = list_disposals(portfolio.pk, wanted=DisposalFilter(start, end))
    with exact():
        realized = known_sum(sold.values_list("gain_base", flat=True))
    return PeriodView(start=start, end=end, report=report, realized=realized)


def _prices(book: Book, quotes: Mapping[str, Quote], rates: Rates) -> dict[str, Decimal]:
    """Return the price of each position in its own currency, where that is known."""
    prices = {}
    with exact():
        for key, quote in quotes.items():
            rate = rates.find_rate(quote.currency, book.positions[key].currency)
            if rate is not None:
                prices[key] = quote.price * rate
    return prices


def _book(portfolio: Portfolio, content: Mapping[str, Any]) -> Book:
    """Read from a snapshot as much of a book as an attribution needs."""
    totals = content.get("totals", {})
    book = Book(
        base_currency=portfolio.base_currency,
        policy=Policy.chosen(content.get("policy", portfolio.policy)),
        positions={
            each["instrument"]: _position(each)
            for each in content.get("positions", ())
            # Those of earlier versions don't say it.
            if "invested" in each
        },
        cash={name: Decimal(amount) for name, amount in content.get("cash", {}).items()},
        cash_base={name: _decimal(text) for name, text in content.get("cash_base", {}).items()},
        totals=Totals(
            income_base=_decimal(totals.get("income", "0")),
            fees_base=_decimal(totals.get("fees", "0")),
            taxes_base=_decimal(totals.get("taxes", "0")),
            contributed_base=_decimal(totals.get("contributed", "0")),
        ),
        is_partial=content.get("status", Status.COMPLETE) != Status.COMPLETE,
    )
    return book if portfolio.tracks_cash else without_cash(book)


def _position(line: Mapping[str, Any]) -> Position:
    names = (
        "cost",
        "cost_base",
        "charges_base",
        "realized_base",
        "price_gain_base",
        "currency_gain_base",
        "income_base",
        "fees_base",
        "taxes_base",
    )
    known: dict[str, Any] = {name: _decimal(line[name]) for name in names}
    quantity = Decimal(line["quantity"])
    # All lots as one, which costs what they cost without charges.
    lot = Lot(_ANY_DAY, "", quantity, _decimal(line["invested"]), _decimal(line["invested_base"]))
    return Position(
        instrument_id=line["instrument"],
        currency=line["currency"],
        quantity=quantity,
        realized=None,
        income=None,
        lots=(lot,),
        opened_on=None,
        status=Status(line["status"]),
        multiplier=Decimal(line["multiplier"]),
        **known,
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
