"""Plain values for templates, from what selectors return; nothing here asks the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from common.money import exact, plain
from marketdata.domain.intraday import Bar, BarStatus, Interval
from marketdata.domain.quotes import Quote, is_stale
from portfolios.domain.kinds import Kind
from portfolios.models import Portfolio, Transaction, TransactionRevision
from portfolios.selectors.holdings import PositionView, Summary
from portfolios.selectors.portfolios import Minute

_INSTRUMENT_FIELDS = ("instrument_id", "to_instrument_id")
Instruments = Callable[[Collection[Any]], Mapping[str, Any]]


def portfolio_line(portfolio: Portfolio) -> dict[str, Any]:
    """Describe a portfolio itself."""
    return {
        "id": str(portfolio.pk),
        "name": portfolio.name,
        "base_currency": portfolio.base_currency,
        "tracks_cash": portfolio.tracks_cash,
        "ledger_revision": portfolio.ledger_revision,
        "computed_revision": portfolio.computed_revision,
        "recalculating": portfolio.is_recalculating,
        "recalculation_failures": portfolio.recalculation_failures,
    }


def overview(summaries: Sequence[Summary]) -> dict[str, Any]:
    """Describe all portfolios of a user, and their sums per currency."""
    totals: dict[str, Decimal | None] = defaultdict(Decimal)
    for each in summaries:
        currency, worth = each.portfolio.base_currency, each.valuation.total
        so_far = totals[currency]
        with exact():
            totals[currency] = None if worth is None or so_far is None else so_far + worth
    return {
        "portfolios": [
            portfolio_line(each.portfolio)
            | {
                "total": each.valuation.total,
                "day_change": each.valuation.day_change,
                "day_change_rate": each.valuation.day_change_rate,
                "status": each.status.value,
                "positions_count": len(each.positions),
            }
            for each in summaries
        ],
        "totals": [{"currency": key, "amount": amount} for key, amount in totals.items()],
    }


def portfolio_page(
    summary: Summary,
    *,
    worths: Iterable[tuple[date, Decimal]],
    latest: Iterable[Transaction],
    instruments: Instruments,
) -> dict[str, Any]:
    """Describe everything on the page of a portfolio."""
    worth = summary.valuation
    rows = list(latest)
    held = {each.instrument.id: each.instrument for each in summary.positions}
    named = _named_in(rows)
    known = {**held, **instruments(named - held.keys())}
    return {
        "portfolio": portfolio_line(summary.portfolio),
        "valuation": {
            "total": worth.total,
            "holdings_value": worth.holdings_value,
            "cash": [
                {"currency": key, "amount": amount} for key, amount in (summary.cash or {}).items()
            ],
            "cash_total": worth.cash,
            "day_change": worth.day_change,
            "day_change_rate": worth.day_change_rate,
            "unrealized": worth.unrealized,
            "realized": summary.realized,
            "income": summary.income,
            "fees": summary.fees,
            "taxes": summary.taxes,
            "status": summary.status.value,
            "missing": [held[each].symbol if each in held else each for each in worth.missing],
            "as_of": summary.as_of,
        },
        "positions": [_position(each, now=summary.as_of) for each in summary.positions],
        "problems": [
            {
                "transaction_id": each.transaction_id,
                "date": each.date,
                "symbol": each.symbol,
                "reason": each.reason,
            }
            for each in summary.problems
        ],
        "values": _points(worths),
        "latest_transactions": [transaction_line(row, instruments=known) for row in rows],
    }


def minutes(course: Iterable[Minute]) -> list[dict[str, Any]]:
    """Describe the course of a day, as a drawing takes it."""
    return [{"date": each["at"], "value": format(each["value"], "f")} for each in course]


def _points(series: Iterable[tuple[date, Decimal]]) -> list[dict[str, str]]:
    return [{"date": day.isoformat(), "value": format(worth, "f")} for day, worth in series]


def _position(position: PositionView, *, now: datetime) -> dict[str, Any]:
    quote, worth = position.quote, position.worth
    return {
        "instrument": position.instrument,
        "quantity": position.quantity,
        "average_cost": position.average_cost,
        "cost_base": position.cost_base,
        "price": worth.price,
        "price_at": quote.at if quote else None,
        "age_days": _age_days(quote, now=now),
        "source": quote.source if quote else None,
        "delay_seconds": quote.delay_seconds if quote else 0,
        "state": quote.market_state.value if quote else None,
        "stale": quote is not None
        and is_stale(quote, now=now, after_seconds=settings.FEED_STALE_SECONDS),
        "day_change": worth.day_change_base,
        "day_change_rate": worth.day_change_rate,
        "value": worth.value,
        "value_base": worth.value_base,
        "unrealized_base": worth.unrealized_base,
        "unrealized_rate": worth.unrealized_rate,
        "weight": worth.weight,
        "status": position.status.value,
        "lots_count": position.lots_count,
    }


def _age_days(quote: Quote | None, *, now: datetime) -> int | None:
    """Count the days since the day of a price; that of today, or ahead of UTC, is none old."""
    return None if quote is None else max(0, (now.date() - quote.at.date()).days)


def transaction_page(page: Any, *, instruments: Instruments) -> dict[str, Any]:
    """Describe one page of a ledger."""
    known = instruments(_named_in(page.rows))
    return {
        "rows": [transaction_line(row, instruments=known) for row in page.rows],
        "next": page.next_url,
        "previous": page.previous_url,
    }


def _named_in(rows: Iterable[Transaction]) -> set[str]:
    """Collect the instruments that rows speak of."""
    return {str(key) for row in rows for key in (row.instrument_id, row.to_instrument_id) if key}


def transaction_line(row: Transaction, *, instruments: Mapping[str, Any]) -> dict[str, Any]:
    """Describe one row of a ledger."""
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "kind_label": Kind(row.kind).label,
        "trade_date": row.trade_date,
        "instrument": instruments.get(str(row.instrument_id)),
        "account": row.account,
        "quantity": row.quantity,
        "price": row.price,
        "amount": row.amount,
        "ratio": row.ratio,
        "accrued": row.accrued,
        "cost_share": row.cost_share,
        "to_instrument": instruments.get(str(row.to_instrument_id)),
        "to_account": row.to_account,
        "to_currency": row.to_currency,
        "to_amount": row.to_amount,
        "fee": row.fee,
        "tax": row.tax,
        "currency": row.currency,
        "note": row.note,
        "revision": row.revision,
        "is_void": row.is_void,
    }


def history_page(
    row: Transaction, *, revisions: Sequence[TransactionRevision], instruments: Instruments
) -> dict[str, Any]:
    """Describe a row as it stands now and as it stood before each change, newest first."""
    ids = {each.state.get(name, "") for each in revisions for name in _INSTRUMENT_FIELDS}
    known = instruments((ids | _named_in([row])) - {""})
    return {
        "transaction": transaction_line(row, instruments=known),
        "deleted": revisions[0] if row.is_void and revisions else None,
        "revisions": [_revision(each, known) for each in revisions],
    }


def _revision(kept: TransactionRevision, instruments: Mapping[str, Any]) -> dict[str, Any]:
    state = {name: text for name, text in kept.state.items() if text}
    for field in _INSTRUMENT_FIELDS:
        if instrument := instruments.get(state.get(field, "")):
            state[field] = f"{instrument.symbol} · {instrument.name}"
    return {
        "revision": kept.revision,
        "state": state,
        "was_void": kept.reason == kept.RESTORED,
        "reason": kept.reason,
        "changed_at": kept.changed_at,
        "changed_by": kept.changed_by,
    }


def instrument_page(
    instrument: Any,
    *,
    quote: Quote | None,
    closes: Sequence[tuple[date, Decimal]],
    prices: Iterable[Any],
    summaries: Sequence[Summary],
    now: datetime,
) -> dict[str, Any]:
    """Describe an instrument, the prices recorded of it, and the positions in it."""
    key = str(instrument.pk)
    return {
        "instrument": instrument,
        "quote": quote,
        "age_days": _age_days(quote, now=now),
        "is_own": instrument.owner_id is not None,
        "prices": [{"date": each.date, "close": each.close} for each in prices],
        "values": _points(closes),
        "positions": [
            {"portfolio": portfolio_line(each.portfolio)} | _position(position, now=each.as_of)
            for each in summaries
            for position in each.positions
            if position.instrument.id == key
        ],
    }


def bars_within_days(bars: Sequence[Bar], interval: Interval) -> dict[str, Any]:
    """Describe prices within days, in place of those of days."""
    return {
        "values": [{"at": each.at.isoformat(), "value": plain(each.close)} for each in bars],
        "step_seconds": int(interval.length.total_seconds()),
        "note": _where_bars_are_from(bars, interval),
    }


def _where_bars_are_from(bars: Sequence[Bar], interval: Interval) -> str:
    if not bars:
        return "Prices within the day are kept while somebody holds, watches or looks at it."
    span = "each minute" if interval is Interval.MINUTE else "five minutes each"
    sources = sorted({name for each in bars for name in each.source.split(", ")})
    sampled = sum(each.status is BarStatus.SAMPLED for each in bars)
    more = f"; {sampled} of them made of the quotes seen so far" if sampled else ""
    return f"Prices of {span} from {' and '.join(sources)}{more}."


def symbols(instruments: Iterable[Any]) -> list[dict[str, str]]:
    """List what the symbol field suggests."""
    return [
        {"symbol": each.symbol, "name": each.name, "currency": each.currency}
        for each in instruments
    ]
