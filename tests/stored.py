"""What lies in the database, to prove that something left it as it was."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection

APPS = ("accounts", "marketdata", "portfolios", "brokers")
#: Changed by being signed in, whatever is asked for.
_PASSING = {"last_login"}


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return every document of our apps by its collection, ordered by id."""
    database = connection.database  # type: ignore[attr-defined]
    names = [
        model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()
    ]
    return {
        name: [
            {key: value for key, value in document.items() if key not in _PASSING}
            for document in database[name].find().sort("_id")
        ]
        for name in names
    }
