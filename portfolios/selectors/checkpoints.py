"""Find how a ledger stood before a day, to go on from there instead of from its beginning."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bson import ObjectId

from marketdata import selectors as market
from portfolios.domain.engine import Book, Policy
from portfolios.domain.keeping import kept_book, kept_position
from portfolios.domain.transactions import Event
from portfolios.models import CheckpointPart, Portfolio, Position
from portfolios.selectors.ledger import list_events

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How a ledger stood before a day, with as many of its positions as were loaded."""

    date: date
    book: Book
    lines: Sequence[Line]
    #: Whether an exchange rate was missing, which may be there by now.
    needs_rates: bool

    def is_usable(self, instruments: Mapping[str, Any]) -> bool:
        """Say whether what was computed then would come out the same now.

        An instrument may have been corrected since, and a rate that was missing may be there.
        """
        return not self.needs_rates and all(
            key in instruments
            and (position.currency, position.multiplier)
            == (instruments[key].currency, instruments[key].multiplier)
            for key, position in self.book.positions.items()
        )

    def lines_without(self, positions: Collection[str]) -> Sequence[Line]:
        """Return the snapshot's lines of all positions but some."""
        return [line for line in self.lines if line["instrument"] not in positions]


def _find(portfolio: Portfolio, *, until: date) -> CheckpointPart | None:
    """Return the head of the newest checkpoint up to a day, if it was made by today's choices."""
    heads = CheckpointPart.objects.filter(portfolio=portfolio, part="", date__lte=until)
    head = heads.order_by("-date").first()
    if head is None:
        return None
    made_by = (head.content["book"]["base_currency"], head.content["book"]["policy"])
    wanted = (portfolio.base_currency, Policy.chosen(portfolio.policy).choices())
    return head if made_by == wanted else None


def _load(head: CheckpointPart, ids: Collection[str] | None) -> Checkpoint | None:
    """Load a checkpoint with the positions in some instruments, or with all.

    Positions that were written since come along: what happened to them then may be gone by now.

    Returns:
        None where a part is missing, as when a newer checkpoint is just taking its place.
    """
    lines = head.content["lines"]
    needed = {line["instrument"] for line in lines}
    if ids is not None:
        rewritten = Position.objects.filter(
            portfolio_id=head.portfolio_id, revision__gt=head.revision
        ).values_list("instrument_id", flat=True)
        needed &= {*ids, *map(str, rewritten)}
    contents = CheckpointPart.objects.filter(
        portfolio_id=head.portfolio_id,
        part__in=sorted(needed),
        date=head.date,
        revision=head.revision,
    ).values_list("content", flat=True)
    positions = [kept_position(each) for each in contents.order_by("part")]
    if len(positions) != len(needed):
        return None
    return Checkpoint(
        date=head.date,
        book=kept_book(head.content["book"], positions),
        lines=lines,
        needs_rates=head.content["needs_rates"],
    )


def go_on(
    portfolio: Portfolio, *, until: date, end: date | None = None, whole: bool
) -> tuple[Checkpoint | None, list[Event]]:
    """Load the newest checkpoint that holds for some days, and the rows from its day on.

    Args:
        until: the first of the days; nothing of earlier ones is needed but where they left off.
        end: the day after the last of them; its rows and those that follow are left out.
        whole: whether all positions are needed, or only those that the rows are about.

    Returns:
        None and all rows before `end` where there is no such checkpoint.
    """
    # What lies behind the first change since is no longer true.
    head = _find(portfolio, until=min(until, portfolio.stale_from or until))
    if head is not None:
        events = list_events(portfolio.pk, since=head.date, until=end)
        checkpoint = _load(head, None if whole else instruments_named(events))
        if checkpoint and checkpoint.is_usable(market.instruments_by_id(checkpoint.book.positions)):
            return checkpoint, events
    return None, list_events(portfolio.pk, until=end)


def go_on_with(
    portfolio: Portfolio, ids: Collection[ObjectId], *, until: date
) -> tuple[Checkpoint | None, list[Event]]:
    """Load as `go_on` does, but only the rows about some instruments, and their positions.

    Enough for these positions if nothing that isn't among them ever became one of them.
    """
    head = _find(portfolio, until=min(until, portfolio.stale_from or until))
    checkpoint = _load(head, [str(key) for key in ids]) if head else None
    if checkpoint and checkpoint.is_usable(market.instruments_by_id(checkpoint.book.positions)):
        return checkpoint, list_events(portfolio.pk, since=checkpoint.date, instrument_ids=ids)
    return None, list_events(portfolio.pk, instrument_ids=ids)


def instruments_named(events: Sequence[Event]) -> set[str]:
    """Return the instruments that rows are about."""
    return {key for event in events for key in (event.instrument_id, event.to_instrument_id) if key}
