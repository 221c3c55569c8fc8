"""Trades of Flex statements: purchases, sales, exchanges, options that end, cancellations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from brokers.adapters.ibkr.fields import Ids, Unreadable, day, moment, number, text
from brokers.adapters.ibkr.markup import Row
from brokers.adapters.ibkr.names import Names
from brokers.adapters.ibkr.vocabulary import (
    ASSET_CLASSES,
    CURRENCIES,
    EXERCISED,
    EXPIRED,
    OPTIONS,
    UNBOOKED_CATEGORIES,
)
from brokers.domain.dates import DateOrder
from brokers.domain.events import BrokerEvent
from common.money import exact, plain, rounded_to_places
from portfolios.domain.kinds import Kind

_ZERO = Decimal(0)
#: Prices are rounded in statements; what was paid isn't.
_ROUNDING, _ROUNDING_SHARE = Decimal("0.01"), Decimal("0.0001")
_LONGEST_ALIAS = 100


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution as the statement tells it, its signs as they come."""

    row: Row
    key: str
    category: str
    currency: str
    quantity: Decimal
    price: Decimal
    proceeds: Decimal | None
    commission: Decimal
    commission_currency: str
    taxes: Decimal
    multiplier: Decimal
    codes: frozenset[str]

    @property
    def is_cancellation(self) -> bool:
        """Say whether it takes another one back."""
        word = text(self.row, "transactionType", default="")
        return word.endswith("Cancel") or "(Ca.)" in text(self.row, "buySell", default="")

    @property
    def is_purchase(self) -> bool:
        """Say whether units came, or did before this was taken back."""
        side = text(self.row, "buySell", default="").upper()
        if side.startswith(("BUY", "SELL")):
            return side.startswith("BUY")
        return (self.quantity > 0) != self.is_cancellation

    @property
    def alias(self) -> str:
        """Name it as a cancellation does that only knows the trade's number.

        The execution that is booked in its place has the same number, so quantity and price
        belong to the name.
        """
        return self.named(text(self.row, "tradeID", default=""))

    def named(self, trade: str) -> str:
        """Name an execution of a trade by its number, and this one's quantity and price."""
        if not trade:
            return ""
        return f"{trade}:{plain(abs(self.quantity))}@{plain(self.price)}"[:_LONGEST_ALIAS]

    @property
    def original(self) -> str:
        """Return the id of the row that this one corrects or cancels; empty where none is told."""
        original = text(self.row, "origTransactionID", default="")
        return "" if original == "0" else original[:_LONGEST_ALIAS]

    @property
    def canceled(self) -> str:
        """Name what a cancellation takes back; empty where it doesn't tell."""
        if self.original:
            return self.original
        return self.named(text(self.row, "origTradeID", default="")) or self.alias


def read_trade(row: Row, ids: Ids) -> Trade:
    """Read the fields of one execution.

    Raises:
        Unreadable: one of them isn't what it should be.
    """
    return Trade(
        row=row,
        key=ids.of(row),
        category=text(row, "assetCategory", default="STK"),
        currency=text(row, "currency"),
        quantity=number(row, "quantity"),
        price=number(row, "tradePrice"),
        proceeds=number(row, "proceeds", default=None),
        commission=number(row, "ibCommission", default=_ZERO),
        commission_currency=text(row, "ibCommissionCurrency", default=text(row, "currency")),
        taxes=number(row, "taxes", default=_ZERO),
        multiplier=number(row, "multiplier", default=Decimal(1)),
        codes=frozenset(re.split(r"[;, ]+", text(row, "notes", default=""))),
    )


