"""Instruments, closes and sources in the back office."""

from marketdata.admin import actions, aliases, histories, instruments, merging, sources

__all__ = ["actions", "aliases", "histories", "instruments", "merging", "sources"]
