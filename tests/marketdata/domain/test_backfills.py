"""Chunks, progress and pauses of a back-fill."""

from datetime import UTC, date, datetime, timedelta

import pytest

from marketdata.domain.backfills import end_of_chunk, progress, try_again_at

JAN = [date(2026, 1, day) for day in range(1, 32)]
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "end", "days", "last"),
    [(1, 31, 10, 10), (21, 25, 10, 25), (5, 5, 1, 5), (5, 9, 0, 5)],
)
def test_a_chunk_ends_with_what_a_source_takes_or_with_the_span(first, end, days, last):
    assert end_of_chunk(JAN[first - 1], end=JAN[end - 1], days=days) == JAN[last - 1]


@pytest.mark.parametrize(
    ("following", "percent"),
    [(JAN[0], 0), (JAN[1], 10), (JAN[9], 90), (JAN[10], 100), (JAN[20], 100)],
)
def test_progress_counts_days(following, percent):
    assert progress(start=JAN[0], following=following, end=JAN[9]) == percent


def test_pauses_double_up_to_an_hour():
    pauses = [try_again_at(NOW, retries=count) - NOW for count in (0, 1, 2, 6, 1_000)]

    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 60, 60)]
