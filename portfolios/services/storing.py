"""Store what was computed of a portfolio: its read models, all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from operator import itemgetter
from typing import Any

from bson import ObjectId

from common.bulk import at_midnight, insert_many, read_many, update_many, upsert_many
from common.money import exact, plain, rounded_to_places
from portfolios.domain.daily import DayValue
from portfolios.domain.engine import Code, Lot
from portfolios.domain.engine import Disposal as ComputedDisposal
from portfolios.domain.engine import Position as ComputedPosition
from portfolios.domain.status import Status
from portfolios.domain.tax_years import Sale, SoldLot, TaxYear, tax_years
from portfolios.domain.unknowns import known_sum
from portfolios.models import DailyValue, Disposal, Portfolio, Position, Snapshot
from portfolios.services import checkpoints
from portfolios.services.computing import Computed

Line = Mapping[str, Any]


def store_computed(portfolio: Portfolio, computed: Computed, *, today: date, now: datetime) -> None:
    """Write positions, values and the snapshot of a ledger's revision."""
    if portfolio.is_recalculating or not computed.has_only_days:
        # First the one row that every recalculation of this portfolio writes: the later one finds
        # out at once. The portfolio comes last: people who write to the ledger don't wait for us.
        lines = _lines(computed.book.positions, computed.untouched)
        _store_snapshot(portfolio, computed, lines, now=now)
        _store_positions(portfolio, computed.book.positions, lines, now=now)
    _store_values(portfolio, computed, now=now)
    checkpoints.drop(portfolio, stale_from=portfolio.stale_from, today=today)


def keep_checkpoints(portfolio: Portfolio, computed: Computed, *, now: datetime) -> None:
    """Keep how the ledger stood before some days, after all else is stored."""
    books = {day: (book, _lines(book.positions, ())) for day, book in computed.standing.items()}
    if books:
        checkpoints.keep(portfolio, books, now=now)


def _lines(positions: Mapping[str, ComputedPosition], untouched: Sequence[Line]) -> list[Line]:
    """Return the snapshot's lines of all positions, in the order of their instruments."""
    made = [*untouched, *(_position(each) for each in positions.values())]
    return sorted(made, key=lambda line: str(line["instrument"]))


def _store_snapshot(
    portfolio: Portfolio, computed: Computed, lines: Sequence[Line], *, now: datetime
) -> None:
    earlier: Mapping[str, Any] = {}
    if computed.since is not None:
        before = Snapshot.objects.filter(portfolio=portfolio).first()
        earlier = before.content if before else {}
    content = _content(computed, lines, earlier.get("problems", ()))
    content["tax_years"] = _marked(_tax_years(portfolio, computed, earlier), content["problems"])
    upsert_many(
        [
            Snapshot(
                portfolio=portfolio,
                revision=portfolio.ledger_revision,
                content=content,
                created_at=now,
                updated_at=now,
            )
        ],
        key=("portfolio",),
    )


