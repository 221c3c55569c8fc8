"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Sign-up, sign-in, preferences."""

    name = "accounts"
