"""What may be booked and how it is checked, and the event that the engine computes with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from common.money import DECIMAL_PLACES, WHOLE_DIGITS, exact, fits, is_currency
from common.texts import hidden_character
from portfolios.domain.kinds import (
    ARRIVALS,
    BEFORE_TRADING,
    CASH_IN,
    CASH_OUT,
    EXERCISES,
    HAS_AMOUNT,
    RANKS,
    RULES,
    Kind,
)

_ZERO = Decimal(0)
_ONE = Decimal(1)
_LIMIT = Decimal(10) ** WHOLE_DIGITS
_FIRST_DATE = date(1970, 1, 1)
_ONE_DAY = timedelta(days=1)
_HIGHEST_SEQUENCE = 2**31 - 1
_TEXT_LENGTHS = {"account": 80, "to_account": 80, "note": 500}


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


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A field of a draft that can't stay as it is, and what is expected, in words."""

    field: str
    message: str


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
_RULED_FIELDS = (
    "instrument_id",
    "quantity",
    "price",
    "amount",
    "ratio",
    "accrued",
    "cost_share",
    "lots",
    "to_instrument_id",
    "to_account",
    "to_currency",
    "to_amount",
    *_CHARGES,
)
_LABELS = {
    "instrument_id": "Instrument",
    "quantity": "Quantity",
    "price": "Price",
    "amount": "Amount",
    "ratio": "Ratio",
    "accrued": "Accrued interest",
    "cost_share": "Share of the cost",
    "lots": "Lots",
    "to_instrument_id": "Instrument received",
    "to_account": "Receiving account",
    "to_currency": "Currency received",
    "to_amount": "Amount received",
    "fee": "Fee",
    "tax": "Tax",
    "fx_rate": "Exchange rate",
    "account": "Account",
    "note": "Note",
}
_ABOVE_ZERO = frozenset({"quantity", "amount", "ratio", "to_amount", "fx_rate"})
_COUNTS = frozenset({"quantity", "ratio"})
_DIFFERENT = {
    "to_instrument_id": "instrument_id",
    "to_account": "account",
    "to_currency": "currency",
}
_NOTHING_RECEIVED = "A merger must say which shares were received at which ratio, or how much cash."


def check(draft: Draft, *, today: date) -> list[FieldProblem]:
    """Find what is wrong with a draft, field by field; an empty list means that it can be booked.

    Args:
        today: by UTC; the next day is let through, for it has begun in the east.
    """
    return [
        *_check_when(draft, today),
        *_check_presence(draft),
        *_check_numbers(draft),
        *_check_texts(draft),
        *_check_whole(draft),
    ]


def _check_when(draft: Draft, today: date) -> Iterator[FieldProblem]:
    last_date = today + _ONE_DAY
    if not _FIRST_DATE <= draft.trade_date <= last_date:
        yield FieldProblem("trade_date", f"Date must be between {_FIRST_DATE} and {last_date}.")
    elif draft.executed_at is not None:
        yield from _check_moment(draft.executed_at, draft.trade_date)
    if not 0 <= draft.sequence <= _HIGHEST_SEQUENCE:
        yield FieldProblem("sequence", f"Sequence must be between 0 and {_HIGHEST_SEQUENCE}.")


def _check_moment(moment: datetime, trade_date: date) -> Iterator[FieldProblem]:
    if moment.tzinfo is None:
        yield FieldProblem("executed_at", "Time must say its offset from UTC.")
        return
    start = datetime.combine(trade_date, time.min, tzinfo=UTC)
    # No place's day is further than one from that of UTC.
    if not start - _ONE_DAY <= moment < start + 2 * _ONE_DAY:
        yield FieldProblem(
            "executed_at", f"Time must be on {trade_date}, give or take a day for the time zone."
        )


def _check_presence(draft: Draft) -> Iterator[FieldProblem]:
    rule = RULES[draft.kind]
    name = draft.kind.label.lower()
    for field in _RULED_FIELDS:
        value = getattr(draft, field)
        if field in rule.needs and (value is None or value == ""):
            yield FieldProblem(field, f"{_LABELS[field]} is needed for the kind “{name}”.")
        elif field not in rule.needs and field not in rule.allows and value:
            yield FieldProblem(field, f"{_LABELS[field]} must be empty for the kind “{name}”.")


