"""The one place that reads the wall clock."""

from datetime import UTC, datetime


def to_milliseconds(moment: datetime) -> datetime:
    """Cut an instant to milliseconds, which is all that MongoDB stores."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def now() -> datetime:
    """Return the present instant in UTC, cut to milliseconds.

    Only interfaces (views, tasks, commands, consumers) call this; everything else takes `now`.
    """
    return to_milliseconds(datetime.now(UTC))