@dataclass(slots=True)
class Booker:
    """Turns the executions of one account's statement into events."""

    names: Names
    order: DateOrder | None
    account: str

    def events(
        self, trades: Iterable[Trade]
    ) -> Iterator[tuple[Row, list[BrokerEvent] | Unreadable]]:
        """Walk through the executions: what each means, or why it can't be read."""
        known = list(trades)
        stocks = _exercised(known)
        taken = {trade.key for trade in stocks.values()}
        canceled = {trade.canceled: trade for trade in known if trade.is_cancellation}
        for trade in known:
            if trade.key in taken:
                continue
            try:
                if trade.key in stocks:
                    events = self._exercise(trade, stocks[trade.key])
                elif trade.is_cancellation:
                    events = self._cancel(trade, known)
                else:
                    events = self._book(trade, canceled.get(trade.alias))
            except Unreadable as error:
                yield trade.row, error
            else:
                yield trade.row, events

    def _book(self, trade: Trade, cancellation: Trade | None) -> list[BrokerEvent]:
        if trade.category == CURRENCIES:
            return self._exchange(trade)
        known = self._known(trade) | {"quantity": abs(trade.quantity), "price": trade.price}
        # What was booked after the cancellation stands in the place of what was canceled.
        is_replacement = cancellation is not None and _follows(trade.key, cancellation.key)
        known["alias"] = "" if is_replacement else trade.alias
        if text(trade.row, "transactionType", default="") == "TradeCorrect":
            known["replaces"] = trade.original
        problem = _why_unbooked(trade)
        if problem:
            return [BrokerEvent(kind=None, problem=problem, **known)]
        known["instrument"] = self.names.of_trade(trade.row)
        if EXPIRED in trade.codes and trade.category in OPTIONS:
            return [BrokerEvent(kind=Kind.EXPIRY, **(known | {"price": None}))]
        known["price"] = _price_paid(trade, known["instrument"].multiplier or Decimal(1))
        return self._with_charges(BrokerEvent(kind=_side(trade), **known), trade)

    def _exchange(self, trade: Trade) -> list[BrokerEvent]:
        """Book a pair such as EUR.USD: the quantity is the first, the proceeds are the second."""
        base, dot, quote = text(trade.row, "symbol").upper().partition(".")
        if not dot or quote != trade.currency or not trade.proceeds:
            problem = "An exchange that doesn't say between which currencies, or of how much."
            return [BrokerEvent(kind=None, problem=problem, **self._known(trade))]
        sides = [(base, trade.quantity), (quote, trade.proceeds)]
        (given, paid), (received, got) = sorted(sides, key=lambda side: side[1])
        if not paid < 0 < got:
            raise Unreadable("The exchange moves both currencies the same way.")
        known = self._known(trade) | {"currency": given, "amount": -paid}
        event = BrokerEvent(kind=Kind.EXCHANGE, to_currency=received, to_amount=got, **known)
        return self._with_charges(event, trade)

    def _exercise(self, option: Trade, stock: Trade) -> list[BrokerEvent]:
        """Book the end of an option and what it bought or sold as the one thing that they are."""
        known = self._known(option) | {
            "quantity": abs(option.quantity),
            "price": stock.price,
            "instrument": self.names.of_trade(option.row),
            "to_instrument": self.names.of_trade(stock.row),
        }
        kind = Kind.EXERCISE_BUY if stock.is_purchase else Kind.EXERCISE_SELL
        both = replace(
            option,
            commission=option.commission + stock.commission,
            taxes=option.taxes + stock.taxes,
            commission_currency=stock.commission_currency,
        )
        return self._with_charges(BrokerEvent(kind=kind, **known), both)

    def _cancel(self, trade: Trade, known: Iterable[Trade]) -> list[BrokerEvent]:
        event = BrokerEvent(
            kind=_side(trade) if trade.category != CURRENCIES else Kind.EXCHANGE,
            replaces=trade.canceled,
            is_canceled=True,
            quantity=abs(trade.quantity),
            price=trade.price,
            **self._known(trade),
        )
        if not trade.canceled:
            problem = "It takes a trade back that it doesn't name. Void that one by hand."
            return [replace(event, kind=None, is_canceled=False, problem=problem)]
        wrong = next((each for each in known if _is_named(each, trade)), None)
        if wrong is None:
            return [event]
        # What the broker keeps of the charges stays paid, though the trade never was.
        kept = replace(
            trade,
            commission=min(wrong.commission + trade.commission, _ZERO),
            taxes=min(wrong.taxes + trade.taxes, _ZERO),
            commission_currency=wrong.commission_currency,
        )
        return [event, *self._charges(kept, note="Kept when the trade was canceled")]

    def _known(self, trade: Trade) -> dict[str, Any]:
        row = trade.row
        on = day(row, "tradeDate", "dateTime", "reportDate", order=self.order)
        return {
            "external_id": trade.key,
            "trade_date": on,
            "executed_at": moment(row, "dateTime", on=on, order=self.order),
            "currency": trade.currency,
            "account": self.account,
            "order": ("", Decimal(trade.key) if trade.key.isdecimal() else _ZERO),
        }

    def _with_charges(self, event: BrokerEvent, trade: Trade) -> list[BrokerEvent]:
        """Put charges on the event itself where they are its currency's, else beside it."""
        is_own = trade.commission_currency == event.currency
        fee = -trade.commission if is_own and trade.commission < 0 else _ZERO
        tax = -trade.taxes if trade.taxes < 0 and trade.currency == event.currency else _ZERO
        rest = replace(
            trade,
            commission=_ZERO if fee else trade.commission,
            taxes=_ZERO if tax else trade.taxes,
        )
        charges = self._charges(rest, note="Of a trade", alias=event.alias)
        return [replace(event, fee=fee, tax=tax), *charges]

    def _charges(self, trade: Trade, *, note: str, alias: str = "") -> Iterator[BrokerEvent]:
        known = self._known(trade) | {"note": note, "alias": alias}
        for amount, currency, kinds in (
            (trade.commission, trade.commission_currency, (Kind.FEE_REFUND, Kind.FEE)),
            (trade.taxes, trade.currency, (Kind.TAX_REFUND, Kind.TAX)),
        ):
            if amount:
                fields = known | {"currency": currency, "amount": abs(amount)}
                yield BrokerEvent(kind=kinds[amount < 0], **fields)


