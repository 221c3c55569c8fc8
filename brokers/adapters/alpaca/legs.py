"""What Alpaca tells in two rows: the units that went by an action, and those that came for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from brokers.adapters.alpaca.vocabulary import SPLITS
from brokers.adapters.json_fields import LONGEST_ID
from brokers.domain.events import BrokerEvent
from brokers.domain.splits import UNCLEAR, ratio_between
from common.money import plain
from portfolios.domain.kinds import Kind

#: Changes of symbol, number or both.
RENAMES = frozenset({"NC", "SC"})
ALONE = "The other half of it isn't in the same answer: it is booked once both are."
_UNEQUAL = "A change of name by which the number of units changed. Record it by hand."
_ONE, _ZERO = Decimal(1), Decimal(0)
Told = tuple[Mapping[str, Any], BrokerEvent]


def joined(told: Sequence[Told]) -> list[BrokerEvent]:
    """Make one event of the two halves of a split or of a change of name.

    Halves are known by the group that both name, or else by day and, of a split, symbol. Units
    that were owed come back under the old name, which can't be told from the contrary: such a
    change of name is booked the wrong way round, moves nothing, and shows as a difference.

    Args:
        told: rows, and what each means by itself.

    Source: https://docs.alpaca.markets/docs/activity-sse, NC and SPLIT
    """
    together: dict[tuple[str, ...], list[Told]] = {}
    for row, event in told:
        together.setdefault(_action_of(row, event), []).append((row, event))
    return [event for parts in together.values() for event in _as_one(parts)]


def _action_of(row: Mapping[str, Any], event: BrokerEvent) -> tuple[str, ...]:
    activity, group = row["activity_type"], row.get("group_id")
    if activity not in SPLITS | RENAMES or not event.quantity:
        return (event.external_id,)
    # What is taken back is the whole as well, and no half of what is booked in its place.
    known = (activity, "canceled" if event.is_canceled else "")
    if isinstance(group, str) and group:
        return (*known, group)
    day = event.trade_date.isoformat()
    if activity in RENAMES:
        return (*known, day, plain(abs(event.quantity)))
    return (*known, day, event.instrument.symbol if event.instrument else "")


def _as_one(parts: list[Told]) -> list[BrokerEvent]:
    (_, gone), (_, came) = parts[0], parts[-1]
    if (gone.quantity or _ZERO) > (came.quantity or _ZERO):
        gone, came = came, gone
    went, rest = -(gone.quantity or _ZERO), came.quantity or _ZERO
    if len(parts) != 2 or went <= 0 or rest <= 0:
        return [event for _, event in parts]
    # Where the second row comes alone it is known by its id.
    whole = replace(
        gone, alias=came.external_id[:LONGEST_ID], quantity=None, problem="", is_half=False
    )
    if gone.instrument != came.instrument:
        if went != rest:
            return [replace(each, problem=_UNEQUAL, is_half=False) for _, each in parts]
        renamed = replace(whole, kind=Kind.MERGER, ratio=_ONE, to_instrument=came.instrument)
        return [renamed]
    # Where only the number of the security is another one, nothing has moved.
    return [] if went == rest else _split(whole, parts, went, rest)


def _split(
    whole: BrokerEvent, parts: list[Told], went: Decimal, came: Decimal
) -> list[BrokerEvent]:
    """Book a split; of shares that are owed fewer go back than are owed afterwards."""
    multiplies = {"FSPLIT": True, "RSPLIT": False}.get(str(parts[0][0].get("activity_sub_type")))
    if multiplies is not None and multiplies != (came > went):
        went, came = came, went
    ratio = ratio_between(went, came)
    if ratio is None:
        return [replace(each, kind=None, problem=UNCLEAR, is_half=False) for _, each in parts]
    return [replace(whole, kind=Kind.SPLIT, ratio=ratio)]
