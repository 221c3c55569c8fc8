"""Write one page of a broker's events into the ledger: new ones, corrected ones, canceled ones.

Everything here happens inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from bson import ObjectId
from django.db.models import Q

from brokers.domain.events import (
    UNMAPPED,
    BrokerEvent,
    EventState,
    InstrumentName,
    Reading,
    RowError,
    Stream,
    as_content,
    digest_of,
    digest_of_row,
    in_order,
)
from brokers.domain.splits import UNCLEAR, lacks_ratio
from brokers.models import BrokerRow, Connection
from brokers.services import corrections, dead_letters
from brokers.services.naming import Key, instrument_of
from portfolios import selectors as portfolios
from portfolios.domain.checks import check
from portfolios.domain.transactions import Draft, fingerprint
from portfolios.services import synced

_IN_LEDGER = (EventState.BOOKED.value, EventState.ORPHANED.value)
_UNREADABLE = "unreadable"


@dataclass(slots=True)
class Counts:
    """What became of the events of a page, or of a sync."""

    new: int = 0
    changed: int = 0
    known: int = 0
    unbooked: int = 0

    def add(self, more: Counts) -> None:
        """Add what became of others."""
        self.new += more.new
        self.changed += more.changed
        self.known += more.known
        self.unbooked += more.unbooked


@dataclass(slots=True)
class Page:
    """One attempt at booking a page, inside a transaction."""

    connection: Connection
    reading: Reading
    stream: Stream
    payload_id: ObjectId | None
    names: Mapping[Key, str]
    now: datetime
    #: Rows whose events are read as something else by now give way: only right for whole readings
    #: of what is stored.
    retires: bool = False
    #: Id → ratio of the splits of which the broker only tells how many units came.
    ratios: Mapping[str, Decimal] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    #: External id and kind of all that the page tells.
    _told: set[tuple[str, str]] = field(default_factory=set)
    _known: dict[tuple[str, str], BrokerRow] = field(default_factory=dict)
    #: Id or alias of what is corrected or canceled → whether it is canceled.
    _replaced: dict[str, bool] = field(default_factory=dict)
    #: Ids of the halves that are booked as a whole.
    _halves: set[str] = field(default_factory=set)
    _to_book: list[tuple[BrokerRow, Draft]] = field(default_factory=list)
    _to_make: list[BrokerRow] = field(default_factory=list)

    def book(self, move_cursor: Callable[[], None]) -> Counts:
        """Move the cursor, then book; return what became of the events."""
        move_cursor()
        events = sorted(self.reading.events, key=in_order)
        self._load(events)
        if self.retires:
            self._retire()
        for event in {(each.external_id, each.kind_name): each for each in events}.values():
            self._take(event)
        for error in self.reading.errors:
            self._set_aside(error)
        self._supersede({event.replaces for event in events if event.replaces})
        self._write()
        return self.counts

    def _load(self, events: Sequence[BrokerEvent]) -> None:
        self._told = {(event.external_id, event.kind_name) for event in events}
        ids = {event.external_id for event in events}
        ids |= {error.external_id for error in self.reading.errors}
        aliases = {event.alias for event in events if event.alias}
        mine = BrokerRow.objects.filter(connection_id=self.connection.pk)
        self._known = {
            (row.external_id, row.kind): row
            for row in mine.filter(external_id__in=list(ids | aliases)).order_by("pk")
        }
        if halves := [event.external_id for event in events if event.is_half]:
            whole = mine.filter(
                Q(alias__in=halves) | Q(external_id__in=halves), state=EventState.BOOKED.value
            )
            for names in whole.values_list("external_id", "alias"):
                self._halves |= set(names)
        for row in mine.filter(replaces__in=list(ids | aliases)).order_by("pk"):
            self._replaced[row.replaces] = bool(row.content.get("is_canceled"))
        self._replaced |= {each.replaces: each.is_canceled for each in events if each.replaces}

    def _take(self, event: BrokerEvent) -> None:
        digest = digest_of(event)
        row = self._known.get((event.external_id, event.kind_name))
        if row is not None and row.digest == digest:
            self.counts.known += 1
            self._forget_unreadable(event)
            return
        if event.is_half and event.external_id in self._halves:
            # What is booked whole, told by half this time.
            self.counts.known += 1
            return
        if event.external_id in self.ratios and lacks_ratio(event):
            event = replace(event, ratio=self.ratios[event.external_id], quantity=None)
        draft, problem = self._draft(event)
        state = self._state_of(event, problem)
        is_new = row is None
        row = row or self._new_row(event.external_id, event.kind_name)
        row.alias, row.replaces = event.alias, event.replaces
        told_note = row.content.get("note", "")
        row.content, row.digest, row.payload_id = as_content(event), digest, self.payload_id
        row.problem = problem[:500] if state is EventState.UNBOOKED else ""
        was_booked = row.state in _IN_LEDGER and bool(row.transaction_id)
        row.state, row.updated_at = state.value, self.now
        if state is EventState.BOOKED and draft is not None and was_booked:
            self._correct(row, draft, told_note=told_note)
        elif state is EventState.BOOKED and draft is not None:
            self._book_new(row, draft)
        elif was_booked:
            self._void([row], reason="canceled by the broker")
        self._count(state, is_new=is_new)
        self._keep(row, is_new=is_new)
        self._forget_unreadable(event)

    def _state_of(self, event: BrokerEvent, problem: str) -> EventState:
        if event.is_canceled:
            return EventState.VOIDED
        for name in filter(None, (event.external_id, event.alias)):
            if name in self._replaced:
                return EventState.VOIDED if self._replaced[name] else EventState.SUPERSEDED
        return EventState.UNBOOKED if problem else EventState.BOOKED

    def _draft(self, event: BrokerEvent) -> tuple[Draft | None, str]:
        """Make the ledger's row of an event, or say why it can't be booked."""
        if event.kind is None:
            return None, event.problem or "It isn't known here what this is."
        others = [
            row.kind
            for (key, kind), row in self._known.items()
            if key == event.external_id
            and row.state == EventState.BOOKED.value
            and (key, kind) not in self._told
        ]
        if others:
            return None, f"The broker told this as “{others[0]}” before: look which is right."
        if lacks_ratio(event):
            return None, UNCLEAR
        draft = draft_of(event, account=self.connection.account, names=self.names)
        # What takes a payment back is below zero, which a person isn't let type.
        checked = draft if draft.amount is None else replace(draft, amount=abs(draft.amount))
        problems = check(checked, today=self.now.date())
        return draft, " ".join(each.message for each in problems)

    def _set_aside(self, error: RowError) -> None:
        digest = digest_of_row(error)
        row = self._known.get((error.external_id, _UNREADABLE))
        if row is not None and row.digest == digest:
            self.counts.known += 1
            self._bury(error)
            return
        self._bury(error)
        is_new = row is None
        row = row or self._new_row(error.external_id, _UNREADABLE)
        row.state, row.updated_at = EventState.UNBOOKED.value, self.now
        row.problem, row.content = error.message[:500], dict(error.raw)
        row.digest, row.payload_id = digest, self.payload_id
        self._count(EventState.UNBOOKED, is_new=is_new)
        self._keep(row, is_new=is_new)

    def _bury(self, error: RowError) -> None:
        dead_letters.bury_row(
            self.connection,
            error,
            stream=self.stream,
            payload_id=self.payload_id,
            now=self.now,
        )

    def _retire(self) -> None:
        """Take back what the same ids were read as before."""
        told = {external_id for external_id, _ in self._told}
        for key, row in list(self._known.items()):
            is_older = key not in self._told and key[0] in told
            is_live = row.state in (EventState.BOOKED.value, EventState.UNBOOKED.value)
            if not is_older or not is_live or row.kind in (_UNREADABLE, UNMAPPED):
                continue
            # What a person changed stays, and what it is read as now stands beside the ledger.
            if row.state == EventState.BOOKED.value and not synced.void_synced(
                self.connection.portfolio_id,
                revisions={ObjectId(row.transaction_id): row.transaction_revision},
                reason="read as something else",
                now=self.now,
            ):
                continue
            row.transaction_id, row.transaction_revision = "", 0
            row.state, row.updated_at = EventState.VOIDED.value, self.now
            row.save()
            self.counts.changed += 1

    def _new_row(self, external_id: str, kind: str) -> BrokerRow:
        row = BrokerRow(
            connection_id=self.connection.pk,
            external_id=external_id,
            kind=kind,
            created_at=self.now,
            updated_at=self.now,
        )
        self._known[external_id, kind] = row
        return row

    def _keep(self, row: BrokerRow, *, is_new: bool) -> None:
        if is_new:
            self._to_make.append(row)
        else:
            row.save()

    def _count(self, state: EventState, *, is_new: bool) -> None:
        if state is EventState.UNBOOKED:
            self.counts.unbooked += 1
        elif is_new:
            self.counts.new += 1
        else:
            self.counts.changed += 1

    def _forget_unreadable(self, event: BrokerEvent) -> None:
        """Let a row that could be read at last take the place of the one that couldn't."""
        for name in filter(None, (event.external_id, event.alias)):
            for kind in {_UNREADABLE, UNMAPPED} - {event.kind_name}:
                row = self._known.get((name, kind))
                # One row may tell of several things, of which one isn't known.
                is_told = (name, kind) in self._told
                if row is not None and not is_told:
                    row.delete()
                    del self._known[name, kind]
                    dead_letters.settle(
                        self.connection.pk,
                        streams=[self.stream],
                        external_ids=[name],
                        now=self.now,
                    )

    def _correct(self, row: BrokerRow, draft: Draft, *, told_note: str) -> None:
        revision = synced.correct_synced(
            self.connection.portfolio_id,
            transaction_id=ObjectId(row.transaction_id),
            draft=draft,
            revision=row.transaction_revision,
            told_note=told_note,
            now=self.now,
        )
        if revision is None:
            row.problem = corrections.KEPT
        else:
            row.transaction_revision = revision

    def _book_new(self, row: BrokerRow, draft: Draft) -> None:
        """Book a new row; what a person made of the one that it corrects goes along."""
        original = corrections.original_of(row, self._known) if row.replaces else None
        wanted: Draft | None = draft
        if original is not None:
            wanted = corrections.take_along(
                row,
                draft,
                original=original,
                portfolio_id=self.connection.portfolio_id,
                now=self.now,
            )
        if wanted is not None:
            self._to_book.append((row, wanted))

    def _supersede(self, replaced: Collection[str]) -> None:
        """Take out of the ledger what was booked earlier and is corrected or canceled now."""
        if not replaced:
            return
        found = BrokerRow.objects.filter(
            Q(external_id__in=list(replaced)) | Q(alias__in=list(replaced)),
            connection_id=self.connection.pk,
            state=EventState.BOOKED.value,
        ).order_by("pk")
        for row in found:
            is_canceled = self._replaced.get(row.external_id, self._replaced.get(row.alias, False))
            row.state = (EventState.VOIDED if is_canceled else EventState.SUPERSEDED).value
            row.updated_at = self.now
            self._void([row], reason="canceled by the broker" if is_canceled else "corrected")
            row.save()
            self.counts.changed += 1

    def _void(self, rows: Sequence[BrokerRow], *, reason: str) -> None:
        revisions = {ObjectId(row.transaction_id): row.transaction_revision for row in rows}
        voided = synced.void_synced(
            self.connection.portfolio_id,
            revisions=revisions,
            reason=reason,
            now=self.now,
            even_noted=True,
        )
        for row in rows:
            if ObjectId(row.transaction_id) not in voided:
                row.problem = corrections.KEPT
            row.transaction_id, row.transaction_revision = "", 0

    def _write(self) -> None:
        """Store the new rows of the ledger, or recognize those that are there already."""
        twins = self._twins([draft for _, draft in self._to_book])
        fresh: list[tuple[BrokerRow, Draft]] = []
        for row, draft in self._to_book:
            waiting = twins.get(fingerprint(draft))
            if waiting:
                row.transaction_id, row.transaction_revision = waiting.pop(0)
                row.is_claimed = True
            else:
                fresh.append((row, draft))
        stored = synced.record_synced(
            self.connection.portfolio_id, drafts=[draft for _, draft in fresh], now=self.now
        )
        for (row, _), transaction in zip(fresh, stored, strict=True):
            row.transaction_id, row.transaction_revision = str(transaction.pk), transaction.revision
        for row, _ in self._to_book:
            if row.pk is not None:
                row.save()
        BrokerRow.objects.bulk_create(self._to_make)

    def _twins(self, drafts: Sequence[Draft]) -> dict[str, list[tuple[str, int]]]:
        """Find equal rows that came by another way, from a file or a form."""
        if not drafts:
            return {}
        copies = portfolios.list_copies(
            self.connection.portfolio_id, fingerprints=[fingerprint(draft) for draft in drafts]
        )
        taken = set(
            BrokerRow.objects.filter(transaction_id__in=[key for _, key, _ in copies]).values_list(
                "transaction_id", flat=True
            )
        )
        found: dict[str, list[tuple[str, int]]] = {}
        for mark, key, revision in copies:
            if key not in taken:
                found.setdefault(mark, []).append((key, revision))
        return found


def draft_of(event: BrokerEvent, *, account: str, names: Mapping[Key, str]) -> Draft:
    """Write an event that has a kind as what the ledger books."""
    if event.kind is None:
        raise ValueError("An event without a kind isn't booked.")
    return Draft(
        kind=event.kind,
        trade_date=event.trade_date,
        currency=event.currency,
        executed_at=event.executed_at,
        instrument_id=_instrument_of(event.instrument, event, names),
        quantity=event.quantity,
        price=event.price,
        amount=event.amount,
        ratio=event.ratio,
        fee=event.fee,
        tax=event.tax,
        to_instrument_id=_instrument_of(event.to_instrument, event, names),
        to_currency=event.to_currency,
        to_amount=event.to_amount,
        account=event.account or account,
        note=event.note,
    )


def _instrument_of(
    named: InstrumentName | None, event: BrokerEvent, names: Mapping[Key, str]
) -> str | None:
    if named is None:
        return None
    currency = named.currency or event.currency
    return instrument_of(names, named, currency=currency, day=event.trade_date)
