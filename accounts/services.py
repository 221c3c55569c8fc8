"""What can be changed about people."""

from __future__ import annotations

from accounts.models import User
from common.transactions import run_in_transaction


def change_preferences(
    user: User,
    *,
    base_currency: str | None = None,
    time_zone: str | None = None,
    locale: str | None = None,
) -> User:
    """Store the preferences that are given, and leave the others as they are."""
    given = {"base_currency": base_currency, "time_zone": time_zone, "locale": locale}
    changes = {name: value for name, value in given.items() if value is not None}
    if changes:
        run_in_transaction(lambda: User.objects.filter(pk=user.pk).update(**changes))
        for name, value in changes.items():
            setattr(user, name, value)
    return user
