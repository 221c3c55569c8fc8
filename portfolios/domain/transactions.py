"""The kinds of transaction there are, what each needs, and the event the engine computes with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from common.money import DECIMAL_PLACES, WHOLE_DIGITS, exact, fits, is_currency

_ZERO = Decimal(0)
_LIMIT = Decimal(10) ** WHOLE_DIGITS
_FIRST_DATE = date(1970, 1, 1)
_HIGHEST_SEQUENCE = 2**31 - 1
_TEXT_LENGTHS = {"account": 80, "note": 500}


class Kind(StrEnum):
    """What happened."""

    BUY = "buy"
    SELL = "sell"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    TAX = "tax"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    SPLIT = "split"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person, a file or a broker says happened; which fields are needed depends on the kind.

    Attributes:
        trade_date: the business date, in the account's own time zone.
        price: of one unit, without fee and tax.
        amount: gross cash of the kinds without quantity and price; the sign follows from the kind.
        ratio: new units for each old one, of a split.
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
    fee: Decimal = _ZERO
    tax: Decimal = _ZERO
    fx_rate: Decimal | None = None
    account: str = ""
    note: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Draft):
    """A transaction of a ledger, with what puts it into order.

    Attributes:
        instrument_currency: what the instrument is quoted in; None is "as the event".
    """

    id: str
    created_at: datetime
    instrument_currency: str | None = None


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A field of a draft that can't stay as it is, and what is expected, in words."""

    field: str
    message: str


#: Business date, splits first, then time of day, broker's sequence, rank of the kind, age, id.
OrderKey = tuple[date, bool, datetime, int, int, datetime, str]

_RANKS = {
    kind: rank
    for rank, kind in enumerate(
        (
            Kind.SPLIT,
            Kind.DEPOSIT,
            Kind.TRANSFER_IN,
            Kind.BUY,
            Kind.SELL,
            Kind.TRANSFER_OUT,
            Kind.DIVIDEND,
            Kind.INTEREST,
            Kind.FEE,
            Kind.TAX,
            Kind.WITHDRAWAL,
        )
    )
}
_DAY_START = datetime.min.replace(tzinfo=UTC)
_DAY_END = datetime.max.replace(tzinfo=UTC)
_ARRIVALS = frozenset({Kind.DEPOSIT, Kind.TRANSFER_IN, Kind.BUY})


def order_key(event: Event) -> OrderKey:
    """Return what events are sorted by, so that nothing depends on the order they were stored in.

    A split counts before everything else of its business date: it takes effect before trading. A
    row without a time of day counts after those that have one; only arrivals that also lack the
    broker's sequence count before, so that a purchase typed by hand is there when it is sold.
    """
    return (
        event.trade_date,
        event.kind is not Kind.SPLIT,
        _moment(event),
        event.sequence,
        _RANKS[event.kind],
        _aware(event.created_at),
        event.id,
    )


