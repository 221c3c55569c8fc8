"""The realtime app."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """Live prices and news over WebSockets."""

    name = "realtime"

    def ready(self) -> None:
        """Listen to what the apps below announce; they are all loaded by now."""
        from realtime import receivers  # noqa: PLC0415 - imports what may not be imported earlier

        receivers.connect()
