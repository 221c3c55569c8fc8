"""What every stored thing shares."""

from django.db import models


class Timestamped(models.Model):
    """When a row was made and last changed; services set both from their `now`."""

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True
