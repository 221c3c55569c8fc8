"""Which price source the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from marketdata.adapters.alpaca.client import AlpacaSource
from marketdata.adapters.base import BarSource, FxSource, PriceSource
from marketdata.adapters.binance.client import BinanceSource
from marketdata.adapters.ecb.client import EcbSource
from marketdata.adapters.simulated import SimulatedSource
from marketdata.adapters.twelvedata.client import TwelveDataSource


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


def fx_sources() -> Sequence[FxSource]:
    """Return the sources of reference rates that FX_SOURCES names, the first to be asked first.

    Raises:
        ImproperlyConfigured: there is no source of that name.
    """
    return _fx_sources(tuple(settings.FX_SOURCES))


@cache
def _fx_sources(names: tuple[str, ...]) -> Sequence[FxSource]:
    unknown = [name for name in names if name not in _FX_BUILDERS]
    if unknown:
        raise ImproperlyConfigured(
            f"FX_SOURCES names {', '.join(unknown)}; it can name {', '.join(_FX_BUILDERS)}."
        )
    return [_FX_BUILDERS[name]() for name in names]


def bar_sources() -> Sequence[BarSource]:
    """Return the sources of daily closes that BAR_SOURCES names and that have their keys.

    The feed's source where none is named; never after others, for a made-up price must not stand
    in for a real one.

    Raises:
        ImproperlyConfigured: there is no source of that name.
    """
    names = list(settings.BAR_SOURCES)
    unknown = [name for name in names if name not in _BAR_BUILDERS]
    if unknown:
        raise ImproperlyConfigured(
            f"BAR_SOURCES names {', '.join(unknown)}; it can name {', '.join(_BAR_BUILDERS)}."
        )
    if not names:
        return [get_source()]
    built = [_BAR_BUILDERS[name]() for name in names]
    return [source for source in built if source is not None]


def _alpaca() -> BarSource | None:
    key_id, secret_key = settings.ALPACA_KEY_ID, settings.ALPACA_SECRET_KEY
    return _alpaca_of(key_id, secret_key) if key_id and secret_key else None


@cache
def _alpaca_of(key_id: str, secret_key: str) -> BarSource:
    return AlpacaSource.of_account(key_id=key_id, secret_key=secret_key)


def _twelvedata() -> BarSource | None:
    return _twelvedata_of(settings.TWELVEDATA_KEY) if settings.TWELVEDATA_KEY else None


@cache
def _twelvedata_of(key: str) -> BarSource:
    return TwelveDataSource.of_account(key=key)


@cache
def _binance() -> BarSource:
    return BinanceSource()


def _simulated() -> PriceSource:
    return SimulatedSource(seed=settings.FEED_SEED, speed=settings.FEED_SPEED)


_BUILDERS: Mapping[str, Callable[[], PriceSource]] = {"simulated": _simulated}
_FX_BUILDERS: Mapping[str, Callable[[], FxSource]] = {EcbSource.name: EcbSource}
_BAR_BUILDERS: Mapping[str, Callable[[], BarSource | None]] = {
    AlpacaSource.name: _alpaca,
    BinanceSource.name: _binance,
    TwelveDataSource.name: _twelvedata,
}
