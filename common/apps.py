"""The common app."""

from django.apps import AppConfig

from common import ids


class CommonConfig(AppConfig):
    """What every app stands on."""

    name = "common"

    def ready(self) -> None:
        """Make `<object_id:…>` known before the first URL pattern is read."""
        ids.register()
