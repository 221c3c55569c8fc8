"""What the engine takes and gives: a ledger, and a book of positions, cash and gains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from common.money import exact
from marketdata.domain.fx import RateHistory
from portfolios.domain.policy import Policy
from portfolios.domain.status import Status
from portfolios.domain.transactions import Event, OrderKey
from portfolios.domain.unknowns import known_sum, minus


class Code(StrEnum):
    """Why a figure isn't complete; stable, for machines."""

    #: A field that the kind needs is missing or out of range: the event changes nothing.
    UNUSABLE = "unusable"
    #: More left than was held.
    OVERSOLD = "oversold"
    #: More bought to cover than was sold short.
    OVERCOVERED = "overcovered"
    #: Units came in without a price: what they cost is unknown.
    COST_UNKNOWN = "cost-unknown"
    #: A sale names lots that aren't there, or fewer units than it sells.
    LOTS_UNKNOWN = "lots-unknown"
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


class Lot(NamedTuple):
    """Units acquired together, or the part of them that is meant; an unknown cost is None.

    Units sold short are a lot with a quantity and a cost below zero: what was received for them. A
    tuple, for ledgers make them by the ten thousand.

    Attributes:
        event_id: the row that opened it. A lot keeps it, like the day and the cost, when it moves
            to another account or becomes one of another instrument.
        cost: by the policy with the charges of the purchase, in the position's currency.
        cost_base: the same in the portfolio's currency, at the rate of the day it was acquired.
        charges: what of the cost is fees and taxes; `charges_base` in the portfolio's currency.
        account: which account the units are in, as far as the policy tells accounts apart.
    """

    opened_on: date
    event_id: str
    quantity: Decimal
    cost: Decimal | None
    cost_base: Decimal | None
    charges: Decimal | None = Decimal(0)
    charges_base: Decimal | None = Decimal(0)
    account: str = ""


class ClosedLot(NamedTuple):
    """The part of a lot that one sale took, or one purchase covered.

    Attributes:
        quantity: without a sign.
        cost: what the units cost: at their purchase or, for a short sale, when they were covered.
        proceeds: what they were sold for, net by the policy; of a short sale what came first.
        held_days: from the day the lot was opened to the day it was closed.
    """

    opened_on: date
    event_id: str
    quantity: Decimal
    cost: Decimal | None
    cost_base: Decimal | None
    proceeds: Decimal | None
    proceeds_base: Decimal | None
    gain: Decimal | None
    gain_base: Decimal | None
    held_days: int


@dataclass(frozen=True, slots=True)
class Disposal:
    """Units sold, or covered, and the lots they were of.

    Attributes:
        quantity: what was really held and sold; 0 where a payment alone realizes a gain.
        proceeds: for that quantity, in the position's currency, net of charges by the policy.
        price_gain_base: what of the gain the price made, before charges, at the rate of the sale.
        currency_gain_base: what of the gain the exchange rate made.
        charges_base: the charges of purchase and sale inside the gain: price gain + currency gain −
            charges = gain.
        lots: the parts sold of each lot, in the order taken.
        is_short: whether units sold short were covered.
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
    price_gain_base: Decimal | None
    currency_gain_base: Decimal | None
    charges_base: Decimal | None
    lots: tuple[ClosedLot, ...]
    account: str = ""
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """What is and was held of one instrument; a closed position stays, with its gains.

    Attributes:
        currency: what the instrument is quoted in.
        quantity: below zero where units are sold short.
        multiplier: what one unit at a price of 1 is worth.
        cost: of the open lots; `cost_base` in the portfolio's currency.
        charges_base: the charges inside `cost_base`.
        price_gain_base: what of the realized gain prices made, and `currency_gain_base` rates;
            both before charges.
        income: dividends and interest before fee and tax.
        fees_base: every fee booked on the instrument. Those of trades are inside cost and proceeds
            already; `taxes_base` likewise.
        opened_on: the day the oldest open lot was acquired.
        flags: what the status is due to.
        accounts: how many units are in each account; empty accounts are left out.
        last_split: day and ratio of the newest split, or spin-off that brought units, and the
            accounts it was reported from: where accounts share their lots, each may report the
            same one.
    """

    instrument_id: str
    currency: str
    quantity: Decimal
    cost: Decimal | None
    cost_base: Decimal | None
    charges_base: Decimal | None
    realized: Decimal | None
    realized_base: Decimal | None
    price_gain_base: Decimal | None
    currency_gain_base: Decimal | None
    income: Decimal | None
    income_base: Decimal | None
    fees_base: Decimal | None
    taxes_base: Decimal | None
    lots: tuple[Lot, ...]
    opened_on: date | None
    status: Status
    flags: tuple[Code, ...] = ()
    multiplier: Decimal = Decimal(1)
    accounts: Mapping[str, Decimal] = field(default_factory=dict)
    last_split: tuple[date, Decimal, tuple[str, ...]] | None = None

    @property
    def invested(self) -> Decimal | None:
        """Return what the open lots cost without charges, in the position's currency."""
        with exact():
            return known_sum(minus(lot.cost, lot.charges) for lot in self.lots)

    @property
    def invested_base(self) -> Decimal | None:
        """Return what the open lots cost without charges, in the portfolio's currency."""
        with exact():
            return minus(self.cost_base, self.charges_base)


@dataclass(frozen=True, slots=True)
class Totals:
    """Income, fees and taxes of the whole portfolio, each by the currency it was booked in.

    The `_base` figures are sums in the portfolio's currency at the rates of the days; None where
    one of those rates is unknown.

    Attributes:
        contributed_base: what came from outside less what left: payments in and out, and
            deliveries at their cost.
    """

    income: Mapping[str, Decimal] = field(default_factory=dict)
    fees: Mapping[str, Decimal] = field(default_factory=dict)
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    income_base: Decimal | None = Decimal(0)
    fees_base: Decimal | None = Decimal(0)
    taxes_base: Decimal | None = Decimal(0)
    contributed_base: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that follows from a ledger alone, without prices.

    A book can be continued: given as a ledger's `opening`, later events are added to it.

    Attributes:
        cash: the balance of each currency that was ever moved.
        cash_base: what came into each of these balances less what left them, in the portfolio's
            currency at the rates booked; what a balance is worth more than that its rate made.
        disposals: oldest first; of a continued book those since its opening, as of problems.
        problems: in the order of their events.
        last_key: where in the order of events the book stands; None before the first.
    """

    base_currency: str
    policy: Policy = field(default_factory=Policy)
    positions: Mapping[str, Position] = field(default_factory=dict)
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    cash_base: Mapping[str, Decimal | None] = field(default_factory=dict)
    disposals: tuple[Disposal, ...] = ()
    problems: tuple[Problem, ...] = ()
    totals: Totals = Totals()
    last_key: OrderKey | None = None
    #: Whether some event, also of the book that was continued, was not wholly taken into account.
    is_partial: bool = False

    @property
    def status(self) -> Status:
        """Say whether every event was taken into account, with known costs and rates."""
        return Status.PARTIAL if self.is_partial else Status.COMPLETE

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
