"""The brokers app."""

from django.apps import AppConfig


class BrokersConfig(AppConfig):
    """Imports from files and brokers."""

    name = "brokers"

    def ready(self) -> None:
        """Listen to what happens to its own models; they are loaded by now."""
        from brokers import receivers  # noqa: PLC0415 - imports what may not be imported earlier

        receivers.connect()
