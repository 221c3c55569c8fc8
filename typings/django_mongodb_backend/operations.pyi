from decimal import Decimal
from typing import Any

from django.db.backends.base.operations import BaseDatabaseOperations

class DatabaseOperations(BaseDatabaseOperations):
    def convert_decimalfield_value(
        self, value: Any, expression: Any, connection: Any
    ) -> Decimal | None: ...
    def prep_for_like_query(self, x: Any) -> str: ...
