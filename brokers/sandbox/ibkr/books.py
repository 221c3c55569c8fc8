"""Interactive Brokers' accounts: what is done in them, as rows of Flex statements."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from brokers.sandbox.market import MARKET
from brokers.sandbox.world import ZERO, Account, Entry, World

#: The number of the query, and the token that may have it made.
DEFAULT_QUERY, DEFAULT_TOKEN = "700001", "100000000000000000000001"
BASE_CURRENCY = "EUR"
_NEW_YORK = ZoneInfo("America/New_York")
_CENT = Decimal("0.01")
_FOREIGN = {"SAP": "122.4", "ASML": "640.2"}


def open_default(world: World, activities: int) -> None:
    """Open the account that everybody knows the token of."""
    account = FlexAccount(DEFAULT_QUERY, DEFAULT_TOKEN, seed=world.seed)
    world.open(account)
    _live(account, world, activities)


class FlexAccount(Account):
    """One customer's account; its ids count up in the order in which things are booked."""

    @property
    def number(self) -> str:
        """Return what the house calls the account."""
        return f"U{int(self.digest[:8], 16) % 10_000_000:07d}"

    @property
    def orders(self) -> Mapping[str, Callable[..., dict[str, Any]]]:
        """Return what can be done here."""
        return {
            "fill": self.fill,
            "exchange": self.exchange,
            "pay": self.pay,
            "split": self.split,
            "transfer": self.transfer,
            "cancel": self.cancel,
            "rebook": self.rebook,
        }

    def add(
        self, section: str, row: dict[str, Any], *, booked: datetime, entry: Entry
    ) -> dict[str, Any]:
        """Write a row into the books; it is reported on the day on which it is booked."""
        entry.row = {
            "id": str(self._number_of(len(self.entries))),
            "section": section,
            "accountId": self.number,
            "reportDate": _day(booked),
            **row,
        }
        self.entries.append(entry)
        return entry.row

    def fill(
        self, *, symbol: str, side: str, qty: Decimal, price: Decimal, at: datetime, **more: Any
    ) -> dict[str, Any]:
        """Trade; `side` is `buy`, `sell` or, where it opens a short position, `short`."""
        currency = more.get("currency") or _currency_of(symbol)
        commission = Decimal(more.get("commission", "1"))
        units = qty if side == "buy" else -qty
        row = {
            "currency": currency,
            "assetCategory": "STK",
            **_instrument(symbol),
            "tradeID": more.get("trade") or str(self._number_of(len(self.entries)) % 10**9),
            "transactionType": "ExchTrade",
            "buySell": "BUY" if side == "buy" else "SELL",
            "quantity": str(units),
            "tradePrice": str(price),
            "proceeds": str(-units * price),
            "taxes": "0",
            "ibCommission": str(-commission),
            "ibCommissionCurrency": currency,
            "netCash": str(-units * price - commission),
            "dateTime": _moment(at),
            "tradeDate": _day(at),
            "openCloseIndicator": "C" if side == "sell" else "O",
            "notes": "",
            "levelOfDetail": "EXECUTION",
        }
        booked = more.get("created_at") or at
        cash = {currency: -units * price - commission}
        entry = Entry({}, booked, {symbol: units}, cash, is_trade=True)
        return self.add("Trades", row, booked=booked, entry=entry)

    def exchange(
        self, *, pair: str, qty: Decimal, price: Decimal, at: datetime, **more: Any
    ) -> dict[str, Any]:
        """Buy so much of the first currency of a pair such as `EUR.USD` for the second."""
        base, _, quote = pair.partition(".")
        commission = Decimal(more.get("commission", "2"))
        row = {
            "currency": quote,
            "assetCategory": "CASH",
            "symbol": pair,
            "conid": "12087792",
            "multiplier": "1",
            "tradeID": str(self._number_of(len(self.entries)) % 10**9),
            "transactionType": "ExchTrade",
            "buySell": "BUY" if qty > 0 else "SELL",
            "quantity": str(qty),
            "tradePrice": str(price),
            "proceeds": str(-qty * price),
            "taxes": "0",
            "ibCommission": str(-commission),
            "ibCommissionCurrency": BASE_CURRENCY,
            "dateTime": _moment(at),
            "tradeDate": _day(at),
            "levelOfDetail": "EXECUTION",
        }
        cash = {base: qty, quote: -qty * price}
        cash[BASE_CURRENCY] = cash.get(BASE_CURRENCY, ZERO) - commission
        return self.add("Trades", row, booked=at, entry=Entry({}, at, {}, cash))

    def pay(
        self, kind: str, amount: Decimal, *, at: datetime, symbol: str = "", **more: Any
    ) -> dict[str, Any]:
        """Book money that isn't a trade's."""
        currency = more.get("currency") or (_currency_of(symbol) if symbol else BASE_CURRENCY)
        row = {
            "currency": currency,
            **({"assetCategory": "STK", **_instrument(symbol)} if symbol else {}),
            "dateTime": _moment(at),
            "settleDate": _day(at),
            "amount": str(amount),
            "type": kind,
            "description": more.get("description", kind.upper()),
            "levelOfDetail": "DETAIL",
        }
        booked = more.get("created_at") or at
        return self.add(
            "CashTransactions",
            row,
            booked=booked,
            entry=Entry({}, booked, {}, {currency: amount}),
        )

    def split(
        self, symbol: str, *, ratio: Decimal, at: datetime, price: Decimal = ZERO
    ) -> dict[str, Any]:
        """Turn each unit held into `ratio` units; a price is paid for what isn't a whole one."""
        held = self.positions().get(symbol, ZERO)
        fraction = held * ratio % 1 if price else ZERO
        came, paid = held * (ratio - 1) - fraction, fraction * price
        named = _instrument(symbol)
        row = {
            "currency": _currency_of(symbol),
            "assetCategory": "STK",
            **named,
            "description": f"{symbol} SPLIT {ratio} FOR 1 ({symbol}, {symbol} INC)",
            "dateTime": _moment(at),
            "amount": str(paid),
            "proceeds": str(paid),
            "quantity": str(came),
            "type": "FS",
            "actionID": str(self._number_of(len(self.entries)) % 10**7),
        }
        entry = Entry({}, at, {symbol: came}, {_currency_of(symbol): paid}, ratio=ratio)
        return self.add("CorporateActions", row, booked=at, entry=entry)

    def transfer(self, symbol: str, *, qty: Decimal, at: datetime) -> dict[str, Any]:
        """Let units come from elsewhere."""
        row = {
            "currency": _currency_of(symbol),
            "assetCategory": "STK",
            **_instrument(symbol),
            "date": _day(at),
            "dateTime": _moment(at),
            "type": "FOP",
            "direction": "IN",
            "quantity": str(qty),
            "transferPrice": "0",
            "cashTransfer": "0",
        }
        entry = Entry({}, at, {symbol: qty}, brought=qty * price_of(symbol))
        return self.add("Transfers", row, booked=at, entry=entry)

    def cancel(self, key: str, *, at: datetime, **more: Any) -> dict[str, Any]:
        """Take a trade back by a row that names it, and give back what was paid.

        Its commission is kept unless `commission` is given back. With `names` it says the row
        that it takes back, without only the number of the trade.
        """
        wrong = self.find(key)
        wrong.counts = False
        old = wrong.row
        back = Decimal(more.get("commission", "0"))
        kept = -Decimal(old["ibCommission"]) - back
        row = {
            **{name: old[name] for name in old if name not in ("id", "section", "notes")},
            "reportDate": _day(at),
            "tradeID": "",
            "origTradeID": old["tradeID"],
            "origTradePrice": old["tradePrice"],
            "transactionType": "TradeCancel",
            "buySell": f"{old['buySell']} (Ca.)",
            "quantity": str(-Decimal(old["quantity"])),
            "proceeds": str(-Decimal(old["proceeds"])),
            "ibCommission": str(back),
            "notes": "Ca",
        }
        if more.get("names"):
            row["origTransactionID"] = key
        cash = {old["ibCommissionCurrency"]: -kept}
        entry = Entry({}, at, {}, cash, counts=bool(kept))
        return self.add("Trades", row, booked=at, entry=entry)

    def rebook(
        self, key: str, *, qty: Decimal, price: Decimal, at: datetime, **more: Any
    ) -> dict[str, Any]:
        """Cancel a trade and book what it should have been, under the same number."""
        old = self.find(key).row
        self.cancel(key, at=at, names=more.get("names", False))
        return self.fill(
            symbol=old["symbol"],
            side={"BUY": "buy"}.get(old["buySell"], "sell"),
            qty=qty,
            price=price,
            at=datetime.strptime(old["dateTime"], "%Y%m%d;%H%M%S").replace(tzinfo=_NEW_YORK),
            created_at=at,
            trade=old["tradeID"],
            currency=old["currency"],
            commission="0",
        )

    def _number_of(self, place: int) -> int:
        return int(self.digest[8:14], 16) * 10_000 + place + 1