def _moment(event: Event) -> datetime:
    if event.executed_at is not None:
        return _aware(event.executed_at)
    return _DAY_START if event.kind in _ARRIVALS and not event.sequence else _DAY_END


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Which fields a kind must have, and which it may have beside them."""

    needs: tuple[str, ...]
    allows: tuple[str, ...] = ()


_CHARGES = ("fee", "tax")
_RULES = {
    Kind.BUY: _Rule(("instrument_id", "quantity", "price"), _CHARGES),
    Kind.SELL: _Rule(("instrument_id", "quantity", "price"), _CHARGES),
    Kind.DIVIDEND: _Rule(("instrument_id", "amount"), _CHARGES),
    Kind.INTEREST: _Rule(("amount",), ("instrument_id", *_CHARGES)),
    Kind.FEE: _Rule(("amount",), ("instrument_id",)),
    Kind.TAX: _Rule(("amount",), ("instrument_id",)),
    Kind.DEPOSIT: _Rule(("amount",), _CHARGES),
    Kind.WITHDRAWAL: _Rule(("amount",), _CHARGES),
    Kind.SPLIT: _Rule(("instrument_id", "ratio")),
    Kind.TRANSFER_IN: _Rule(("instrument_id", "quantity"), ("price", *_CHARGES)),
    Kind.TRANSFER_OUT: _Rule(("instrument_id", "quantity"), ("price", *_CHARGES)),
}
_RULED_FIELDS = ("instrument_id", "quantity", "price", "amount", "ratio", "fee", "tax")
_LABELS = {
    "instrument_id": "Instrument",
    "quantity": "Quantity",
    "price": "Price",
    "amount": "Amount",
    "ratio": "Ratio",
    "fee": "Fee",
    "tax": "Tax",
    "fx_rate": "Exchange rate",
    "account": "Account",
    "note": "Note",
}
_ABOVE_ZERO = frozenset({"quantity", "amount", "ratio", "fx_rate"})
_COUNTS = frozenset({"quantity", "ratio"})


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
    ]


def _check_when(draft: Draft, today: date) -> Iterator[FieldProblem]:
    last_date = today + timedelta(days=1)
    if not _FIRST_DATE <= draft.trade_date <= last_date:
        yield FieldProblem("trade_date", f"Date must be between {_FIRST_DATE} and {last_date}.")
    if draft.executed_at is not None and draft.executed_at.tzinfo is None:
        yield FieldProblem("executed_at", "Time must say its time zone.")
    if not 0 <= draft.sequence <= _HIGHEST_SEQUENCE:
        yield FieldProblem("sequence", f"Sequence must be between 0 and {_HIGHEST_SEQUENCE}.")


def _check_presence(draft: Draft) -> Iterator[FieldProblem]:
    rule = _RULES[draft.kind]
    name = draft.kind.label.lower()
    for field in _RULED_FIELDS:
        value = getattr(draft, field)
        if field in rule.needs and (value is None or value == ""):
            yield FieldProblem(field, f"{_LABELS[field]} is needed for the kind “{name}”.")
        elif field not in rule.needs and field not in rule.allows and value:
            yield FieldProblem(field, f"{_LABELS[field]} must be empty for the kind “{name}”.")


def _check_numbers(draft: Draft) -> Iterator[FieldProblem]:
    rule = _RULES[draft.kind]
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
        gross = worth(draft)
        converted = gross * (draft.fx_rate or 1)
    if gross >= _LIMIT:
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
        elif "\x00" in text:
            yield FieldProblem(field, f"{_LABELS[field]} must not hold the character NUL.")


def why_unusable(event: Event) -> str | None:
    """Say what keeps an event from being computed with, or None when nothing does.

    This asks less than `check`, for ledgers hold what no form would let through: prices may be
    negative, and a negative amount takes one back.
    """
    for field in _RULES[event.kind].needs:
        value = getattr(event, field)
        if value is None or value == "":
            return f"{_LABELS[field]} is missing."
        if field in _COUNTS and not (value.is_finite() and value > 0):
            return f"{_LABELS[field]} must be more than 0."
    # Spelled out, for this is asked of every event: a loop over names takes twice the time.
    if not (
        _is_usable(event.quantity)
        and _is_usable(event.price)
        and _is_usable(event.amount)
        and _is_usable(event.ratio)
        and _is_usable(event.fee)
        and _is_usable(event.tax)
        and _is_usable(event.fx_rate)
        and _is_usable(worth(event))
    ):
        return f"Every number, and what they make together, must be below {_LIMIT:,}."
    return None


def _is_usable(number: Decimal | None) -> bool:
    return number is None or (number.adjusted() < WHOLE_DIGITS and number.is_finite())


def cash_change(event: Event) -> Decimal:
    """Return what an event adds to the cash of its currency, in the current decimal context.

    The event must be usable.
    """
    gross, charges = worth(event), event.fee + event.tax
    if event.kind in _CASH_IN:
        return gross - charges
    return -gross - charges if event.kind in _CASH_OUT else -charges


_CASH_IN = frozenset({Kind.SELL, Kind.DIVIDEND, Kind.INTEREST, Kind.DEPOSIT})
_CASH_OUT = frozenset({Kind.BUY, Kind.FEE, Kind.TAX, Kind.WITHDRAWAL})


def worth(draft: Draft) -> Decimal:
    """Return quantity times price, or the amount of the kinds that have neither.

    The product is made in the current decimal context.
    """
    if "amount" in _RULES[draft.kind].needs:
        return draft.amount or _ZERO
    return (draft.quantity or _ZERO) * (draft.price or _ZERO)


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
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _plain(number: Decimal | None) -> str:
    """Write a number the same way however many noughts it came with."""
    if number is None:
        return ""
    with exact():
        return format(number.normalize(), "f") if number else "0"
