"""Instruments, closes and sources in the back office."""

from marketdata.admin import aliases, histories, instruments, sources

__all__ = ["aliases", "histories", "instruments", "sources"]
