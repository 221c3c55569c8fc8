"""Days as a trader would jot them down: what all was worth, and what came and went.

    100         worth 100 at the end of the day
    150+50      … after 50 came in          60-40    … after 40 was taken out
    ?           worth nobody knows what     100+?    … after an unknown deposit

Blanks part the days.
"""

import re
from datetime import date, timedelta
from decimal import Decimal

from portfolios.domain.series import DayRow, ValueSeries

_DAY = re.compile(r"(\?|-?[\d.]+?)(?:\+(\?|[\d.]+))?(?:-(\?|[\d.]+))?")


def rows(text: str, start: date = date(2024, 1, 1)) -> list[DayRow]:
    made = []
    for number, token in enumerate(text.split()):
        parts = _DAY.fullmatch(token)
        assert parts, f"{token!r} is no day"
        made.append(DayRow(start + timedelta(days=number), *map(_amount, parts.groups())))
    return made


def series(text: str, start: date = date(2024, 1, 1), opening: str = "0") -> ValueSeries:
    return ValueSeries.of(rows(text, start), opening=_amount(opening))


def _amount(text: str | None) -> Decimal | None:
    return None if text == "?" else Decimal(text or 0)
