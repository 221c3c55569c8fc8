"""Which sources the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from common.credentials import current_secret
from common.remote.errors import AuthExpired, BadRequest
from marketdata.adapters.alpaca import client as alpaca
from marketdata.adapters.alpaca.client import AlpacaSource
from marketdata.adapters.alpaca.stream import FEEDS, AlpacaStream
from marketdata.adapters.base import (
    ActionSource,
    AssetSource,
    BarSource,
    FxSource,
    IdentitySource,
    MinuteSource,
    QuoteStream,
)
from marketdata.adapters.binance import client as binance
from marketdata.adapters.binance.client import BinanceSource
from marketdata.adapters.binance.stream import BinanceStream
from marketdata.adapters.ecb import client as ecb
from marketdata.adapters.ecb.client import EcbSource
from marketdata.adapters.openfigi import client as openfigi
from marketdata.adapters.openfigi.client import OpenFigiSource
from marketdata.adapters.simulated import SimulatedSource
from marketdata.adapters.twelvedata import client as twelvedata
from marketdata.adapters.twelvedata.client import TwelveDataSource
from marketdata.domain.sources import Need


def _refuse_unknown(setting: str, names: Sequence[str], known: Mapping[str, object]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ImproperlyConfigured(
            f"{setting} names {', '.join(unknown)}; it can name {', '.join(known)}."
        )


def quote_sources() -> Mapping[str, Callable[[], QuoteStream]]:
    """Return how to make each source that QUOTE_SOURCES names, the preferred one first.

    Each makes it with the keys of the moment, and raises `AuthExpired` where they are missing.

    Raises:
        ImproperlyConfigured: there is no source of that name, or a made-up one beside real ones.
    """
    names = list(dict.fromkeys(settings.QUOTE_SOURCES))
    _refuse_unknown("QUOTE_SOURCES", names, _QUOTE_BUILDERS)
    if SimulatedSource.name in names and len(names) > 1:
        raise ImproperlyConfigured(
            "QUOTE_SOURCES names simulated beside others: made-up prices don't belong there."
        )
    return {name: _QUOTE_BUILDERS[name] for name in names}


def fx_sources() -> Sequence[FxSource]:
    """Return the sources of reference rates that FX_SOURCES names, the first to be asked first.

    Raises:
        ImproperlyConfigured: there is no source of that name.
    """
    names = settings.FX_SOURCES
    _refuse_unknown("FX_SOURCES", names, _FX_BUILDERS)
    return [_FX_BUILDERS[name]() for name in names]


def bar_sources() -> Sequence[BarSource]:
    """Return the sources of daily closes that BAR_SOURCES names and that have their keys.

    Made anew for each run, which has so and so many retries; limits and breakers are in Redis.

    The simulation where none is named and the feed streams it; never after others, for a made-up
    price must not stand in for a real one.

    Raises:
        ImproperlyConfigured: there is no source of that name.
    """
    names = list(settings.BAR_SOURCES)
    _refuse_unknown("BAR_SOURCES", names, _BAR_BUILDERS)
    if not names:
        return [simulation()] if SimulatedSource.name in settings.QUOTE_SOURCES else []
    built = [_BAR_BUILDERS[name]() for name in names]
    return [source for source in built if source is not None]


def asset_sources() -> Sequence[AssetSource]:
    """Return the sources that can be asked what there is: those with closes and their keys.

    Raises:
        ImproperlyConfigured: there is no source of a name that BAR_SOURCES has.
    """
    return [each for each in bar_sources() if isinstance(each, TwelveDataSource)]


def minute_sources() -> Sequence[MinuteSource]:
    """Return those of the sources of daily closes that know bars of minutes as well.

    Raises:
        ImproperlyConfigured: there is no source of a name that BAR_SOURCES has.
    """
    known = (AlpacaSource, BinanceSource, SimulatedSource)
    return [each for each in bar_sources() if isinstance(each, known)]


def sources_by_need() -> Mapping[Need, Sequence[str]]:
    """Return the names that the settings give for each need, the preferred source first."""
    quotes = list(dict.fromkeys(settings.QUOTE_SOURCES))
    simulated = [name for name in quotes if name == SimulatedSource.name]
    return {
        Need.QUOTE: quotes,
        Need.BARS: list(dict.fromkeys(settings.BAR_SOURCES)) or simulated,
        Need.FX: list(dict.fromkeys(settings.FX_SOURCES)),
        Need.ACTIONS: list(dict.fromkeys(settings.ACTION_SOURCES)),
        Need.IDENTITY: list(dict.fromkeys(settings.IDENTITY_SOURCES)),
    }


def action_sources() -> Sequence[ActionSource]:
    """Return the sources of corporate actions that ACTION_SOURCES names and that have their keys.

    Raises:
        ImproperlyConfigured: there is no source of that name.
    """
    names = list(dict.fromkeys(settings.ACTION_SOURCES))
    _refuse_unknown("ACTION_SOURCES", names, _ACTION_BUILDERS)
    built = [_ACTION_BUILDERS[name]() for name in names]
    return [source for source in built if source is not None]


def identity_sources() -> Sequence[IdentitySource]:
    """Return the sources of identifiers that IDENTITY_SOURCES names, the first to be asked first.

    Raises:
        ImproperlyConfigured: there is no source of that name.
    """
    names = list(dict.fromkeys(settings.IDENTITY_SOURCES))
    _refuse_unknown("IDENTITY_SOURCES", names, _IDENTITY_BUILDERS)
    return [_IDENTITY_BUILDERS[name]() for name in names]


def known_sources(need: Need) -> Sequence[str]:
    """Return the names of all sources there are for a need, switched on or not."""
    builders: Mapping[Need, Mapping[str, object]] = {
        Need.QUOTE: _QUOTE_BUILDERS,
        Need.BARS: _BAR_BUILDERS,
        Need.FX: _FX_BUILDERS,
        Need.ACTIONS: _ACTION_BUILDERS,
        Need.IDENTITY: _IDENTITY_BUILDERS,
    }
    return sorted(builders.get(need, {}))


def limits_of(name: str) -> Sequence[str]:
    """Return how often a source may be asked, such as `200/minute`; none where nobody counts."""
    if name == OpenFigiSource.name:
        return openfigi.limits_of(settings.OPENFIGI_KEY)
    return _LIMITS.get(name, ())


def _alpaca() -> AlpacaSource | None:
    key_id, secret_key = settings.ALPACA_KEY_ID, settings.ALPACA_SECRET_KEY
    if not (key_id and secret_key):
        return None
    return AlpacaSource.of_account(key_id=key_id, secret_key=secret_key)


def _twelvedata() -> BarSource | None:
    key = settings.TWELVEDATA_KEY
    return TwelveDataSource.of_account(key=key) if key else None


def _openfigi() -> IdentitySource:
    return OpenFigiSource.of_account(key=settings.OPENFIGI_KEY)


def _binance() -> BarSource:
    return BinanceSource()


@cache
def simulation() -> SimulatedSource:
    """Return the simulation, one for the whole process."""
    return SimulatedSource(seed=settings.FEED_SEED, speed=settings.FEED_SPEED)


def _alpaca_stream() -> QuoteStream:
    key_id, secret_key = current_secret("ALPACA_KEY_ID"), current_secret("ALPACA_SECRET_KEY")
    if not (key_id and secret_key):
        raise AuthExpired("ALPACA_KEY_ID and ALPACA_SECRET_KEY are not set.")
    if settings.ALPACA_FEED not in FEEDS:
        raise BadRequest(f"ALPACA_FEED is not one of {', '.join(FEEDS)}.")
    return AlpacaStream(
        key_id=key_id,
        secret_key=secret_key,
        feed=settings.ALPACA_FEED,
        # 0 is said where there is no end.
        most_instruments=settings.ALPACA_MOST_SYMBOLS or None,
    )


_QUOTE_BUILDERS: Mapping[str, Callable[[], QuoteStream]] = {
    SimulatedSource.name: simulation,
    AlpacaStream.name: _alpaca_stream,
    BinanceStream.name: BinanceStream,
}
_ACTION_BUILDERS: Mapping[str, Callable[[], ActionSource | None]] = {AlpacaSource.name: _alpaca}
_IDENTITY_BUILDERS: Mapping[str, Callable[[], IdentitySource]] = {OpenFigiSource.name: _openfigi}
_FX_BUILDERS: Mapping[str, Callable[[], FxSource]] = {EcbSource.name: EcbSource}
_LIMITS: Mapping[str, Sequence[str]] = {
    AlpacaSource.name: alpaca.LIMITS,
    BinanceSource.name: binance.LIMITS,
    EcbSource.name: ecb.LIMITS,
    TwelveDataSource.name: twelvedata.LIMITS,
}
_BAR_BUILDERS: Mapping[str, Callable[[], BarSource | None]] = {
    AlpacaSource.name: _alpaca,
    BinanceSource.name: _binance,
    TwelveDataSource.name: _twelvedata,
}
