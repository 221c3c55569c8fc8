"""Values on their way into queries, and out of rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128
from django_mongodb_backend import operations

from common.mongodb.decimals import to_decimal


class DatabaseOperations(operations.DatabaseOperations):
    """Escapes what is looked up with `iexact`, and reads decimals several times as fast.

    `iexact` is sent as a regular expression. Django binds `prep_for_iexact_query` to the base
    class's own `prep_for_like_query` when that class is made, so upstream's escaping never reaches
    it: `email__iexact=".*"` would match every row and `"++"` raise. Sign-up, password reset and the
    admin's search all get there.
    """

    compiler_module = "common.mongodb.compiler"
    prep_for_iexact_query = operations.DatabaseOperations.prep_for_like_query

    def convert_decimalfield_value(
        self, value: Any, expression: Any, connection: Any
    ) -> Decimal | None:
        """Read a decimal; what isn't stored as one is left to the backend."""
        if isinstance(value, Decimal128):
            return to_decimal(value)
        return super().convert_decimalfield_value(value, expression, connection)
