"""The realtime app."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """Live prices and news over WebSockets."""

    name = "realtime"
