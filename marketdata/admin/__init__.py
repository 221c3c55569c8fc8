"""Instruments, closes and sources in the back office."""

from marketdata.admin import aliases, histories, instruments, merging, sources

__all__ = ["aliases", "histories", "instruments", "merging", "sources"]
