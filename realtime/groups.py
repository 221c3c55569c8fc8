"""The names of all groups; ids in them keep to what the channel layer allows."""


def quotes() -> str:
    """Return the group that hears every batch of quotes."""
    return "quotes"


def user(user_id: str) -> str:
    """Return the group that hears what concerns one person's portfolios, imports and sessions."""
    return f"user.{user_id}"
