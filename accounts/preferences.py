"""What people may choose about how money and time are shown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

#: Tag → name in its own language; it decides how numbers and dates are written.
LOCALES: Mapping[str, str] = {
    "en-US": "English (United States)",
    "en-GB": "English (United Kingdom)",
    "en-IE": "English (Ireland)",
    "en-IN": "English (India)",
    "de-DE": "Deutsch (Deutschland)",
    "de-AT": "Deutsch (Österreich)",
    "de-CH": "Deutsch (Schweiz)",
    "fr-FR": "Français (France)",
    "fr-CH": "Français (Suisse)",
    "it-IT": "Italiano (Italia)",
    "es-ES": "Español (España)",
    "pt-PT": "Português (Portugal)",
    "pt-BR": "Português (Brasil)",
    "nl-NL": "Nederlands (Nederland)",
    "pl-PL": "Polski (Polska)",
    "sv-SE": "Svenska (Sverige)",
    "da-DK": "Dansk (Danmark)",
    "nb-NO": "Norsk (Norge)",
    "fi-FI": "Suomi (Suomi)",
    "ja-JP": "日本語 (日本)",
}


@cache
def time_zones() -> tuple[str, ...]:
    """Return the names of the time zones, sorted: UTC and those of places."""
    legacy = ("Etc/", "SystemV/", "US/")
    places = {name for name in available_timezones() if "/" in name and not name.startswith(legacy)}
    return ("UTC", *sorted(places))


def time_zone_choices() -> list[tuple[str, str]]:
    """Return value and label of each time zone."""
    return [(name, name.replace("_", " ")) for name in time_zones()]


def locale_choices() -> list[tuple[str, str]]:
    """Return value and label of each locale."""
    return list(LOCALES.items())