def _currency_of(symbol: str) -> str:
    if symbol in _FOREIGN:
        return BASE_CURRENCY
    return MARKET[symbol].currency if symbol in MARKET else "USD"


def price_of(symbol: str) -> Decimal:
    """Return what something costs."""
    if symbol in _FOREIGN:
        return Decimal(_FOREIGN[symbol])
    return MARKET[symbol].price if symbol in MARKET else Decimal(1)


def currency_of(symbol: str) -> str:
    """Return what something is quoted in."""
    return _currency_of(symbol)


def _instrument(symbol: str) -> dict[str, str]:
    return {
        "symbol": symbol,
        "description": f"{symbol} INC",
        "conid": contract_of(symbol),
        "multiplier": "1",
    }


def contract_of(symbol: str) -> str:
    """Return the house's number of an instrument."""
    return str(sum(ord(char) * 256**place for place, char in enumerate(symbol[:4])))


def _day(at: datetime) -> str:
    return f"{at.astimezone(_NEW_YORK):%Y%m%d}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(_NEW_YORK):%Y%m%d;%H%M%S}"


def _live(account: FlexAccount, world: World, activities: int) -> None:
    """Let somebody trade in two currencies for most of a year, until the day before yesterday."""
    if not activities:
        return
    chance = random.Random(world.seed)  # noqa: S311 - a story
    step = timedelta(days=300) / activities
    moment = world.clock.now() - timedelta(days=302)
    account.pay("Deposits/Withdrawals", Decimal(90_000), at=moment)
    account.exchange(pair="EUR.USD", qty=Decimal(-30_000), price=Decimal("1.085"), at=moment)
    prices = {symbol: price_of(symbol) for symbol in ("AAPL", "KO", "MSFT", *_FOREIGN)}
    held: dict[str, Decimal] = {}
    while len(account.entries) < activities:
        moment += step
        symbol = chance.choice(sorted(prices))
        drift = Decimal(chance.randint(-200, 230)) / 10_000
        prices[symbol] = (prices[symbol] * (1 + drift)).quantize(_CENT)
        came = _act(account, chance, symbol, prices[symbol], held.get(symbol, ZERO), moment)
        held[symbol] = held.get(symbol, ZERO) + came


def _act(
    account: FlexAccount,
    chance: random.Random,
    symbol: str,
    price: Decimal,
    held: Decimal,
    at: datetime,
) -> Decimal:
    """Do one thing or the other; return how many units came, or went."""
    lot = chance.random()
    if held and lot < 0.2:
        gross = (held * Decimal(chance.randint(10, 80)) / 100).quantize(_CENT)
        account.pay("Dividends", gross, at=at, symbol=symbol)
        account.pay(
            "Withholding Tax", -(gross * Decimal("0.15")).quantize(_CENT), at=at, symbol=symbol
        )
    elif held and lot < 0.4:
        units = min(held, Decimal(chance.randint(1, 5)))
        account.fill(symbol=symbol, side="sell", qty=units, price=price, at=at, commission="1.02")
        return -units
    else:
        units = Decimal(chance.randint(1, 12))
        account.fill(symbol=symbol, side="buy", qty=units, price=price, at=at, commission="0.35")
        return units
    return ZERO
