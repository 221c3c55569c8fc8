"""The brokers app."""

from django.apps import AppConfig


class BrokersConfig(AppConfig):
    """Imports from files and brokers."""

    name = "brokers"
