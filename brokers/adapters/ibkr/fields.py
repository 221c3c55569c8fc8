"""Single fields of Flex rows: texts, numbers, days, moments, and an id for what has none."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from brokers.adapters.ibkr.markup import Row, Statement
from brokers.domain.dates import DateOrder, OrderEvidence, order_evidence, read_moment
from brokers.domain.events import RowError
from common.errors import InvalidInput
from common.money import fits, rounded_to_places
from common.texts import without_hidden

#: Times have no zone in a statement; they are those of its exchange's desk.
_NEW_YORK = ZoneInfo("America/New_York")
#: What stands for "nothing" in one version or the other.
_NOTHING = frozenset({"", "-", "--", "N/A", "MULTI"})
_LONGEST_ID = 100
_ONE_DAY = timedelta(days=1)
_MOMENT = re.compile(
    r"(?P<day>\d{8}|\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}-[A-Za-z]{3}-\d{4})"
    r"(?:[;,T ]*(?P<hour>\d{2}):?(?P<minute>\d{2}):?(?P<second>\d{2}))?"
    r"(?: ?(?:E[SD]T|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)
_MISSING: Any = object()
#: How the names of fields end that hold a day.
_DATED = ("Date", "DateTime", "date", "dateTime", "Target", "Generated")
_TOLD = {
    OrderEvidence.DAY_FIRST: DateOrder.DAY_FIRST,
    OrderEvidence.MONTH_FIRST: DateOrder.MONTH_FIRST,
}


class Unreadable(ValueError):
    """A field isn't what it is described to be."""


def text(row: Row, name: str, *, default: Any = _MISSING) -> str:
    """Read a text; some words say that there is none."""
    value = " ".join(without_hidden(row.values.get(name, "")).split())
    if value not in _NOTHING:
        return value
    if default is _MISSING:
        raise Unreadable(f"“{name}” is missing.")
    return str(default)


def number(row: Row, name: str, *, default: Any = _MISSING) -> Any:
    """Read a number exactly, to the ten places that a ledger keeps."""
    written = text(row, name, default="").replace(",", "")
    if not written:
        if default is _MISSING:
            raise Unreadable(f"“{name}” is missing.")
        return default
    try:
        value = Decimal(written)
    except InvalidOperation as error:
        raise Unreadable(f"“{name}” is no number.") from error
    value = rounded_to_places(value)
    if not fits(value):
        raise Unreadable(f"“{name}” is out of range.")
    return value


def figure(row: Row, name: str) -> Decimal | None:
    """Read a number that is only looked at; None where it is missing, or isn't one."""
    try:
        found: Decimal | None = number(row, name, default=None)
    except Unreadable:
        return None
    return found


def day(row: Row, *names: str, order: DateOrder | None) -> date:
    """Read the first of some fields that has a day."""
    for name in names:
        if text(row, name, default=""):
            return _day_and_time(row, name, order=order)[0]
    raise Unreadable(f"“{names[0]}” is missing.")


def moment(row: Row, name: str, *, on: date, order: DateOrder | None) -> datetime | None:
    """Read the instant of what counts for a day; None where none is told, or one of another day."""
    if not text(row, name, default=""):
        return None
    found = _day_and_time(row, name, order=order)[1]
    if found is None:
        return None
    start = datetime(on.year, on.month, on.day, tzinfo=UTC)
    return found if start - _ONE_DAY <= found < start + 2 * _ONE_DAY else None


def _day_and_time(row: Row, name: str, *, order: DateOrder | None) -> tuple[date, datetime | None]:
    parts = _MOMENT.fullmatch(text(row, name))
    if parts is None:
        raise Unreadable(f"“{name}” is no date.")
    first = order or _TOLD.get(order_evidence(parts["day"]), DateOrder.MONTH_FIRST)
    if order is None and order_evidence(parts["day"]) is OrderEvidence.EITHER:
        raise Unreadable(
            f"“{name}” may have the day or the month first. "
            "Set the date format of the query to yyyy-MM-dd."
        )
    try:
        on = read_moment(parts["day"], first).day
        if parts["hour"] is None:
            return on, None
        of_day = time(int(parts["hour"]), int(parts["minute"]), int(parts["second"]))
        local = datetime.combine(on, of_day, tzinfo=_NEW_YORK)
    except (InvalidInput, ValueError) as error:
        raise Unreadable(f"“{name}” is no date.") from error
    return on, local.astimezone(UTC)


def date_order(statements: Iterable[Statement]) -> DateOrder | None:
    """Find out what stands first in dates such as 02/01/2026, which the query's owner chose.

    None where no date tells, or two contradict each other.
    """
    orders = {
        _TOLD[evidence]
        for statement in statements
        for rows in ([Row("FlexStatement", statement.values)], *statement.sections.values())
        for row in rows
        for name, value in row.values.items()
        if name.endswith(_DATED) and "/" in value and (found := _MOMENT.fullmatch(value.strip()))
        if (evidence := order_evidence(found["day"])) in _TOLD
    }
    return orders.pop() if len(orders) == 1 else None


def refused(row: Row, error: Exception) -> RowError:
    """Name a row that can't be read."""
    return RowError(id_of(row), str(error), dict(row.values))


def id_of(row: Row) -> str:
    """Return the broker's own id of a row, or one that equal rows share."""
    own = row.values.get("transactionID", "").strip()
    if own and own not in _NOTHING and own != "0" and len(own) <= _LONGEST_ID:
        return own
    content = json.dumps([row.tag, sorted(row.values.items())])
    return f"row:{hashlib.sha256(content.encode()).hexdigest()[:32]}"


class Ids:
    """Gives each row of an answer an id that it has in every other answer too.

    Where the query leaves the broker's ids out, equal rows are told apart by counting them: two
    equal dividends on one day are two.
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, row: Row) -> str:
        """Return the id of the next row."""
        key = id_of(row)
        if not key.startswith("row:"):
            return key
        self._seen[key] += 1
        return f"{key}:{self._seen[key]}"
