"""Corporate actions of Flex statements, whose legs are told apart and belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from brokers.adapters.ibkr.fields import Ids, Unreadable, day, number, text
from brokers.adapters.ibkr.markup import Row
from brokers.adapters.ibkr.names import Names, multiplier_of, symbol_of
from brokers.adapters.ibkr.vocabulary import UNBOOKED_ACTIONS
from brokers.domain.dates import DateOrder
from brokers.domain.events import BrokerEvent
from brokers.domain.statements import NOTE_LENGTH
from common.money import exact, rounded_to_places
from portfolios.domain.kinds import Kind

_ZERO, _ONE = Decimal(0), Decimal(1)
_RATIO = re.compile(
    r"\b(?:SPLIT|STOCK DIVIDEND|MERGED\([^)]*\))\s.*?([0-9.]{1,20}) FOR ([0-9.]{1,20})\b",
    re.ASCII | re.IGNORECASE,
)
_NOT_EXACT = "Its ratio can't be kept exactly in ten places. Record it by hand."


@dataclass(frozen=True, slots=True)
class Leg:
    """One row of a corporate action."""

    row: Row
    key: str
    word: str
    quantity: Decimal
    proceeds: Decimal

    @property
    def action(self) -> tuple[str, ...]:
        """Return what the legs of one action have in common."""
        number_of_action = text(self.row, "actionID", default="")
        if number_of_action:
            return (number_of_action,)
        names = ("type", "dateTime", "reportDate", "description")
        parts = [text(self.row, name, default="") for name in names]
        # The last brackets of a description name the leg's own security.
        return (*parts[:3], parts[3].rpartition("(")[0] or parts[3])


def read_leg(row: Row, ids: Ids) -> Leg:
    """Read the fields of one row.

    Raises:
        Unreadable: one of them isn't what it should be.
    """
    proceeds = number(row, "proceeds", default=_ZERO)
    return Leg(
        row=row,
        key=ids.of(row),
        word=text(row, "type", default=""),
        quantity=number(row, "quantity", default=_ZERO),
        proceeds=proceeds or number(row, "amount", default=_ZERO),
    )


@dataclass(slots=True)
class Actions:
    """Turns the legs of one account's statement into events."""

    names: Names
    order: DateOrder | None
    account: str

    def events(self, legs: Iterable[Leg]) -> Iterator[tuple[Row, list[BrokerEvent] | Unreadable]]:
        """Walk through the actions: what each means, or why it can't be read."""
        together: dict[tuple[str, ...], list[Leg]] = {}
        for leg in legs:
            together.setdefault(leg.action, []).append(leg)
        for parts in together.values():
            try:
                events = self._book(parts)
            except Unreadable as error:
                for leg in parts:
                    yield leg.row, error
            else:
                yield parts[0].row, events

    def _book(self, legs: list[Leg]) -> list[BrokerEvent]:
        booked = {
            "FS": self._split,
            "RS": self._split,
            "SD": self._split,
            "TC": self._merger,
            "BM": self._maturity,
            "TM": self._maturity,
            "DW": self._worthless,
        }.get(legs[0].word)
        event = booked(legs) if booked else None
        return [event] if event else [self._unbooked(leg) for leg in legs]

    def _split(self, legs: list[Leg]) -> BrokerEvent | None:
        """Book a split, in one leg of what came or in two of what went and what came."""
        found = _RATIO.search(text(legs[0].row, "description", default="")[:NOTE_LENGTH])
        if found is None or len({symbol_of(leg.row) for leg in legs}) != 1:
            return None
        ratio = _exact_ratio(found[1], found[2])
        if ratio is None:
            return None
        if legs[0].word == "SD":
            ratio += 1
        first = min(legs, key=lambda leg: leg.quantity)
        paid = sum((leg.proceeds for leg in legs), _ZERO)
        return self._event(first, Kind.SPLIT, ratio=ratio, amount=paid if paid > 0 else None)

    def _merger(self, legs: list[Leg]) -> BrokerEvent | None:
        """Book what was given up for other shares, for cash or for both."""
        given = [leg for leg in legs if leg.quantity < 0]
        received = [leg for leg in legs if leg.quantity > 0]
        paid = sum((leg.proceeds for leg in legs), _ZERO)
        if len(given) != 1 or len(received) > 1 or paid < 0 or not (received or paid):
            return None
        amount = paid or None
        if not received:
            return self._event(given[0], Kind.MERGER, amount=amount)
        if symbol_of(given[0].row) == symbol_of(received[0].row):
            return None
        ratio = _exact_ratio(received[0].quantity, -given[0].quantity)
        if ratio is None:
            return None
        return self._event(
            given[0],
            Kind.MERGER,
            amount=amount,
            ratio=ratio,
            to_instrument=self.names.of_trade(received[0].row),
        )

    def _maturity(self, legs: list[Leg]) -> BrokerEvent | None:
        if len(legs) != 1 or legs[0].quantity >= 0 or legs[0].proceeds <= 0:
            return None
        leg = legs[0]
        multiplier = multiplier_of(leg.row, text(leg.row, "assetCategory", default="BOND")) or _ONE
        with exact():
            price = rounded_to_places(leg.proceeds / (-leg.quantity * multiplier))
        return self._event(leg, Kind.REDEMPTION, quantity=-leg.quantity, price=price)

    def _worthless(self, legs: list[Leg]) -> BrokerEvent | None:
        if len(legs) != 1 or legs[0].quantity >= 0 or legs[0].proceeds:
            return None
        return self._event(legs[0], Kind.SELL, quantity=-legs[0].quantity, price=_ZERO)

    def _event(self, leg: Leg, kind: Kind, **fields: Any) -> BrokerEvent:
        instrument = self.names.of_trade(leg.row)
        return BrokerEvent(kind=kind, instrument=instrument, **self._known(leg), **fields)

    def _unbooked(self, leg: Leg) -> BrokerEvent:
        problem = UNBOOKED_ACTIONS.get(leg.word)
        if problem is None and leg.word in ("FS", "RS", "SD", "TC"):
            problem = f"What was given for what isn't clear from the statement, or: {_NOT_EXACT}"
        return BrokerEvent(
            kind=None,
            problem=problem
            or f"A corporate action of the type “{leg.word[:24]}”. Record it by hand.",
            instrument=self.names.of_payment(leg.row),
            quantity=leg.quantity or None,
            amount=leg.proceeds or None,
            **self._known(leg),
        )

    def _known(self, leg: Leg) -> dict[str, Any]:
        return {
            "external_id": leg.key,
            "trade_date": day(leg.row, "dateTime", "reportDate", order=self.order),
            "currency": text(leg.row, "currency"),
            "account": self.account,
            "note": text(leg.row, "description", default="")[:NOTE_LENGTH],
        }


def _exact_ratio(new: Decimal | str, old: Decimal | str) -> Decimal | None:
    """Divide, if the ledger can keep the outcome exactly."""
    try:
        divisor, dividend = Decimal(old), Decimal(new)
        with exact():
            ratio = rounded_to_places(dividend / divisor)
            return ratio if ratio > 0 and ratio * divisor == dividend else None
    except ArithmeticError:
        return None
