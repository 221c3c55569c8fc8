"""Model fields that keep decimals exact on MongoDB."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.utils.functional import cached_property

from common.mongodb.decimals import to_decimal128

#: What a Decimal128 holds, which is what sums of stored values may need.
_READING = Context(prec=34, rounding=ROUND_HALF_EVEN)


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """A decimal cut to its places on the way in and out, half to even.

    The backend stores whatever digits it is given, so an unrounded update (`F("amount") / 3`)
    would come back longer than its field. On the way in, a number that doesn't fit raises: input
    is checked before it gets here, so that is a bug.
    """

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Round before storing; expressions pass as they are.

        Raises:
            TypeError: it is a float, which would bring digits that nobody wrote.
            ValueError: it is no number, or has more digits than the field.
        """
        if value is None or hasattr(value, "resolve_expression"):
            return super().get_db_prep_value(value, connection, prepared)
        number = self._rounded(value, self._storing)
        return to_decimal128(number, places=self.decimal_places)

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Decimal | None:
        """Round what an unrounded update may have stored, or a sum."""
        return None if value is None else self._rounded(value, _READING)

    @cached_property
    def _step(self) -> Decimal:
        return Decimal(1).scaleb(-self.decimal_places)

    @cached_property
    def _storing(self) -> Context:
        return Context(prec=self.max_digits, rounding=ROUND_HALF_EVEN)

    def _rounded(self, value: Any, context: Context) -> Decimal:
        if isinstance(value, float):
            raise TypeError(f"{self.name} takes decimals, not the float {value!r}.")
        number = Decimal(value)
        try:
            number = number.quantize(self._step, context=context)
        except InvalidOperation as error:
            raise ValueError(
                f"{value} doesn't fit into the {context.prec} digits of {self.name}."
            ) from error
        if not number.is_finite():
            raise ValueError(f"{self.name} can't be {value}.")
        return number


def amount_field(**options: Any) -> MoneyField:
    """Make a field for amounts of money: 18 digits before the point, 10 after."""
    return MoneyField(max_digits=28, decimal_places=10, **options)


def quantity_field(**options: Any) -> MoneyField:
    """Make a field for numbers of units: 18 digits before the point, 10 after."""
    return MoneyField(max_digits=28, decimal_places=10, **options)


def price_field(**options: Any) -> MoneyField:
    """Make a field for unit prices and rates: 18 digits before the point, 10 after."""
    return MoneyField(max_digits=28, decimal_places=10, **options)
