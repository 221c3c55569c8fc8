"""Seal brokers' secrets anew with the newest key, batch by batch."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from bson import ObjectId
from django.db.models import QuerySet

from brokers.adapters import vault
from brokers.models import Connection
from brokers.services.connecting import unsealed
from common.transactions import run_in_transaction


def rotate(*, limit: int, after: ObjectId | None, now: datetime) -> tuple[int, ObjectId | None]:
    """Seal up to `limit` secrets anew with the newest key; those that have it are passed over.

    Args:
        after: the last connection that was looked at.

    Returns:
        How many were sealed anew, and the last one looked at: None where none was left.

    Raises:
        NoKeys: there is none.
    """
    old = _sealed_otherwise()
    if after is not None:
        old = old.filter(pk__gt=after)
    keys = list(old.values_list("pk", flat=True)[:limit])
    done = sum(run_in_transaction(partial(_reseal, key, now=now)) for key in keys)
    return done, keys[-1] if keys else None


def count_unrotated() -> int:
    """Count the secrets that the newest key doesn't open.

    Raises:
        NoKeys: there is none.
    """
    return _sealed_otherwise().count()


def _sealed_otherwise() -> QuerySet[Connection]:
    known = ["", vault.active_key_id()]
    return Connection.objects.exclude(secret_key_id__in=known).order_by("pk")


def _reseal(connection_id: ObjectId, *, now: datetime) -> bool:
    held = Connection.objects.get(pk=connection_id)
    try:
        secret = unsealed(held)
    except vault.Unopenable:
        return False
    sealed = vault.seal(secret, connection_id=str(held.pk))
    held.secret, held.secret_key_id, held.updated_at = sealed.text, sealed.key_id, now
    held.save(update_fields=["secret", "secret_key_id", "updated_at"])
    return True
