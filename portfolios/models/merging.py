"""What is remembered of instruments that turned out to be others."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class MovedReference(models.Model):
    """Something that spoke of an instrument until that turned out to be another one."""

    #: The merge that moved it.
    merge_key = models.CharField(max_length=24)
    #: The name of a model, and the key of the row.
    kind = models.CharField(max_length=32)
    object_key = models.CharField(max_length=24)
    #: What is needed to take it back, see `portfolios.services.merging`.
    content = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    moved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merge_key", "kind", "object_key"], name="one_move_a_reference"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_key} ({self.merge_key})"
