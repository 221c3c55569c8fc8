"""Which price source the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from marketdata.adapters.base import PriceSource
from marketdata.adapters.simulated import SimulatedSource


@cache
def get_source() -> PriceSource:
    """Return the source that FEED_SOURCE names, one for the whole process.

    Raises:
        ImproperlyConfigured: there is no source of that name.
    """
    try:
        build = _BUILDERS[settings.FEED_SOURCE]
    except KeyError:
        raise ImproperlyConfigured(
            f"FEED_SOURCE is {settings.FEED_SOURCE!r}; it can be {', '.join(_BUILDERS)}."
        ) from None
    return build()


def _simulated() -> PriceSource:
    return SimulatedSource(seed=settings.FEED_SEED, speed=settings.FEED_SPEED)


_BUILDERS: Mapping[str, Callable[[], PriceSource]] = {"simulated": _simulated}
