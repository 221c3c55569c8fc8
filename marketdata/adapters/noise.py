"""Randomness that is the same everywhere: a number for each seed, name and moment.

Only whole numbers, and sums and products of floats, which every machine rounds alike; so a price
that was simulated on one can be computed again on any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from struct import Struct

_TWELVE = Struct("<12H")
_ONE = Struct("<Q")


def uniform(seed: int, *names: object) -> float:
    """Return a number from 0 to 1 that belongs to these names."""
    (number,) = _ONE.unpack(_digest(seed, names, size=_ONE.size))
    return float(number) / 2**64


def normal(seed: int, *names: object) -> float:
    """Return a number that belongs to these names, as if drawn from the standard normal.

    The sum of twelve numbers from 0 to 1, less 6, is close enough, and never beyond ±6.
    """
    twelve: tuple[int, ...] = _TWELVE.unpack(_digest(seed, names, size=_TWELVE.size))
    return sum(twelve) / 65_536 - 6


def wave(seed: int, name: str, *, place: float, octaves: Sequence[tuple[float, float]]) -> float:
    """Return the height of a rugged line at a place: it looks like a price, yet has no past.

    Args:
        seed: belongs to the whole simulation.
        name: belongs to this line.
        place: where on the line, in any unit.
        octaves: distance between two random heights and their size, a pair for each layer.
    """
    total = 0.0
    for distance, size in octaves:
        cell, part = divmod(place / distance, 1.0)
        left = _height(seed, name, distance, int(cell))
        right = _height(seed, name, distance, int(cell) + 1)
        total += size * (left + (right - left) * part)
    return total


@lru_cache(maxsize=8_192)
def _height(seed: int, name: str, distance: float, cell: int) -> float:
    return normal(seed, name, distance, cell)


def _digest(seed: int, names: tuple[object, ...], *, size: int) -> bytes:
    text = "\x1f".join(map(str, (seed, *names)))
    return blake2b(text.encode(), digest_size=size).digest()
