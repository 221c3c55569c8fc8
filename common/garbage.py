"""When to look for garbage that refers to itself."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Don't look for objects that refer to each other while a block makes a great many that don't.

    A long ledger makes a million tuples and decimals, none of which refers back: going through them
    again and again takes a quarter of the time. What is no longer used is freed all the same.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