def _side(trade: Trade) -> Kind:
    if trade.is_purchase:
        # Buying back what was sold short is a plain purchase.
        return Kind.BUY
    opens = "O" in text(trade.row, "openCloseIndicator", default="")
    return Kind.SELL_SHORT if opens else Kind.SELL


def _why_unbooked(trade: Trade) -> str:
    if trade.category in UNBOOKED_CATEGORIES:
        return UNBOOKED_CATEGORIES[trade.category]
    if trade.category not in ASSET_CLASSES:
        return f"A trade of the kind “{trade.category[:24]}” isn't known here."
    return "" if trade.quantity else "It moved no units."


def _price_paid(trade: Trade, multiplier: Decimal) -> Decimal:
    """Return the price at which quantity times price is what was paid, to the cent.

    Raises:
        Unreadable: what was paid is something else by more than rounding.
    """
    if trade.proceeds is None:
        return trade.price
    with exact():
        paid = abs(trade.proceeds)
        units = abs(trade.quantity) * multiplier
        difference = abs(units * trade.price) - paid
        if not difference:
            return trade.price
        if abs(difference) > max(_ROUNDING, paid * _ROUNDING_SHARE):
            raise Unreadable("“proceeds” isn't quantity times price.")
        return rounded_to_places(paid / units).copy_sign(trade.price)


def _exercised(trades: Iterable[Trade]) -> Mapping[str, Trade]:
    """Find for each option that was exercised or assigned what it bought or sold."""
    ended = [each for each in trades if each.codes & EXERCISED and not each.is_cancellation]
    options = [each for each in ended if each.category in OPTIONS and not each.price]
    stocks = [each for each in ended if each.category not in OPTIONS]
    found: dict[str, Trade] = {}
    for option in options:
        stock = next((each for each in stocks if _is_delivery(option, each)), None)
        if stock is not None:
            stocks.remove(stock)
            found[option.key] = stock
    return found


def _is_delivery(option: Trade, stock: Trade) -> bool:
    units = abs(option.quantity) * option.multiplier
    underlying = text(option.row, "underlyingConid", default="")
    same = (
        underlying == text(stock.row, "conid", default="")
        if underlying
        else text(option.row, "underlyingSymbol", default="?")
        == text(stock.row, "symbol", default="")
    )
    return (
        same
        and units == abs(stock.quantity)
        and option.currency == stock.currency
        and text(option.row, "tradeDate", default="") == text(stock.row, "tradeDate", default="")
    )


def _is_named(trade: Trade, cancellation: Trade) -> bool:
    if trade.is_cancellation or _follows(trade.key, cancellation.key):
        return False
    return cancellation.canceled in (trade.key, trade.alias)


def _follows(key: str, other: str) -> bool:
    """Say whether a row was booked after another; ids count up."""
    return key.isdecimal() and other.isdecimal() and int(key) > int(other)
