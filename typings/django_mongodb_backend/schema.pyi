from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Field, Index, Model

class DatabaseSchemaEditor(BaseDatabaseSchemaEditor):
    def add_index(
        self,
        model: type[Model],
        index: Index,
        *,
        field: Field[Any, Any] | None = ...,
        unique: bool = ...,
        column_prefix: str = ...,
        parent_model: type[Model] | None = ...,
    ) -> None: ...
    def _alter_field(
        self,
        model: type[Model],
        old_field: Field[Any, Any],
        new_field: Field[Any, Any],
        *args: Any,
        **kwargs: Any,
    ) -> None: ...
    def _add_field_unique(self, model: type[Model], field: Field[Any, Any]) -> None: ...
    def _remove_field_unique(self, model: type[Model], field: Field[Any, Any]) -> None: ...