def _check_numbers(draft: Draft) -> Iterator[FieldProblem]:
    rule = RULES[draft.kind]
    is_whole = True
    for field in ("fx_rate", *rule.needs, *rule.allows):
        number = getattr(draft, field)
        problem = _problem_of(field, number) if isinstance(number, Decimal) else None
        if problem:
            is_whole = False
            yield FieldProblem(field, f"{_LABELS[field]} must {problem}.")
    if is_whole:
        yield from _check_products(draft)


def _problem_of(field: str, number: Decimal) -> str | None:
    if not number.is_finite():
        return "be a number"
    if field in _ABOVE_ZERO and number <= 0:
        return "be more than 0"
    if number < 0:
        return "be 0 or more"
    if not fits(number):
        return f"have at most {WHOLE_DIGITS} digits before the point and {DECIMAL_PLACES} after it"
    return None


def _check_products(draft: Draft) -> Iterator[FieldProblem]:
    """Look at what follows from a row: its worth, also in the portfolio's currency, is kept too."""
    with exact():
        booked = worth(draft)
        converted = booked * (draft.fx_rate or 1)
    if booked >= _LIMIT:
        yield FieldProblem("price", f"Quantity times price must be less than {_LIMIT:,}.")
    elif converted >= _LIMIT:
        yield FieldProblem("fx_rate", f"The converted amount must be less than {_LIMIT:,}.")


def _check_texts(draft: Draft) -> Iterator[FieldProblem]:
    if not is_currency(draft.currency):
        yield FieldProblem("currency", "Currency must be a known code, such as EUR.")
    for field, length in _TEXT_LENGTHS.items():
        text = getattr(draft, field)
        if len(text) > length:
            yield FieldProblem(field, f"{_LABELS[field]} must have at most {length} characters.")
        elif hidden := hidden_character(text):
            yield FieldProblem(
                field, f"{_LABELS[field]} must not hold the invisible character {hidden}."
            )


def _check_whole(draft: Draft) -> Iterator[FieldProblem]:
    """Look at fields that must fit each other."""
    if draft.to_currency and not is_currency(draft.to_currency):
        yield FieldProblem("to_currency", "Currency received must be a known code, such as EUR.")
    for field, other in _DIFFERENT.items():
        if getattr(draft, field) and getattr(draft, field) == getattr(draft, other):
            yield FieldProblem(field, f"{_LABELS[field]} must be another than the one given up.")
    if draft.cost_share is not None and draft.cost_share > 1:
        yield FieldProblem("cost_share", "Share of the cost must be between 0 and 1.")
    if draft.kind is Kind.MERGER and _lacks_consideration(draft):
        yield FieldProblem("amount", _NOTHING_RECEIVED)
    if draft.lots:
        with exact():
            named = sum((quantity for _, quantity in draft.lots), _ZERO)
        if any(quantity <= 0 for _, quantity in draft.lots) or named != draft.quantity:
            yield FieldProblem("lots", "The lots named must add up to the quantity.")


def _lacks_consideration(draft: Draft) -> bool:
    return not (draft.amount or (draft.to_instrument_id and draft.ratio))


def why_unusable(event: Event) -> str | None:
    """Say what keeps an event from being computed with, or None when nothing does.

    This asks less than `check`, for ledgers hold what no form would let through: prices may be
    negative, and a negative amount takes one back.
    """
    for field in RULES[event.kind].needs:
        value = getattr(event, field)
        if value is None or value == "":
            return f"{_LABELS[field]} is missing."
        if field in _COUNTS and not (value.is_finite() and value > 0):
            return f"{_LABELS[field]} must be more than 0."
    if event.kind is Kind.MERGER and _lacks_consideration(event):
        return _NOTHING_RECEIVED
    if event.kind is Kind.EXCHANGE and event.to_currency == event.currency:
        return "Both currencies of the exchange are the same."
    # Spelled out, for this is asked of every event: a loop over names takes twice the time.
    if not (
        _is_usable(event.quantity)
        and _is_usable(event.price)
        and _is_usable(event.amount)
        and _is_usable(event.ratio)
        and _is_usable(event.fee)
        and _is_usable(event.tax)
        and _is_usable(event.fx_rate)
        and _is_usable(event.accrued)
        and _is_usable(event.to_amount)
        and _is_usable(event.cost_share)
        and _is_usable(gross(event))
    ):
        return f"Every number, and what they make together, must be below {_LIMIT:,}."
    return None


def _is_usable(number: Decimal | None) -> bool:
    return number is None or (number.adjusted() < WHOLE_DIGITS and number.is_finite())


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
