"""What the engine takes and gives: a ledger and a policy, a book of positions, cash and gains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from common.money import exact
from marketdata.domain.fx import MAX_AGE_DAYS, RateHistory
from portfolios.domain.status import Status
from portfolios.domain.transactions import Event, OrderKey
from portfolios.domain.unknowns import known_sum


class CostMethod(StrEnum):
    """Which lots a sale takes."""

    FIFO = "fifo"


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices that a result depends on; it is kept with the result.

    Attributes:
        max_rate_age_days: how old an exchange rate may be to be taken for a day.
    """

    cost_method: CostMethod = CostMethod.FIFO
    max_rate_age_days: int = MAX_AGE_DAYS


class Code(StrEnum):
    """Why a figure isn't complete; stable, for machines."""

    #: A field that the kind needs is missing or out of range: the event changes nothing.
    UNUSABLE = "unusable"
    #: More left than was held.
    OVERSOLD = "oversold"
    #: Units came in without a price: what they cost is unknown.
    COST_UNKNOWN = "cost-unknown"
    #: No exchange rate is known for the day.
    RATE_MISSING = "rate-missing"
    #: The result is larger than what can be kept.
    TOO_LARGE = "too-large"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an event could not be taken into account, or not wholly, in words."""

    event_id: str
    code: Code
    reason: str
    instrument_id: str | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """Units acquired together, or the part of them that is meant; an unknown cost is None.

    Attributes:
        cost: with the purchase's fee and tax, in the position's currency.
        cost_base: the same in the portfolio's currency, at the rate of the day it was acquired.
    """

    opened_on: date
    event_id: str
    quantity: Decimal
    cost: Decimal | None
    cost_base: Decimal | None


@dataclass(frozen=True, slots=True)
class Disposal:
    """A sale, and the lots it took.

    Attributes:
        quantity: what was really held and sold.
        proceeds: net of fee and tax, for that quantity, in the position's currency.
        lots: the parts sold of each lot, in the order taken.
    """

    event_id: str
    instrument_id: str
    date: date
    currency: str
    quantity: Decimal
    proceeds: Decimal | None
    cost: Decimal | None
    gain: Decimal | None
    proceeds_base: Decimal | None
    cost_base: Decimal | None
    gain_base: Decimal | None
    lots: tuple[Lot, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """What is and was held of one instrument; a closed position stays, with its gains.

    Attributes:
        currency: what the instrument is quoted in.
        cost: of the open lots; `cost_base` in the portfolio's currency.
        income: dividends and interest before fee and tax.
        fees_base: every fee booked on the instrument. Those of trades are inside cost and proceeds
            already; `taxes_base` likewise.
        opened_on: the day the oldest open lot was acquired.
        flags: what the status is due to.
    """

    instrument_id: str
    currency: str
    quantity: Decimal
    cost: Decimal | None
    cost_base: Decimal | None
    realized: Decimal | None
    realized_base: Decimal | None
    income: Decimal | None
    income_base: Decimal | None
    fees_base: Decimal | None
    taxes_base: Decimal | None
    lots: tuple[Lot, ...]
    opened_on: date | None
    status: Status
    flags: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """Income, fees and taxes of the whole portfolio, each by the currency it was booked in.

    The `_base` figures are sums in the portfolio's currency at the rates of the days; None where
    one of those rates is unknown.
    """

    income: Mapping[str, Decimal] = field(default_factory=dict)
    fees: Mapping[str, Decimal] = field(default_factory=dict)
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    income_base: Decimal | None = Decimal(0)
    fees_base: Decimal | None = Decimal(0)
    taxes_base: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that follows from a ledger alone, without prices.

    A book can be continued: given as a ledger's `opening`, later events are added to it.

    Attributes:
        cash: the balance of each currency that was ever moved.
        disposals: oldest first.
        problems: in the order of their events.
        last_key: where in the order of events the book stands; None before the first.
    """

    base_currency: str
    policy: Policy = Policy()
    positions: Mapping[str, Position] = field(default_factory=dict)
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    disposals: tuple[Disposal, ...] = ()
    problems: tuple[Problem, ...] = ()
    totals: Totals = Totals()
    last_key: OrderKey | None = None

    @property
    def status(self) -> Status:
        """Say whether every event was taken into account, with known costs and rates."""
        return Status.PARTIAL if self.problems else Status.COMPLETE

    @property
    def realized_base(self) -> Decimal | None:
        """Return the gains of all sales in the portfolio's currency, or None if one is unknown."""
        with exact():
            return known_sum(each.realized_base for each in self.positions.values())


@dataclass(frozen=True, slots=True)
class Ledger:
    """What happened, in any order, and the exchange rates of those days.

    Attributes:
        opening: the book to go on from; every event must then be later than all that is in it.
    """

    events: Iterable[Event]
    base_currency: str
    rates: RateHistory = field(default_factory=RateHistory)
    opening: Book | None = None
