"""What the back office's pages share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

ModelT = TypeVar("ModelT", bound=models.Model)


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
else:

    class ModelAdmin(admin.ModelAdmin):
        """Django's own, which type checkers take as generic and Python does not."""

        def __class_getitem__(cls, _model: object) -> type[ModelAdmin]:
            return cls


class CommitsItself:
    """Leaves it to the services that `save_model` calls when they commit."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Take the form without Django's `atomic` around it, inside which ours can't commit."""
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]


class ReadOnlyAdmin(ModelAdmin[ModelT]):
    """Rows that are computed or that only services may change: staff look, and change nothing."""

    # Counting all rows of a large collection would read all of it.
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted by hand."""
        return False
