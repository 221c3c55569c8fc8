"""What Flex rows call an instrument, put together from all that a statement says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from brokers.adapters.ibkr.fields import Unreadable, number, text
from brokers.adapters.ibkr.markup import Row, Statement
from brokers.adapters.ibkr.vocabulary import ASSET_CLASSES, IN_PERCENT, OPTIONS
from brokers.domain.events import InstrumentName
from brokers.domain.statements import NAME_LENGTH, SYMBOL_LENGTH
from marketdata.domain.instruments import AssetClass, is_isin

#: After a corporate action the old shares go by their symbol with this at its end.
_REPLACED = (".OLD", ".CNV", ".RTS")
_PERCENT = Decimal("0.01")
#: Where the currency of a row is that of the instrument, not only of a payment.
_PRICED = ("SecuritiesInfo", "OpenPositions", "Trades")


@dataclass(slots=True)
class Names:
    """Knows the instruments that the statements of one answer speak of."""

    #: By the broker's number of the contract: currency and ISIN.
    _currencies: dict[str, str] = field(default_factory=dict)
    _isins: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, statements: Iterable[Statement]) -> Names:
        """Look through the sections that say what instruments are."""
        names = cls()
        for statement in statements:
            for section in _PRICED:
                for row in statement.rows(section):
                    names._learn(row)
        return names

    def _learn(self, row: Row) -> None:
        contract = text(row, "conid", default="")
        if contract:
            for known, value in (
                (self._currencies, text(row, "currency", default="")),
                (self._isins, _isin(row)),
            ):
                if value:
                    known.setdefault(contract, value)

    def of_trade(self, row: Row) -> InstrumentName:
        """Name what was traded, which is quoted in the currency of the row.

        Raises:
            Unreadable: the row has no symbol, or one that is too long.
        """
        category = text(row, "assetCategory", default="STK")
        return InstrumentName(
            symbol=symbol_of(row),
            asset_class=_asset_class(row, category),
            isin=_isin(row) or self._isins.get(text(row, "conid", default=""), ""),
            name=text(row, "description", default="")[:NAME_LENGTH],
            multiplier=multiplier_of(row, category),
        )

    def of_payment(self, row: Row) -> InstrumentName | None:
        """Name what paid, or cost, something; it may be quoted in another currency.

        Raises:
            Unreadable: its symbol is too long.
        """
        if not text(row, "symbol", default=""):
            return None
        category = text(row, "assetCategory", default="STK")
        contract = text(row, "conid", default="")
        quoted_in = self._currencies.get(contract, "")
        return InstrumentName(
            symbol=symbol_of(row),
            asset_class=_asset_class(row, category),
            isin=_isin(row) or self._isins.get(contract, ""),
            currency=quoted_in if quoted_in != text(row, "currency", default="") else "",
            multiplier=multiplier_of(row, category),
        )


def symbol_of(row: Row) -> str:
    """Return the symbol as it was before a corporate action marked it as replaced.

    Raises:
        Unreadable: there is none, or it is too long.
    """
    symbol = text(row, "symbol").upper()
    for mark in _REPLACED:
        symbol = symbol.removesuffix(mark)
    if not 0 < len(symbol) <= SYMBOL_LENGTH:
        raise Unreadable("“symbol” is too long.")
    return symbol


def multiplier_of(row: Row, category: str) -> Decimal | None:
    """Return what one unit at a price of 1 is worth; None is "as usual".

    Raises:
        Unreadable: it isn't more than 0.
    """
    if category in IN_PERCENT:
        return _PERCENT
    multiplier: Decimal | None = number(row, "multiplier", default=None)
    if multiplier is not None and multiplier < 0:
        raise Unreadable("“multiplier” isn't more than 0.")
    is_usual = not multiplier or (multiplier == 1 and category not in OPTIONS)
    return None if is_usual else multiplier


def _asset_class(row: Row, category: str) -> AssetClass:
    if category == "STK" and text(row, "subCategory", default="") == "ETF":
        return AssetClass.ETF
    return ASSET_CLASSES.get(category, AssetClass.OTHER)


def _isin(row: Row) -> str:
    found = text(row, "isin", default="").upper()
    return found if is_isin(found) else ""
