"""Instruments, closes and sources in the back office."""

from marketdata.admin import histories, identity, instruments, sources

__all__ = ["histories", "identity", "instruments", "sources"]
