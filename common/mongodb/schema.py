"""What migrations do: unique indexes that serve look-ups as well, defaults taken literally."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Field, Index, Model, UniqueConstraint
from django_mongodb_backend import schema
from pymongo.operations import IndexModel


class WholeUniqueIndex(Index):
    """A unique index over every document, not only over those with values of the right type."""

    def get_pymongo_index_model(self, *args: Any, **kwargs: Any) -> IndexModel | None:
        """Return upstream's index without its filter."""
        # Upstream adds this method to Django's Index when it is imported.
        model: IndexModel | None = super().get_pymongo_index_model(*args, **kwargs)  # type: ignore[misc]
        if model is None:
            return None
        options = {
            name: value
            for name, value in model.document.items()
            if name not in {"key", "partialFilterExpression"}
        }
        return IndexModel(list(model.document["key"].items()), **options)


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Makes unique indexes whole wherever null can't occur.

    Upstream makes each of them partial (`{field: {"$type": …}}`) so that several nulls may
    stand side by side. The planner uses a partial index only for a query that implies its filter,
    and an equality doesn't: signing in by e-mail or finding a session would read the whole
    collection. Over fields that are null upstream's form stays, and wants a plain index beside
    it.

    Defaults of new fields are values: upstream gives them to the server as expressions, which takes
    none that is an empty object, and reads a text that begins with a dollar sign as a field.
    """

    def effective_default(self, field: Field[Any, Any]) -> Any:
        """Return what documents get that lack a field, for the server to take as it is."""
        return {"$literal": super().effective_default(field)}

    def add_index(
        self,
        model: type[Model],
        index: Index,
        *,
        field: Field[Any, Any] | None = None,
        unique: bool = False,
        column_prefix: str = "",
        parent_model: type[Model] | None = None,
    ) -> None:
        """Create an index, a whole one where it is unique and can be."""
        # A prefix stands for an embedded document, which may be missing as a whole.
        if unique and not column_prefix and not _may_be_null(model, index, field):
            index = WholeUniqueIndex(fields=index.fields, name=index.name)
        super().add_index(
            model,
            index,
            field=field,
            unique=unique,
            column_prefix=column_prefix,
            parent_model=parent_model,
        )

    def _alter_field(
        self,
        model: type[Model],
        old_field: Field[Any, Any],
        new_field: Field[Any, Any],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Alter a field; make its unique indexes anew when null became possible or impossible."""
        super()._alter_field(model, old_field, new_field, *args, **kwargs)
        if old_field.null != new_field.null:
            self._renew_unique_indexes(old_field, new_field)

    def _renew_unique_indexes(self, old_field: Field[Any, Any], new_field: Field[Any, Any]) -> None:
        model = new_field.model
        if old_field.unique and new_field.unique and not new_field.primary_key:
            self._remove_field_unique(model, new_field)
            self._add_field_unique(model, new_field)
        for constraint in _unique_constraints_over(new_field):
            self.remove_constraint(model, constraint)
            self.add_constraint(model, constraint)
        together = [names for names in model._meta.unique_together if new_field.name in names]
        self.alter_unique_together(model, together, [])
        self.alter_unique_together(model, [], together)


def _may_be_null(model: type[Model], index: Index, field: Field[Any, Any] | None) -> bool:
    if index.condition is not None or index.contains_expressions:
        return True
    fields: list[Any] = [field] if field else [model._meta.get_field(name) for name in index.fields]
    return any(getattr(field, "null", True) for field in fields)


def _unique_constraints_over(field: Field[Any, Any]) -> Iterator[UniqueConstraint]:
    for constraint in field.model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and field.name in constraint.fields:
            yield constraint
