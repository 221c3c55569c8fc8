"""Numbers, days and times as each person reads them; built in, so that no template loads it.

The tags look up the signed-in user's preferences and write text alone. What is unknown is an en
dash that says so; it is never written as a zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.context import Context
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from common import clock
from common.currencies import UnknownCurrency, minor_units
from common.numerals import Convention, convention_of, price_decimals, write_number

register = template.Library()

#: What templates hand over: numbers, numbers as texts, and an empty text for what isn't there.
Figure = Decimal | int | str | None

UNKNOWN = mark_safe('<span class="unknown" title="unknown">–</span>')
_PERCENT_DECIMALS = 2
_LEAST_PLACES = 10
_AGES = ((60, "s"), (3_600, "min"), (86_400, "h"))


@register.simple_tag(takes_context=True)
def money(context: Context, amount: Figure, currency: str) -> str:
    """Write an amount with the decimals of its currency: 1,234.50."""
    decimals = digits(currency)
    return _number(context, amount, least=decimals, most=decimals)


@register.simple_tag(takes_context=True)
def change(context: Context, amount: Figure, currency: str) -> str:
    """Write a gain or loss with its sign: +1,234.50."""
    decimals = digits(currency)
    return _number(context, amount, least=decimals, most=decimals, signed=True)


@register.simple_tag(takes_context=True)
def percent(context: Context, rate: Figure) -> str:
    """Write a share of something: 0.1234 is 12.34%."""
    return _percentage(context, rate, signed=False)


@register.simple_tag(takes_context=True)
def rate(context: Context, value: Figure) -> str:
    """Write a relative gain or loss with its sign: 0.0123 is +1.23%."""
    return _percentage(context, value, signed=True)


@register.simple_tag(takes_context=True)
def quantity(context: Context, value: Figure) -> str:
    """Write a number of units with the decimals it has."""
    return _number(context, value)


@register.simple_tag(takes_context=True)
def exactly(context: Context, value: Figure) -> str:
    """Write a number that others are recomputed from: with twelve digits that count, or more."""
    known = _known(value)
    places = 11 - known.adjusted() if known else 0
    return _number(context, value, most=max(places, _LEAST_PLACES))


@register.simple_tag(takes_context=True)
def decimal(context: Context, value: Figure, decimals: int) -> str:
    """Write a plain number, such as a quotient, with so many decimals."""
    return _number(context, value, least=decimals, most=decimals)


@register.simple_tag(takes_context=True)
def price(context: Context, value: Figure, currency: str) -> str:
    """Write a price, rounded to the decimals worth reading."""
    least = min(digits(currency), 2)
    return _number(context, value, least=least, most=price_decimals(_known(value) or Decimal(0)))


@register.simple_tag(takes_context=True)
def recorded(context: Context, value: Figure, currency: str) -> str:
    """Write an amount or price of the ledger as it was recorded, unrounded."""
    return _number(context, value, least=min(digits(currency), 2))


@register.simple_tag(takes_context=True)
def day(context: Context, value: date | str | None) -> str:
    """Write a day, given as such or as an ISO text."""
    if not value:
        return UNKNOWN
    if isinstance(value, str):
        value = date.fromisoformat(value)
    return format_date(value, _convention(context).date)


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime | None) -> str:
    """Write an instant in the user's own time zone."""
    if value is None:
        return UNKNOWN
    shown = _local(context, value)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


def _local(context: Context, value: datetime) -> str:
    convention = _convention(context)
    local = value.astimezone(ZoneInfo(_preference(context, "time_zone") or "UTC"))
    return format_date(local, f"{convention.date}, {convention.time}")


@register.simple_tag(takes_context=True)
def point(context: Context, value: Mapping[str, str]) -> str:
    """Write where a point of a chart lies: its `date`, or the moment that it has `at`."""
    if "at" in value:
        return _local(context, datetime.fromisoformat(value["at"]))
    return day(context, value["date"])


@register.simple_tag(takes_context=True)
def age(context: Context, value: datetime | None) -> str:
    """Write how long ago an instant was; the exact time is its title."""
    if value is None:
        return UNKNOWN
    seconds = max(0, int((clock.now() - value).total_seconds()))
    if seconds >= _AGES[-1][0]:
        return moment(context, value)
    lower = 1
    shown = ""
    for limit, unit in _AGES:
        if seconds < limit:
            shown = f"{seconds // lower} {unit} ago"
            break
        lower = limit
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


@register.simple_tag(takes_context=True)
def number_attributes(context: Context) -> str:
    """Write what the live client needs to write numbers the same way, as attributes."""
    convention = _convention(context)
    return format_html(
        'data-decimal="{}" data-group="{}" data-grouping="{}" data-percent="{}"',
        convention.decimal,
        convention.group,
        convention.grouping.value,
        convention.percent,
    )


@register.filter
def digits(currency: str) -> int:
    """Return the decimals that amounts in a currency are written with."""
    try:
        return minor_units(currency)
    except UnknownCurrency:
        return 2


@register.filter
def tone(value: Figure) -> str:
    """Name the color of a gain or loss: `gain`, `loss`, `flat` or `unknown`."""
    known = _known(value)
    if known is None:
        return "unknown"
    if known == 0:
        return "flat"
    return "gain" if known > 0 else "loss"


def _number(context: Context, value: Figure, **style: Any) -> str:
    return _written(value, lambda known: write_number(known, _convention(context), **style))


def _percentage(context: Context, value: Figure, *, signed: bool) -> str:
    convention = _convention(context)
    decimals = _PERCENT_DECIMALS

    def written(known: Decimal) -> str:
        hundredfold = known.scaleb(2)
        number = write_number(hundredfold, convention, least=decimals, most=decimals, signed=signed)
        return f"{number}{convention.percent}"

    return _written(value, written)


def _written(value: Figure, write: Callable[[Decimal], str]) -> SafeString | str:
    known = _known(value)
    return UNKNOWN if known is None else write(known)


def _known(value: Figure) -> Decimal | None:
    return None if value is None or value == "" else Decimal(value)


def _convention(context: Context) -> Convention:
    return convention_of(_preference(context, "locale"))


def _preference(context: Context, name: str) -> str | None:
    """Return a preference of the signed-in user; None when there is none."""
    request = getattr(context, "request", None) or context.get("request")
    return getattr(getattr(request, "user", None), name, None)


@register.simple_tag
def delay(seconds: int | None) -> str:
    """Say how late a source's prices are by agreement; nothing where they aren't."""
    return f"{round(seconds / 60)} min late" if seconds else ""
