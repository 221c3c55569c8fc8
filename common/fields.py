"""Model fields that keep decimals exact on MongoDB."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from django.db import models

_CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN)


class MoneyField(models.DecimalField):
    """A decimal cut to its places on the way in and out.

    The backend stores whatever digits it is given, so an unrounded value would come back longer
    than its field. At most 34 digits fit a Decimal128; more raises `decimal.InvalidOperation`,
    which is why input is checked before it gets here.
    """

    def _quantized(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        step = Decimal(1).scaleb(-self.decimal_places)
        return Decimal(str(value)).quantize(step, context=_CONTEXT)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Quantise before storing; expressions pass as they are."""
        if value is not None and not hasattr(value, "resolve_expression"):
            value = self._quantized(value)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Decimal | None:
        """Quantise what an unrounded update may have stored."""
        return self._quantized(value)


def amount_field(**options: Any) -> MoneyField:
    """Make a field for amounts of money: 18 digits before the point, 10 after."""
    return MoneyField(max_digits=28, decimal_places=10, **options)


def quantity_field(**options: Any) -> MoneyField:
    """Make a field for numbers of units: 18 digits before the point, 10 after."""
    return MoneyField(max_digits=28, decimal_places=10, **options)


def price_field(**options: Any) -> MoneyField:
    """Make a field for unit prices and rates: 18 digits before the point, 10 after."""
    return MoneyField(max_digits=28, decimal_places=10, **options)
