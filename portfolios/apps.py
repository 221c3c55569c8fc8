"""The portfolios app."""

from django.apps import AppConfig


class PortfoliosConfig(AppConfig):
    """Ledgers, positions and values."""

    name = "portfolios"

    def ready(self) -> None:
        """Listen to what market data announces; the models are loaded by now."""
        from portfolios import receivers  # noqa: PLC0415 - imports what may not be imported earlier

        receivers.connect()
