"""Keep how a ledger stood before some days, so that a change needn't go through all of it again.

A checkpoint stands as long as nothing changes before its day. Which ones do, the portfolio's own
`stale_from` says: it is written in the transaction of each change, and forgotten only by the
recalculation that also drops the checkpoints behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from common.bulk import insert_missing, upsert_many
from common.transactions import run_in_transaction
from portfolios.domain.engine import Book, Code
from portfolios.domain.keeping import book_values, position_values
from portfolios.models import CheckpointPart, Portfolio

#: The first days of months are kept for this long, those of years for ever.
_MONTHS_KEPT = timedelta(days=100)
#: To go through fewer rows again than these takes less than to keep how things stood before them.
FEWEST_EVENTS = 500
#: More open lots than this aren't kept with a checkpoint: they'd outgrow a document.
_MOST_LOTS = 40_000

Line = Mapping[str, Any]


def days_between(start: date, today: date) -> list[date]:
    """Return the days up to today whose beginning is worth a checkpoint; today is the last."""
    return [
        day
        for offset in range((today - start).days + 1)
        if is_worth_keeping(day := start + timedelta(days=offset), today=today)
    ]


def is_worth_keeping(day: date, *, today: date) -> bool:
    """Say whether a day is today, the first of a year, or the first of a month not long ago."""
    if day.day != 1:
        return day == today
    return day.month == 1 or today - day <= _MONTHS_KEPT


def drop(portfolio: Portfolio, *, stale_from: date | None, today: date) -> None:
    """Drop the checkpoints that no longer hold or aren't worth keeping.

    Called in the transaction that forgets since when the ledger is stale. The newest one that holds
    stays, whatever its day: after quiet days there is none before today.
    """
    heads = CheckpointPart.objects.filter(portfolio=portfolio, part="").order_by("date")
    known = list(heads.only("date"))
    holding = [head for head in known if not (stale_from and head.date > stale_from)]
    kept = {head.pk for head in holding if is_worth_keeping(head.date, today=today)}
    kept |= {head.pk for head in holding[-1:]}
    gone = [head.pk for head in known if head.pk not in kept]
    if gone:
        heads.filter(pk__in=gone).delete()


def keep(
    portfolio: Portfolio, books: Mapping[date, tuple[Book, Sequence[Line]]], *, now: datetime
) -> None:
    """Keep how things stood, once all else is stored and if the ledger hasn't moved on since.

    The parts may be large, so that they are written outside of any transaction; they count only
    when their head is there.

    Args:
        portfolio: as it was when it was computed.
        books: by day, with the snapshot's lines of that time.
    """
    heads = []
    for day, (book, lines) in books.items():
        lots = sum(len(position.lots) for position in book.positions.values())
        if lots <= _MOST_LOTS:
            head, *parts = _parts(portfolio, day, book, lines)
            # Nearly always they are new; of a revision that was kept before, others may be there.
            if insert_missing(parts) < len(parts):
                upsert_many(parts, key=_KEY)
            heads.append(head)
    run_in_transaction(partial(_put, portfolio, heads, now=now))
    _drop_orphans(portfolio)


def _drop_orphans(portfolio: Portfolio) -> None:
    """Delete the parts of checkpoints that were never finished, or have been replaced."""
    heads = set(
        CheckpointPart.objects.filter(portfolio=portfolio, part="").values_list("date", "revision")
    )
    everything = CheckpointPart.objects.filter(portfolio=portfolio).values_list(
        "pk", "date", "revision"
    )
    orphans = [pk for pk, day, revision in everything if (day, revision) not in heads]
    CheckpointPart.objects.filter(pk__in=orphans).delete()


_KEY = ("portfolio", "part", "date", "revision")


def _put(portfolio: Portfolio, heads: Sequence[CheckpointPart], *, now: datetime) -> None:
    """Store heads, unless the ledger has another revision by now: whoever changes it waits."""
    is_same = Portfolio.objects.filter(
        pk=portfolio.pk, ledger_revision=portfolio.ledger_revision
    ).update(checkpointed_at=now)
    if is_same:
        days = [head.date for head in heads]
        CheckpointPart.objects.filter(portfolio=portfolio, part="", date__in=days).delete()
        upsert_many(heads, key=_KEY)


def _parts(
    portfolio: Portfolio, day: date, book: Book, lines: Sequence[Line]
) -> list[CheckpointPart]:
    def part(name: str, content: dict[str, Any]) -> CheckpointPart:
        return CheckpointPart(
            portfolio=portfolio,
            part=name,
            date=day,
            revision=portfolio.ledger_revision,
            content=content,
        )

    head = {"book": book_values(book), "lines": list(lines), "needs_rates": _needs_rates(book)}
    return [
        part("", head),
        *(part(key, position_values(each)) for key, each in book.positions.items()),
    ]


def _needs_rates(book: Book) -> bool:
    totals = book.totals
    sums = (
        *book.cash_base.values(),
        totals.income_base,
        totals.fees_base,
        totals.taxes_base,
        totals.contributed_base,
    )
    return None in sums or any(
        Code.RATE_MISSING in position.flags for position in book.positions.values()
    )
