"""What may be booked and how it is checked, and the event that the engine computes with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from common.money import exact
from portfolios.domain.kinds import (
    ARRIVALS,
    BEFORE_TRADING,
    CASH_IN,
    CASH_OUT,
    EXERCISES,
    HAS_AMOUNT,
    RANKS,
    Kind,
)

_ZERO = Decimal(0)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person, a file or a broker says happened; which fields are needed depends on the kind.

    Attributes:
        trade_date: the business date, in the account's own time zone.
        price: of one unit, without fee and tax.
        amount: gross cash of the kinds without quantity and price; the sign follows from the kind.
            Of a split or merger: what was paid for fractions, or for the shares.
        ratio: new units for each old one, of a split, spin-off or merger.
        accrued: interest bought or sold along with a bond; it is income, not cost.
        cost_share: the fraction of the cost that goes over to what was spun off.
        lots: which lots a sale takes: the row that opened each, and how many units of it.
        to_instrument_id: what is received: the spun-off, merged or underlying instrument.
        to_account: the account of one's own that units go to.
        to_currency: what is received for `amount` in an exchange; `to_amount` is how much.
        fx_rate: the rate really booked: portfolio currency for one unit of `currency`.
        sequence: the broker's own order of rows within one instant; 0 where there is none.
    """

    kind: Kind
    trade_date: date
    currency: str
    executed_at: datetime | None = None
    instrument_id: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    ratio: Decimal | None = None
    accrued: Decimal = _ZERO
    fee: Decimal = _ZERO
    tax: Decimal = _ZERO
    fx_rate: Decimal | None = None
    cost_share: Decimal | None = None
    lots: tuple[tuple[str, Decimal], ...] = ()
    to_instrument_id: str | None = None
    to_account: str = ""
    to_currency: str = ""
    to_amount: Decimal | None = None
    account: str = ""
    note: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Draft):
    """A transaction of a ledger, with what puts it into order.

    Attributes:
        instrument_currency: what the instrument is quoted in; None is "as the event".
        multiplier: what one unit at a price of 1 is worth: 100 for most options, 0.01 for bonds
            quoted in percent of their face.
        to_instrument_currency: as `instrument_currency`, of `to_instrument_id`; `to_multiplier`
            likewise.
    """

    id: str
    created_at: datetime
    instrument_currency: str | None = None
    multiplier: Decimal = _ONE
    to_instrument_currency: str | None = None
    to_multiplier: Decimal = _ONE


#: Business date, splits first, then time of day, broker's sequence, rank of the kind, age, id.
OrderKey = tuple[date, bool, datetime, int, int, datetime, str]

_DAY_START = datetime.min.replace(tzinfo=UTC)
_DAY_END = datetime.max.replace(tzinfo=UTC)


def order_key(event: Event) -> OrderKey:
    """Return what events are sorted by, so that nothing depends on the order they were stored in.

    A split counts before everything else of its business date: it takes effect before trading. A
    row without a time of day counts after those that have one; only arrivals that also lack the
    broker's sequence count before, so that a purchase typed by hand is there when it is sold.
    """
    return (
        event.trade_date,
        event.kind not in BEFORE_TRADING,
        _moment(event),
        event.sequence,
        RANKS[event.kind],
        _aware(event.created_at),
        event.id,
    )


def _moment(event: Event) -> datetime:
    if event.executed_at is not None:
        return _aware(event.executed_at)
    return _DAY_START if event.kind in ARRIVALS and not event.sequence else _DAY_END


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_CHARGES = ("fee", "tax")


def cash_changes(event: Event) -> tuple[tuple[str, Decimal], ...]:
    """Return what an event adds to the cash of each currency, in the current decimal context.

    The event must be usable.
    """
    charges = event.fee + event.tax
    if event.kind in CASH_IN:
        return ((event.currency, gross(event) + event.accrued - charges),)
    if event.kind in CASH_OUT:
        paid = (event.currency, -gross(event) - event.accrued - charges)
        if event.kind is Kind.EXCHANGE:
            return (paid, (event.to_currency, event.to_amount or _ZERO))
        return (paid,)
    # A reinvested dividend pays for its own units and charges.
    return () if event.kind is Kind.REINVESTMENT else ((event.currency, -charges),)


def worth(draft: Draft) -> Decimal:
    """Return quantity times price, or the amount of the kinds that have neither.

    The product is made in the current decimal context.
    """
    if draft.kind in HAS_AMOUNT:
        return draft.amount or _ZERO
    return (draft.quantity or _ZERO) * (draft.price or _ZERO)


def gross(event: Event) -> Decimal:
    """Return what an event's units or amount are worth before charges, in its currency."""
    if event.kind in EXERCISES:
        return units_received(event) * (event.price or _ZERO)
    if event.multiplier == 1 or event.kind in HAS_AMOUNT:
        return worth(event)
    return worth(event) * event.multiplier


def units_received(event: Event) -> Decimal:
    """Return how many units of the underlying an exercised option moves."""
    return (event.quantity or _ZERO) * (event.ratio or event.multiplier)


def fingerprint(draft: Draft) -> str:
    """Return 32 hexadecimal digits that are equal for equal rows, whoever brought them.

    Time of day, account and note are left out, for files of one broker differ in them.
    """
    parts = (
        draft.kind.value,
        draft.trade_date.isoformat(),
        draft.instrument_id or "",
        *(_plain(getattr(draft, name)) for name in ("quantity", "price", "amount", "ratio")),
        *(_plain(getattr(draft, name) or _ZERO) for name in _CHARGES),
        draft.currency,
        *_rarer_parts(draft),
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _rarer_parts(draft: Draft) -> Iterator[str]:
    """Name what few rows have, only where they have it: all others keep their fingerprints."""
    for name in ("accrued", "cost_share", "to_amount"):
        if getattr(draft, name):
            yield f"{name}={_plain(getattr(draft, name))}"
    for name in ("to_instrument_id", "to_account", "to_currency"):
        if getattr(draft, name):
            yield f"{name}={getattr(draft, name)}"


def _plain(number: Decimal | None) -> str:
    """Write a number the same way however many noughts it came with."""
    if number is None:
        return ""
    with exact():
        return format(number.normalize(), "f") if number else "0"
