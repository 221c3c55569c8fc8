"""What can be changed about people."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session

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


def confirmed_address(user: User) -> str | None:
    """Return where a person gets mail, or None while they haven't shown that it is theirs."""
    if not user.is_active:
        return None
    found = EmailAddress.objects.filter(user=user, email=user.email, verified=True)
    return user.email if found.exists() else None


def deactivate(user: User) -> None:
    """Close an account: end its sessions, tokens and live connections, and let nobody in again."""
    user.is_active = False
    run_in_transaction(lambda: user.save(update_fields=["is_active"]))


def delete_user(user: User) -> None:
    """Delete a person, and what is kept of their sign-ins and of changes to their account.

    What they own in other apps must be gone by then: see `config.closing`.
    """
    user_id, email = user.pk, user.email

    def delete() -> None:
        for model in (AccessAttempt, AccessFailureLog, AccessLog):
            model.objects.filter(username=email).delete()
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(User), object_id=str(user_id)
        ).delete()
        User.objects.get(pk=user_id).delete()

    # Whose a session is stands inside it, packed, so that all of them have to be looked into.
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user_id):
            session.delete()
    run_in_transaction(delete)
