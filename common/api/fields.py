"""Fields of API bodies: ids, exact decimals, instants, money and currencies.

Junk of any kind becomes a validation error, and what a message quotes of it is printable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common import clock
from common.currencies import is_currency
from common.errors import NotFound
from common.ids import parse_object_id
from common.money import Money, NotADecimal, parse_decimal, plain, rounded


@extend_schema_field({"type": "string", "pattern": "^[0-9a-f]{24}$"})
class ObjectIdField(serializers.Field[ObjectId, Any, str, Any]):
    """An id: 24 hexadecimal digits."""

    default_error_messages = {"invalid": "This is no id: 24 hexadecimal digits are expected."}

    def to_internal_value(self, data: Any) -> ObjectId:
        """Read the id."""
        try:
            return parse_object_id(data)
        except NotFound:
            self.fail("invalid")

    def to_representation(self, value: Any) -> str:
        """Write its digits."""
        return str(value)


@extend_schema_field({"type": "string", "format": "decimal", "example": "12.5"})
class DecimalStringField(serializers.Field[Decimal, Any, str, Decimal]):
    """A decimal, written as a string because JSON's own numbers lose digits.

    Whole numbers are taken as they are; JSON numbers with a point are refused, for what arrives
    need not be what was meant.
    """

    default_error_messages = {
        "float": 'Send decimals as strings, such as "12.5": JSON\'s numbers lose digits.',
        "invalid": 'A decimal number is expected, such as "12.5".',
        "min_value": "This must be at least {min_value}.",
        "max_value": "This must be at most {max_value}.",
    }

    def __init__(
        self, *, min_value: Decimal | None = None, max_value: Decimal | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.min_value = min_value
        self.max_value = max_value

    def to_internal_value(self, data: Any) -> Decimal:
        """Read the number exactly."""
        if isinstance(data, float):
            self.fail("float")
        try:
            number = parse_decimal(self._text_of(data))
        except NotADecimal as error:
            raise serializers.ValidationError(error.detail, code="invalid") from error
        if self.min_value is not None and number < self.min_value:
            self.fail("min_value", min_value=self.min_value)
        if self.max_value is not None and number > self.max_value:
            self.fail("max_value", max_value=self.max_value)
        return number

    def to_representation(self, value: Decimal) -> str:
        """Write all its digits, and no exponent."""
        return plain(value)

    def _text_of(self, data: Any) -> str:
        # A bool is an int in Python, and a very long int can't even be turned into text.
        if isinstance(data, int) and not isinstance(data, bool) and data.bit_length() <= 128:
            return str(data)
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class InstantField(serializers.DateTimeField):
    """An instant with its offset from UTC, kept to the millisecond.

    Without an offset it would be that of one place only for somebody who lives there.
    """

    default_error_messages = {
        "no_offset": "The offset from UTC is missing, as in 2026-01-31T14:30:05Z or …+01:00.",
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        """Turn it into UTC."""
        if value.tzinfo is None:
            self.fail("no_offset")
        return clock.to_milliseconds(super().enforce_timezone(value))


@extend_schema_field({"type": "string", "example": "EUR"})
class CurrencyField(serializers.Field[str, Any, str, str]):
    """A currency by its ISO 4217 code, or one of the common crypto currencies."""

    default_error_messages = {"invalid": 'A currency code is expected, such as "EUR".'}

    def to_internal_value(self, data: Any) -> str:
        """Read the code, in either case."""
        code = data.strip().upper() if isinstance(data, str) else ""
        if not is_currency(code):
            self.fail("invalid")
        return code

    def to_representation(self, value: str) -> str:
        """Write the code."""
        return value


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "format": "decimal", "example": "12.30"},
            "currency": {"type": "string", "example": "EUR"},
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
    }
)
class MoneyField(serializers.Field[Money, Any, dict[str, str], Money]):
    """An amount with its currency: `{"amount": "12.30", "currency": "EUR"}`.

    Read exactly as it was sent, written rounded to what the currency can pay.
    """

    default_error_messages = {
        "invalid": 'Money is expected, such as {{"amount": "12.30", "currency": "EUR"}}.'
    }

    def to_internal_value(self, data: Any) -> Money:
        """Read both parts; each has errors of its own."""
        if not isinstance(data, Mapping) or not set(data) <= {"amount", "currency"}:
            self.fail("invalid")
        parts: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, field in (("amount", DecimalStringField()), ("currency", CurrencyField())):
            try:
                parts[name] = field.run_validation(data.get(name, serializers.empty))
            except serializers.ValidationError as error:
                errors[name] = error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return Money(**parts)

    def to_representation(self, value: Money) -> dict[str, str]:
        """Write both parts."""
        return {"amount": f"{rounded(value).amount:f}", "currency": value.currency}
