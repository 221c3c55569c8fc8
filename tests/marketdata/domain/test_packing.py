"""Closes of a year as two texts, and back."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain.packing import pack, unpack

_YEAR = 2024
_CLOSES = st.dictionaries(
    st.dates(date(_YEAR, 1, 1), date(_YEAR, 12, 31)),
    st.decimals(allow_nan=False, allow_infinity=False, places=10),
)


@given(_CLOSES)
def test_what_is_packed_comes_back(closes):
    points = sorted(closes.items())

    days, texts = pack((day, str(close)) for day, close in points)

    assert unpack(_YEAR, days, texts, Decimal) == points


def test_a_leap_day_and_the_last_of_december_keep_their_places():
    days = [date(2024, 2, 29), date(2024, 3, 1), date(2024, 12, 31)]

    assert pack((day, "1") for day in days) == ("60 61 366", "1 1 1")
    assert [day for day, _ in unpack(2023, "60 365", "1 1", float)] == [
        date(2023, 3, 1),
        date(2023, 12, 31),
    ]
