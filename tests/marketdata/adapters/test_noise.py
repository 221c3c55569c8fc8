"""Randomness that belongs to names."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean, stdev

import pytest

from marketdata.adapters.noise import normal, uniform, wave

NUMBERS = range(20_000)


def test_the_numbers_of_a_name_never_change():
    # Written down once: another machine, or a later version, must find the same.
    assert uniform(1, "a") == 0.9665981126216047
    assert normal(1, "a") == 0.9396514892578125


def test_normal_numbers_are_normal():
    drawn = [normal(1, number) for number in NUMBERS]

    assert mean(drawn) == pytest.approx(0, abs=0.03)
    assert stdev(drawn) == pytest.approx(1, abs=0.03)


def test_uniform_numbers_are_uniform():
    drawn = [uniform(1, number) for number in NUMBERS]

    assert (min(drawn) >= 0, max(drawn) < 1) == (True, True)
    assert mean(drawn) == pytest.approx(0.5, abs=0.01)


def test_a_wave_has_no_jumps():
    octaves = [(10.0, 1.0), (2.0, 0.3)]
    heights = [wave(1, "line", place=step / 100, octaves=octaves) for step in range(5_000)]

    steps = [abs(after - before) for before, after in pairwise(heights)]

    assert max(steps) < 0.02
    assert max(heights) - min(heights) > 2
