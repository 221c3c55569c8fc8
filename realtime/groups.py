"""The names of all groups; ids in them keep to what the channel layer allows."""

from __future__ import annotations

_USER = "user."


def quotes() -> str:
    """Return the group that hears every batch of quotes."""
    return "quotes"


def user(user_id: str) -> str:
    """Return the group that hears one person's news: portfolios, imports, alerts, sessions."""
    return f"{_USER}{user_id}"


def user_of(group: str) -> str | None:
    """Return whose news a group hears, or None if it is not one person's."""
    return group.removeprefix(_USER) if group.startswith(_USER) else None
