"""The names of all groups; ids in them keep to what the channel layer allows."""


def quotes() -> str:
    """Return the group that hears every batch of quotes."""
    return "quotes"


def user(user_id: str) -> str:
    """Return the group that hears one person's news: portfolios, imports, alerts, sessions."""
    return f"user.{user_id}"
