"""Instruments, closes and sources in the back office."""

from marketdata.admin import histories, instruments, sources

__all__ = ["histories", "instruments", "sources"]
