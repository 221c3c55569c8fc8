"""The last number that was known on each day."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain.last_known import LastKnown

START = date(2026, 1, 10)
_POINTS = st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 1, 31)), st.integers(), max_size=6)


@given(_POINTS, st.integers(0, 25), st.none() | st.integers(0, 9))
def test_a_column_is_what_each_day_would_say(points, count, longest):
    known = LastKnown(sorted(points.items()))
    days = [START + timedelta(days=place) for place in range(count)]

    found = [known.on(day, longest) for day in days]

    assert known.column(START, count, longest) == [each and each[1] for each in found]


def test_a_number_holds_as_long_as_it_may_and_never_before_its_day():
    known = LastKnown([(START + timedelta(days=1), "a"), (START + timedelta(days=5), "b")])

    assert known.column(START, 7, 2) == [None, "a", "a", "a", None, "b", "b"]
    assert known.column(START, 7, None) == [None, "a", "a", "a", "a", "b", "b"]
