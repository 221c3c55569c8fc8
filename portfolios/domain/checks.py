"""What a row must say before it is booked, and what keeps one from being computed with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from common.currencies import is_currency
from common.money import DECIMAL_PLACES, WHOLE_DIGITS, exact, fits
from common.texts import hidden_character
from portfolios.domain.kinds import RULES, Kind
from portfolios.domain.transactions import Draft, Event, gross, worth

_ZERO = Decimal(0)
_LIMIT = Decimal(10) ** WHOLE_DIGITS
_FIRST_DATE = date(1970, 1, 1)
_ONE_DAY = timedelta(days=1)
_HIGHEST_SEQUENCE = 2**31 - 1
_TEXT_LENGTHS = {"account": 80, "to_account": 80, "note": 500}
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


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A field of a draft that can't stay as it is, and what is expected, in words."""

    field: str
    message: str


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
    return not number or (number.adjusted() < WHOLE_DIGITS and number.is_finite())