def _tax_years(
    portfolio: Portfolio, computed: Computed, earlier: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Add up the years that were gone through, and keep those before; the newest is first."""
    since, sales = computed.since, map(_computed_sale, computed.book.disposals)
    if since is None:
        return [_tax_year(each) for each in tax_years(sales)]
    of_its_year = Disposal.objects.filter(
        portfolio=portfolio, date__gte=date(since.year, 1, 1), date__lt=since
    ).order_by("-date", "-transaction_id", "-place")
    made = tax_years(chain(map(_stored_sale, of_its_year), sales))
    kept = [each for each in earlier.get("tax_years", ()) if each["year"] < since.year]
    return [*(_tax_year(each) for each in made), *kept]


def _marked(
    years: Iterable[Mapping[str, Any]], problems: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Mark the years as partial in which something was sold that isn't wholly in their sums."""
    lacking = {int(each["date"][:4]) for each in problems if each["code"] in _NOT_WHOLLY_SOLD}
    partial = {"status": Status.PARTIAL.value}
    return [{**each, **partial} if each["year"] in lacking else each for each in years]


_NOT_WHOLLY_SOLD = {Code.UNUSABLE, Code.OVERSOLD, Code.OVERCOVERED, Code.LOTS_UNKNOWN}


def _computed_sale(disposal: ComputedDisposal) -> Sale:
    lots = (SoldLot(lot.held_days, _stored(lot.gain_base)) for lot in disposal.lots)
    return _sale(disposal, lots)


def _stored_sale(row: Disposal) -> Sale:
    lots = (SoldLot(lot["held_days"], _stored(_decimal(lot["gain_base"]))) for lot in row.lots)
    return _sale(row, lots)


def _sale(disposal: Disposal | ComputedDisposal, lots: Iterable[SoldLot]) -> Sale:
    amounts = {name: _stored(getattr(disposal, name)) for name in _SALE_AMOUNTS}
    return Sale(date=disposal.date, currency=disposal.currency, lots=tuple(lots), **amounts)


_SALE_AMOUNTS = ("proceeds", "cost", "gain", "proceeds_base", "cost_base", "gain_base")


def _stored(amount: Decimal | None) -> Decimal | None:
    """Round as the database does: a year is the sum of the rows that people can see."""
    return rounded_to_places(amount) if amount else amount


def _tax_year(year: TaxYear) -> dict[str, Any]:
    sums = ("proceeds", "cost", "gain")
    amounts = (*sums, "short_term", "long_term", "other")
    return {
        "year": year.year,
        "disposals": year.disposals,
        "status": year.status.value,
        **{name: _text(getattr(year, name)) for name in amounts},
        "by_currency": [
            {"currency": each.currency, **{name: _text(getattr(each, name)) for name in sums}}
            for each in year.by_currency
        ],
    }


def _store_positions(
    portfolio: Portfolio,
    positions: Mapping[str, ComputedPosition],
    lines: Sequence[Line],
    *,
    now: datetime,
) -> None:
    upsert_many(
        (
            Position(
                portfolio=portfolio,
                instrument_id=ObjectId(instrument_id),
                revision=portfolio.ledger_revision,
                quantity=each.quantity,
                currency=each.currency,
                cost=each.cost,
                cost_base=each.cost_base,
                realized_base=each.realized_base,
                price_gain_base=each.price_gain_base,
                currency_gain_base=each.currency_gain_base,
                income_base=each.income_base,
                fees_base=each.fees_base,
                taxes_base=each.taxes_base,
                opened_on=each.opened_on,
                accounts={name: _text(units) for name, units in each.accounts.items()},
                lots=[_lot(lot) for lot in each.lots],
                status=each.status.value,
                created_at=now,
                updated_at=now,
            )
            for instrument_id, each in positions.items()
        ),
        key=("portfolio", "instrument"),
    )
    kept = [ObjectId(line["instrument"]) for line in lines]
    Position.objects.filter(portfolio=portfolio).exclude(instrument_id__in=kept).delete()


def _store_values(portfolio: Portfolio, computed: Computed, *, now: datetime) -> None:
    stored = DailyValue.objects.filter(portfolio=portfolio)
    if computed.first_date is None or computed.start is None:
        stored.delete()
        return
    # A void may have moved the first day forward.
    stored.filter(date__lt=computed.first_date).delete()
    earlier = _stored_values(portfolio, since=computed.start)
    added, changed = [], []
    for each in computed.values:
        columns = _value_columns(each)
        before = earlier.get(each.date)
        # Of a ledger that is gone through anew nearly every day comes out as it was.
        if before is None or _in_order(before) != _in_order(columns):
            row = DailyValue(
                portfolio=portfolio, revision=portfolio.ledger_revision, computed_at=now, **columns
            )
            if before is None:
                added.append(row)
            else:
                row.pk = before["id"]
                changed.append(row)
    insert_many(added)
    update_many(changed)


def _stored_values(portfolio: Portfolio, *, since: date) -> dict[date, dict[str, Any]]:
    rows = read_many(
        DailyValue,
        {"portfolio_id": portfolio.pk, "date": {"$gte": at_midnight(since)}},
        columns=("id", *_VALUE_COLUMNS),
        sort={"date": 1},
    )
    return {each["date"]: each for each in rows}


def _value_columns(day: DayValue) -> dict[str, Any]:
    """Return a day as it is stored."""
    amounts = {name: _stored(getattr(day, name)) for name in _VALUE_AMOUNTS}
    return amounts | {
        "date": day.date,
        "status": day.status.value,
        "missing": list(day.missing),
    }


_VALUE_AMOUNTS = ("value", "cash", "inflow", "outflow")
_VALUE_COLUMNS = ("date", *_VALUE_AMOUNTS, "status", "missing")
_in_order = itemgetter(*_VALUE_COLUMNS)


def _content(
    computed: Computed, lines: Sequence[Line], earlier_problems: Sequence[Line]
) -> dict[str, Any]:
    book, since = computed.book, computed.since
    with exact():
        realized = known_sum(_decimal(line["realized_base"]) for line in lines)
    return {
        "status": book.status.value,
        "positions": list(lines),
        "cash": {currency: _text(amount) for currency, amount in book.cash.items()},
        "cash_base": {currency: _text(amount) for currency, amount in book.cash_base.items()},
        "policy": book.policy.choices(),
        # Of the whole portfolio: some income and fees belong to no position.
        "totals": {
            "realized": _text(realized),
            "income": _text(book.totals.income_base),
            "fees": _text(book.totals.fees_base),
            "taxes": _text(book.totals.taxes_base),
            "contributed": _text(book.totals.contributed_base),
        },
        "problems": [
            *(each for each in earlier_problems if since and each["date"] < since.isoformat()),
            *(
                {
                    "transaction": each.event_id,
                    "date": _day(computed.problem_dates[each.event_id]),
                    "code": each.code,
                    "reason": each.reason,
                    "instrument": each.instrument_id,
                }
                for each in book.problems
            ),
        ],
    }


def _position(position: ComputedPosition) -> dict[str, Any]:
    return {
        "instrument": position.instrument_id,
        "currency": position.currency,
        "quantity": _text(position.quantity),
        "multiplier": _text(position.multiplier),
        "cost": _text(position.cost),
        "cost_base": _text(position.cost_base),
        "realized_base": _text(position.realized_base),
        "income_base": _text(position.income_base),
        "fees_base": _text(position.fees_base),
        "taxes_base": _text(position.taxes_base),
        "charges_base": _text(position.charges_base),
        "price_gain_base": _text(position.price_gain_base),
        "currency_gain_base": _text(position.currency_gain_base),
        "invested": _text(position.invested),
        "invested_base": _text(position.invested_base),
        "accounts": {name: _text(units) for name, units in position.accounts.items()},
        "opened_on": _day(position.opened_on),
        "status": position.status.value,
        "lots_count": len(position.lots),
    }


def _lot(lot: Lot) -> dict[str, Any]:
    return {
        "opened_on": _day(lot.opened_on),
        "transaction": lot.event_id,
        "quantity": _text(lot.quantity),
        "cost": _text(lot.cost),
        "cost_base": _text(lot.cost_base),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
