from typing import Any

from django.db.models import Field

class ArrayField(Field[list[Any], list[Any]]):
    base_field: Field[Any, Any]
    def __init__(
        self,
        base_field: Field[Any, Any],
        max_size: int | None = None,
        size: int | None = None,
        **kwargs: Any,
    ) -> None: ...
