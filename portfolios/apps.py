"""The portfolios app."""

from django.apps import AppConfig


class PortfoliosConfig(AppConfig):
    """Ledgers, positions and values."""

    name = "portfolios"
