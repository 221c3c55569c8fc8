"""When an alert fires: a line to be reached, and a way back before it can be reached again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from common.errors import InvalidInput
from common.money import exact, fits, plain

#: How far a price must go back before the alert is armed again: a part of its level.
PRICE_MARGIN = Decimal("0.005")
#: The same for moves, falls, drifts and silences: what is left of the limit.
REARM_AT = Decimal("0.8")
#: A stale feed is looked for once a minute.
SHORTEST_SILENCE, LONGEST_SILENCE = 1, 10_080
#: No move, fall or drift that anybody waits for is larger: 10 is 1,000 %.
LARGEST_MOVE = Decimal(10)


class AlertRefused(InvalidInput):
    """The alert makes no sense as given."""

    code = "alert-refused"


class AlertKind(StrEnum):
    """What is watched for."""

    PRICE_ABOVE = "price_above"
    PRICE_BELOW = "price_below"
    DAY_MOVE = "day_move"
    MOVE_FROM = "move_from"
    STALE = "stale"
    DRAWDOWN = "drawdown"
    DRIFT = "drift"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return _LABELS[self]

    @property
    def is_of_portfolio(self) -> bool:
        """Say whether it is about a portfolio; all others are about an instrument."""
        return self in {AlertKind.DRAWDOWN, AlertKind.DRIFT}

    @property
    def measure(self) -> Measure:
        """Return what is measured."""
        return _MEASURES[self]


class Measure(StrEnum):
    """What is measured, and so in which unit the limit is."""

    #: In the instrument's currency.
    PRICE = "price"
    #: A fraction of the previous close.
    DAY_RATE = "day_rate"
    #: In minutes.
    SILENCE = "silence"
    #: A fraction of the highest worth, as an index of time-weighted returns.
    DRAWDOWN = "drawdown"
    #: The largest distance of any weight from its target, a fraction of the whole.
    DRIFT = "drift"


class AlertState(StrEnum):
    """Whether an alert waits for its line, or for the way back from it."""

    ARMED = "armed"
    FIRED = "fired"


class Side(StrEnum):
    """From which side a line is reached."""

    UP = "up"
    DOWN = "down"


class Zone(StrEnum):
    """Where a value stands: at the line or beyond, far enough back, or between the two."""

    BEYOND = "beyond"
    BETWEEN = "between"
    BACK = "back"


_LABELS = {
    AlertKind.PRICE_ABOVE: "Price at or above",
    AlertKind.PRICE_BELOW: "Price at or below",
    AlertKind.DAY_MOVE: "Move of the day",
    AlertKind.MOVE_FROM: "Move from a price",
    AlertKind.STALE: "No quote while the market is open",
    AlertKind.DRAWDOWN: "Fall from the high",
    AlertKind.DRIFT: "Drift from the targets",
}
_MEASURES = {
    AlertKind.PRICE_ABOVE: Measure.PRICE,
    AlertKind.PRICE_BELOW: Measure.PRICE,
    AlertKind.DAY_MOVE: Measure.DAY_RATE,
    AlertKind.MOVE_FROM: Measure.PRICE,
    AlertKind.STALE: Measure.SILENCE,
    AlertKind.DRAWDOWN: Measure.DRAWDOWN,
    AlertKind.DRIFT: Measure.DRIFT,
}
#: The whole machine: what an alert does, by where it stands and where the value stands.
TRANSITIONS: Mapping[tuple[AlertState, Zone], tuple[AlertState, bool]] = {
    (AlertState.ARMED, Zone.BEYOND): (AlertState.FIRED, True),
    (AlertState.ARMED, Zone.BETWEEN): (AlertState.ARMED, False),
    (AlertState.ARMED, Zone.BACK): (AlertState.ARMED, False),
    (AlertState.FIRED, Zone.BEYOND): (AlertState.FIRED, False),
    (AlertState.FIRED, Zone.BETWEEN): (AlertState.FIRED, False),
    (AlertState.FIRED, Zone.BACK): (AlertState.ARMED, False),
}


@dataclass(frozen=True, slots=True)
class Line:
    """The level that fires, the side it is reached from, and the level that arms again."""

    side: Side
    level: Decimal
    back: Decimal

    def zone(self, value: Decimal) -> Zone:
        """Tell where a value stands."""
        if self.side is Side.UP:
            is_beyond, is_back = value >= self.level, value <= self.back
        else:
            is_beyond, is_back = value <= self.level, value >= self.back
        if is_beyond:
            return Zone.BEYOND
        return Zone.BACK if is_back else Zone.BETWEEN


@dataclass(frozen=True, slots=True)
class Rule:
    """What somebody wants to be told.

    Attributes:
        limit: a price; a fraction, below 0 for a fall of a price; or minutes.
        reference: the price that `MOVE_FROM` is measured from; None for all other kinds.
    """

    kind: AlertKind
    limit: Decimal
    reference: Decimal | None = None

    @property
    def line(self) -> Line:
        """Return the line that fires it."""
        with exact():
            if self.kind is AlertKind.PRICE_ABOVE:
                return Line(Side.UP, self.limit, self.limit * (1 - PRICE_MARGIN))
            if self.kind is AlertKind.PRICE_BELOW:
                return Line(Side.DOWN, self.limit, self.limit * (1 + PRICE_MARGIN))
            side = Side.UP if self.limit > 0 else Side.DOWN
            level, back = self.limit, self.limit * REARM_AT
            if self.kind is AlertKind.MOVE_FROM:
                reference = self.reference or Decimal(0)
                level, back = reference * (1 + level), reference * (1 + back)
            return Line(side, level, back)


def step(state: AlertState, zone: Zone) -> tuple[AlertState, bool]:
    """Return the next state of an alert, and whether it fires on the way."""
    return TRANSITIONS[state, zone]


def check_rule(rule: Rule) -> None:
    """Make sure that a rule can ever hold, and not always.

    Raises:
        AlertRefused: its limit or reference is out of range.
    """
    errors: dict[str, list[str]] = {}
    if not fits(rule.limit) or not _is_sensible(rule):
        errors["limit"] = [_WANTED[rule.kind.measure]]
    if rule.kind is AlertKind.MOVE_FROM:
        errors |= _wrong_with_move(rule)
    elif rule.reference is not None:
        errors["reference"] = ["Only a move from a price has one."]
    if errors:
        raise AlertRefused(errors=errors)


_MOVE_WANTED = "Give a fraction above -1 and up to 10, but not 0: -0.05 is a fall of 5 %."
_WANTED = {
    Measure.PRICE: "Give a price above 0.",
    Measure.DAY_RATE: _MOVE_WANTED,
    Measure.SILENCE: f"Give whole minutes from {SHORTEST_SILENCE} to {LONGEST_SILENCE}.",
    Measure.DRAWDOWN: "Give a fraction above 0 and below 1: 0.1 is a fall of 10 %.",
    Measure.DRIFT: "Give a fraction above 0 and below 1: 0.05 is five points of the whole.",
}


def _is_sensible(rule: Rule) -> bool:
    limit = rule.limit
    if rule.kind is AlertKind.MOVE_FROM:
        return True
    match rule.kind.measure:
        case Measure.PRICE:
            return limit > 0
        case Measure.DAY_RATE:
            return _is_move(limit)
        case Measure.SILENCE:
            return SHORTEST_SILENCE <= limit <= LONGEST_SILENCE and limit == limit.to_integral()
        case Measure.DRAWDOWN | Measure.DRIFT:
            return 0 < limit < 1


def _is_move(limit: Decimal) -> bool:
    return -1 < limit <= LARGEST_MOVE and limit != 0


def _wrong_with_move(rule: Rule) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not fits(rule.limit) or not _is_move(rule.limit):
        errors["limit"] = [_MOVE_WANTED]
    if rule.reference is None or not fits(rule.reference) or rule.reference <= 0:
        errors["reference"] = ["Give the price it is measured from, above 0."]
    return errors


def title_of(rule: Rule, *, name: str, currency: str) -> str:
    """Say what a rule watches for, of something with this name."""
    limit = written(rule.kind.measure, rule.limit, currency)
    start = written(Measure.PRICE, rule.reference or Decimal(0), currency)
    move = f"{'up' if rule.limit > 0 else 'down'} {plain(abs(rule.limit).scaleb(2))} %"
    said = {
        AlertKind.PRICE_ABOVE: f"at or above {limit}",
        AlertKind.PRICE_BELOW: f"at or below {limit}",
        AlertKind.DAY_MOVE: f"{move} in a day",
        AlertKind.MOVE_FROM: f"{move} from {start}",
        AlertKind.STALE: f"without a quote for {limit} while its market is open",
        AlertKind.DRAWDOWN: f"{limit} below its high",
        AlertKind.DRIFT: f"{limit} away from its targets",
    }
    return f"{name} {said[rule.kind]}"


def written(measure: Measure, value: Decimal, currency: str) -> str:
    """Write a measured value with its unit."""
    match measure:
        case Measure.PRICE:
            return f"{plain(value)} {currency}"
        case Measure.SILENCE:
            minutes = int(value)
            return f"{minutes} minute" if minutes == 1 else f"{minutes} minutes"
        case Measure.DAY_RATE | Measure.DRAWDOWN | Measure.DRIFT:
            return f"{plain(round(value.scaleb(2), 2))} %"
