"""Builds a row from the texts of a file: reads each field, and collects what can't be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import partial
from itertools import islice
from typing import TypeVar

from brokers.domain.dates import DateOrder, read_instant, read_moment, read_time
from brokers.domain.numbers import DecimalSign, NotANumber, read_number
from brokers.domain.statements import (
    ACCOUNT_LENGTH,
    NAME_LENGTH,
    NOTE_LENGTH,
    SYMBOL_LENGTH,
    RowError,
    StatementRow,
    shown,
)
from brokers.domain.vocabulary import asset_class_of, kind_of
from common.currencies import MINOR_UNITS, is_currency
from common.errors import InvalidInput
from common.money import parse_decimal, plain, rounded_to_places
from common.texts import hidden_character
from marketdata.domain.instruments import is_isin
from portfolios.domain.kinds import RULES, Kind

Value = TypeVar("Value")

#: The ledger keeps ten places.
_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)
_MOST_SHOWN_FIELDS = 40
_NEEDED = {
    "kind": "The type of the transaction is missing.",
    "trade_date": "The date is missing.",
    "currency": "The currency is missing. Write its code, such as EUR.",
}
#: What many files state beside the fields that count: what units cost follows from quantity and
#: price, and kinds that aren't listed are all about an amount.
_IDLE_FIELDS = {
    kind: tuple(
        name for name in ("quantity", "price", "amount") if name not in (*rule.needs, *rule.allows)
    )
    for kind, rule in RULES.items()
}
#: Paid per unit in some files.
_INCOME_KINDS = frozenset(
    {Kind.DIVIDEND, Kind.INTEREST, Kind.RETURN_OF_CAPITAL, Kind.NOTIONAL_DISTRIBUTION}
)
#: Money going out, which files like to write with a minus.
_OUTGOING_KINDS = frozenset({Kind.FEE, Kind.TAX, Kind.WITHDRAWAL, Kind.EXCHANGE})
_MONEY_KINDS = frozenset(
    {
        Kind.DEPOSIT,
        Kind.WITHDRAWAL,
        Kind.EXCHANGE,
        Kind.INTEREST,
        Kind.FEE,
        Kind.FEE_REFUND,
        Kind.TAX,
        Kind.TAX_REFUND,
    }
)
_SCALED_FIELDS = ("price", "amount", "accrued", "fee", "tax")
_USUAL_KINDS = (Kind.BUY, Kind.SELL, Kind.DIVIDEND, Kind.DEPOSIT, Kind.WITHDRAWAL, Kind.SPLIT)
_LOT = re.compile(r"([0-9]{1,9}):([0-9.]{1,40})")


def raw_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Make a row as the file has it fit to be kept and shown."""
    filled = ((shown(name), shown(text, 200)) for name, text in texts.items() if text)
    return dict(islice(filled, _MOST_SHOWN_FIELDS))


