"""The delivery of what alerts fired: each step claimed first, so that it is done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId

from common.transactions import run_in_transaction
from portfolios.models import Firing

#: Longer than a mail server may take; who holds a claim for longer is taken for dead.
_CLAIM = timedelta(minutes=5)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
#: After so many failures the mail is given up; the inbox has it anyway.
MOST_FAILURES = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to deliver one firing until the claim runs out."""

    firing: Firing
    #: Nobody has announced it before.
    is_first: bool


def claim_delivery(firing_id: ObjectId, *, now: datetime) -> Claim | None:
    """Claim the delivery of a firing; None where it is done, or another is about it."""

    def claim() -> Claim | None:
        firing = Firing.objects.filter(pk=firing_id).first()
        if firing is None or firing.deliver_after is None:
            return None
        is_first = firing.announced_at is None
        if not is_first and firing.deliver_after > now:
            return None
        firing.announced_at = firing.announced_at or now
        firing.deliver_after = now + _CLAIM
        firing.save(update_fields=["announced_at", "deliver_after"])
        return Claim(firing, is_first)

    return run_in_transaction(claim)


def note_delivered(firing_id: ObjectId, *, emailed_at: datetime | None) -> None:
    """Note that nothing is left to do; without a time no mail was sent."""

    def note() -> None:
        Firing.objects.filter(pk=firing_id).update(deliver_after=None, emailed_at=emailed_at)

    run_in_transaction(note)


def note_failure(firing_id: ObjectId, *, now: datetime) -> bool:
    """Note that the mail couldn't be sent; return whether it will be tried again."""

    def note() -> bool:
        firing = Firing.objects.get(pk=firing_id)
        firing.delivery_failures += 1
        goes_on = firing.delivery_failures < MOST_FAILURES
        pause = min(_FIRST_PAUSE * 2 ** (firing.delivery_failures - 1), _LONGEST_PAUSE)
        firing.deliver_after = now + pause if goes_on else None
        firing.save(update_fields=["delivery_failures", "deliver_after"])
        return goes_on

    return run_in_transaction(note)