class RowBuilder:
    """Takes the texts of one row, field by field, and makes a row of them.

    Every reader takes an empty text for "the file doesn't say". Those of an instrument take
    `prefix="to_"` for the one that was received.
    """

    def __init__(self, number: int, raw: Mapping[str, str], *, is_our_own: bool = False) -> None:
        self._number = number
        #: Whether the file is an export of ours, which has no field without a meaning.
        self._is_our_own = is_our_own
        self._raw = raw
        self._errors: list[RowError] = []
        self._scale: Decimal | None = None
        self.fields: dict[str, object] = {}

    def fail(self, field: str, message: str) -> None:
        """Note that a field can't be read."""
        self._errors.append(RowError(field, message))

    def kind(self, text: str) -> None:
        """Read the kind of transaction from a word for it."""
        word = text.strip()
        kind = kind_of(word)
        if kind is not None:
            self.fields["kind"] = kind
        elif word:
            usual = ", ".join(each.value for each in _USUAL_KINDS)
            self.fail(
                "kind", f"“{shown(word)}” is none of the kinds that there are, such as {usual}."
            )

    def when(self, text: str, time_text: str = "", order: DateOrder = DateOrder.DAY_FIRST) -> None:
        """Read the trade date, and the time of day from the same text or one of its own."""
        if not text.strip():
            return
        moment = self._read("trade_date", lambda: read_moment(text, order))
        if moment is None:
            return
        at = moment.at
        if time_text.strip():
            day = moment.day
            at = self._read("time", lambda: read_time(time_text, day)) or at
        self.fields["trade_date"] = moment.day
        if at is not None:
            self.fields["executed_at"] = at

    def instant(self, text: str) -> None:
        """Read when exactly it was executed."""
        if text.strip():
            at = self._read("executed_at", lambda: read_instant(text.strip()))
            if at is not None:
                self.fields["executed_at"] = at

    def number(self, field: str, text: str, sign: DecimalSign = DecimalSign.POINT) -> None:
        """Read a number written as people do."""
        if text.strip():
            self._keep_number(field, lambda: read_number(text, sign))

    def float_number(self, field: str, text: str) -> None:
        """Read a number that was a binary float, whose places past the tenth mean nothing."""
        if text.strip():
            self._keep_number(
                field, lambda: parse_decimal(str(rounded_to_places(_plain_decimal(text))))
            )

    def _keep_number(self, field: str, read: Callable[[], Decimal]) -> None:
        number = self._read(field, read)
        if number is not None:
            self.fields[field] = number

    def ratio(self, text: str, sign: DecimalSign = DecimalSign.POINT) -> None:
        """Read the ratio of a split, as a number or as `new:old`."""
        new, colon, old = re.sub(r"\s*(?:/|\bfor\b|\bzu\b)\s*", ":", text.strip()).partition(":")
        self.number("ratio", new, sign)
        if colon and isinstance(self.fields.get("ratio"), Decimal):
            divisor = self._read("ratio", lambda: read_number(old, sign))
            quotient = _exact_quotient(self.fields.pop("ratio"), divisor)
            if quotient is not None:
                self.fields["ratio"] = quotient
            elif divisor is not None:
                self.fail("ratio", f"“{shown(text)}” can't be kept exactly in ten places.")

    def whole_number(self, field: str, text: str) -> None:
        """Read a count."""
        if re.fullmatch(r"[0-9]{1,9}", text.strip()):
            self.fields[field] = int(text)
        elif text.strip():
            self.fail(field, f"“{shown(text)}” isn't a whole number.")

    def currency(self, text: str) -> None:
        """Read a currency; amounts in pence and the like are made pounds when the row is done."""
        code = text.strip()
        if code in MINOR_UNITS:
            code, self._scale = MINOR_UNITS[code]
        if is_currency(code.upper()):
            self.fields["currency"] = code.upper()
        elif code:
            self.fail("currency", f"“{shown(code)}” isn't a currency code such as EUR.")

    def to_currency(self, text: str) -> None:
        """Read the currency that another one was exchanged for."""
        code = text.strip().upper()
        if code and not is_currency(code):
            self.fail("to_currency", f"“{shown(code)}” isn't a currency code such as EUR.")
        elif code:
            self.fields["to_currency"] = code

    def lots(self, text: str) -> None:
        """Read which lots a sale takes, as `row:units`, parted by blanks."""
        lots = []
        for each in text.split():
            match = _LOT.fullmatch(each)
            if match is None:
                self.fail("lots", f"“{shown(each)}” doesn't name a lot by its row, as in 3:1.5.")
                return
            lots.append((match[1], self._read("lots", partial(read_number, match[2]))))
        if lots:
            self.fields["lots"] = tuple(lots)

    def instrument_currency(self, text: str, prefix: str = "") -> None:
        """Read the currency that an instrument is priced in."""
        if text.strip():
            self.fields[f"{prefix}instrument_currency"] = text.strip().upper()

    def multiplier(
        self, text: str, sign: DecimalSign = DecimalSign.POINT, prefix: str = ""
    ) -> None:
        """Read what one unit of an instrument at a price of 1 is worth."""
        field = f"{prefix}multiplier"
        self.number(field, text, sign)
        number = self.fields.get(field)
        if isinstance(number, Decimal) and number <= 0:
            self.fail(field, f"“{shown(text)}” isn't more than 0.")

    def symbol(self, text: str, prefix: str = "") -> None:
        """Read a symbol."""
        symbol, field = text.strip(), f"{prefix}symbol"
        if len(symbol) > SYMBOL_LENGTH:
            self.fail(field, f"“{shown(symbol)}” is longer than {SYMBOL_LENGTH} characters.")
        elif symbol:
            self.fields[field] = symbol

    def isin(self, text: str, prefix: str = "") -> None:
        """Read an ISIN, whose last digit tells most slips of the pen."""
        isin, field = text.strip().upper(), f"{prefix}isin"
        if isin and not is_isin(isin):
            self.fail(field, f"“{shown(isin)}” isn't an ISIN: its check digit is wrong.")
        elif isin:
            self.fields[field] = isin

    def mic(self, text: str, prefix: str = "") -> None:
        """Read a market identifier code."""
        mic, field = text.strip().upper(), f"{prefix}mic"
        if mic and not re.fullmatch(r"[A-Z0-9]{4}", mic):
            self.fail(field, f"“{shown(mic)}” isn't a market code of four letters such as XETR.")
        elif mic:
            self.fields[field] = mic

    def asset_class(self, text: str, prefix: str = "") -> None:
        """Read a class of asset."""
        if text.strip():
            self.fields[f"{prefix}asset_class"] = asset_class_of(text)

    def name(self, text: str, prefix: str = "") -> None:
        """Read an instrument's name; a very long one is shortened."""
        self._words(f"{prefix}name", text, NAME_LENGTH)

    def note(self, text: str) -> None:
        """Read a note; a very long one is shortened."""
        self._words("note", text, NOTE_LENGTH)

    def account(self, text: str) -> None:
        """Read an account's name; a very long one is shortened."""
        self._words("account", text, ACCOUNT_LENGTH)

    def to_account(self, text: str) -> None:
        """Read the name of the account that units went to, as `account` does."""
        self._words("to_account", text, ACCOUNT_LENGTH)

    def _words(self, field: str, text: str, limit: int) -> None:
        if hidden := hidden_character(text):
            self.fail(field, f"“{shown(text)}” holds the invisible character {hidden}.")
        elif text:
            self.fields[field] = text if len(text) <= limit else text[: limit - 1] + "…"

    def _read(self, field: str, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except InvalidInput as error:
            self.fail(field, error.detail)
            return None

    def done(self) -> StatementRow:
        """Make the row."""
        failed = {error.field for error in self._errors}
        for field, message in _NEEDED.items():
            if field not in self.fields and field not in failed:
                self.fail(field, message)
        if not self._errors:
            self._settle()
        if self._errors:
            return StatementRow(self._number, None, self._raw, tuple(self._errors))
        return StatementRow(self._number, self.fields, self._raw)

    def _settle(self) -> None:
        """Give each kind its money where the ledger looks for it."""
        kind = self.fields["kind"]
        if kind in _INCOME_KINDS:
            self._multiply_income()
        if kind in (Kind.FEE, Kind.TAX):
            self._move_charge(str(kind))
        if kind in _OUTGOING_KINDS and isinstance(amount := self.fields.get("amount"), Decimal):
            self.fields["amount"] = abs(amount)
        for name in _IDLE_FIELDS[Kind(str(kind))]:
            self.fields.pop(name, None)
        if kind is Kind.SPLIT and not self._is_our_own:
            # There it is what the units are worth, not what was paid for fractions of them.
            self.fields.pop("amount", None)
        if kind in _MONEY_KINDS and self._is_cash():
            del self.fields["symbol"]
        if self._scale is not None:
            self._scale_money(self._scale)

    def _is_cash(self) -> bool:
        """Say whether the symbol only says that the row is about money."""
        return str(self.fields.get("symbol")).upper() in ("CASH", self.fields["currency"])

    def _multiply_income(self) -> None:
        """Income per unit, as some files have it, becomes the amount."""
        quantity, price = self.fields.get("quantity"), self.fields.get("price")
        if (
            "amount" not in self.fields
            and isinstance(quantity, Decimal)
            and isinstance(price, Decimal)
        ):
            self.fields["amount"] = rounded_to_places(_WIDE.multiply(quantity, price))

    def _move_charge(self, column: str) -> None:
        """A fee written into the column of fees is the amount of a row that is nothing else."""
        charge, amount = self.fields.get(column), self.fields.get("amount")
        if not isinstance(charge, Decimal) or not charge:
            return
        if isinstance(amount, Decimal) and amount and abs(amount) != abs(charge):
            self.fail(
                "amount",
                f"The row says {plain(amount)} as well as {plain(charge)}: which is the {column}?",
            )
            return
        self.fields["amount"] = charge
        del self.fields[column]

    def _scale_money(self, scale: Decimal) -> None:
        for name in _SCALED_FIELDS:
            value = self.fields.get(name)
            if isinstance(value, Decimal):
                self.fields[name] = rounded_to_places(_WIDE.multiply(value, scale))


def _plain_decimal(text: str) -> Decimal:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?", text, re.ASCII):
        raise NotANumber(f"“{shown(text)}” isn't a number.")
    return Decimal(text)


def _exact_quotient(dividend: object, divisor: Decimal | None) -> Decimal | None:
    if not isinstance(dividend, Decimal) or not divisor:
        return None
    quotient = _WIDE.divide(dividend, divisor)
    rounded = rounded_to_places(quotient)
    return rounded if _WIDE.multiply(rounded, divisor) == dividend else None
