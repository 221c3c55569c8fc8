"""Ghostfolio's export of activities, a JSON file, in its old and its new shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from brokers.adapters.base import UnreadableFile
from brokers.adapters.json_stream import JsonRecord, Scalar, read_records
from brokers.domain.rows import RowBuilder, raw_texts
from brokers.domain.statements import SYMBOL_LENGTH, StatementRow, shown
from brokers.domain.symbols import Listing, from_coin_name, from_yahoo
from marketdata.domain.instruments import AssetClass, is_isin
from portfolios.domain.kinds import Kind

#: The list of transactions; the second name is that of the first versions.
_ACTIVITIES = ("activities", "orders")
_MOST_PROFILES = 50_000
_KINDS = {
    "BUY": Kind.BUY,
    "SELL": Kind.SELL,
    "DIVIDEND": Kind.DIVIDEND,
    "INTEREST": Kind.INTEREST,
    "FEE": Kind.FEE,
}
_NUMBERS = {"quantity": "quantity", "unitPrice": "price", "fee": "fee"}
#: The finer class first: Ghostfolio counts an ETF among the equities.
_ASSET_CLASSES = {
    "ETF": AssetClass.ETF,
    "STOCK": AssetClass.STOCK,
    "CRYPTOCURRENCY": AssetClass.CRYPTO,
    "BOND": AssetClass.BOND,
    "MUTUALFUND": AssetClass.FUND,
    "PRECIOUS_METAL": AssetClass.COMMODITY,
    "COMMODITY": AssetClass.COMMODITY,
    "EQUITY": AssetClass.STOCK,
    "FIXED_INCOME": AssetClass.BOND,
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Profile:
    """What the file says of an asset."""

    name: str
    currency: str
    isin: str
    asset_class: AssetClass | None


@dataclass(slots=True)
class _Directory:
    """What a file says outside its activities."""

    accounts: dict[str, str] = field(default_factory=dict)
    profiles: dict[tuple[str, str], _Profile] = field(default_factory=dict)

    def add(self, record: JsonRecord) -> None:
        """Take in an account or an asset."""
        values = record.values
        if record.section == "accounts":
            self.accounts[_text(values, "id")] = _text(values, "name")
        else:
            key = _text(values, "dataSource"), _text(values, "symbol")
            self.profiles[key] = _profile(values)
        if len(self.accounts) + len(self.profiles) > _MOST_PROFILES:
            raise UnreadableFile(
                f"The file names more than {_MOST_PROFILES:,} accounts and assets."
            )

    def symbols_by_hand(self) -> dict[str, str]:
        """Give a readable symbol to each asset that its owner entered by hand.

        Ghostfolio calls such an asset by a UUID; its name serves better, unless two share it.
        """
        named: dict[str, list[str]] = {}
        for (source, symbol), profile in self.profiles.items():
            if source == "MANUAL" and _UUID.fullmatch(symbol) and profile.name:
                named.setdefault(_as_symbol(profile.name), []).append(symbol)
        return {symbols[0]: name for name, symbols in named.items() if len(symbols) == 1}


class GhostfolioActivities:
    """Reads what Ghostfolio writes under "Export activities"."""

    name = "ghostfolio"
    label = "Ghostfolio activities (JSON)"

    def recognizes(self, head: bytes, file_name: str) -> bool:
        """Say whether a file that begins so is likely Ghostfolio's."""
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        keys = rb'"(activities|orders|accounts|assetProfiles|platforms|meta)"\s*:'
        return text.startswith(b"{") and re.search(keys, text) is not None

    def rows(self, stream: BinaryIO) -> Iterator[StatementRow]:
        """Read the activities one by one.

        The file is read twice, because what the accounts and assets are called may come last;
        so nothing of a broken file is taken for good.

        Raises:
            UnreadableFile: it isn't JSON, breaks off, or has no list of activities.
        """
        begin = stream.tell()
        directory = _look_through(stream)
        stream.seek(begin)
        symbols = directory.symbols_by_hand()
        for record in read_records(stream, _ACTIVITIES):
            if record.number:
                yield _Activity(record, directory, symbols).row()


def _look_through(stream: BinaryIO) -> _Directory:
    directory = _Directory()
    lists = []
    for record in read_records(stream, ("accounts", "assetProfiles")):
        if record.number:
            directory.add(record)
        elif record.section in _ACTIVITIES:
            lists.append(record.section)
    if len(lists) != 1:
        found = "more than one list" if lists else "no list"
        raise UnreadableFile(f"The file has {found} of “activities”, as Ghostfolio's exports have.")
    return directory


class _Activity:
    """One activity on its way to a row."""

    def __init__(
        self, record: JsonRecord, directory: _Directory, symbols: Mapping[str, str]
    ) -> None:
        self._values = record.values
        self._repeated = record.repeated
        self._directory = directory
        self._symbols = symbols
        texts = {name: _text(record.values, name) for name in record.values}
        self._builder = RowBuilder(record.number, raw_texts(texts))

    def row(self) -> StatementRow:
        """Make the row."""
        for name in self._repeated:
            self._builder.fail(shown(name), f"The field “{shown(name)}” is there twice.")
        self._read_kind()
        self._builder.when(self._text("date"))
        for theirs, ours in _NUMBERS.items():
            self._builder.float_number(ours, self._text(theirs))
        self._read_instrument()
        account = self._text("accountId")
        self._builder.account(self._directory.accounts.get(account) or account)
        return self._builder.done()

    def _text(self, name: str) -> str:
        return _text(self._values, name)

    def _read_kind(self) -> None:
        word = self._text("type").strip().upper()
        if self._values.get("isDraft") is True:
            self._builder.fail("kind", "This is a draft in Ghostfolio: it hasn't happened yet.")
        elif word in _KINDS:
            self._builder.fields["kind"] = _KINDS[word]
        elif word in ("ITEM", "VALUABLE", "LIABILITY"):
            self._builder.fail("kind", f"Livefolio has no kind for {word}.")
        elif word:
            known = ", ".join(_KINDS)
            self._builder.fail("kind", f"“{shown(word)}” is none of {known}.")

    def _read_instrument(self) -> None:
        source = self._text("dataSource") or self._text("SymbolProfile.dataSource") or "YAHOO"
        symbol = self._text("symbol") or self._text("SymbolProfile.symbol")
        profile = self._directory.profiles.get((source, symbol)) or self._inner_profile()
        currency = self._text("currency") or profile.currency
        self._builder.currency(currency)
        if source == "MANUAL" and self._builder.fields.get("kind") in (Kind.FEE, Kind.INTEREST):
            # Ghostfolio makes an asset of every such row to hold its description.
            name = profile.name or ("" if _UUID.fullmatch(symbol) else symbol)
            self._builder.note(self._text("comment") or name)
            return
        self._builder.note(self._text("comment"))
        self._read_symbol(source, symbol, profile, currency)

    def _inner_profile(self) -> _Profile:
        """Take the description of the asset that the oldest exports have in each activity."""
        start = "SymbolProfile."
        return _profile(
            {
                name.removeprefix(start): value
                for name, value in self._values.items()
                if name.startswith(start)
            }
        )

    def _read_symbol(self, source: str, symbol: str, profile: _Profile, currency: str) -> None:
        builder = self._builder
        if is_isin(symbol):
            builder.isin(symbol)
            listing = Listing("")
        elif source == "COINGECKO":
            listing = from_coin_name(symbol)
        elif source == "MANUAL":
            listing = Listing(self._symbols.get(symbol) or _short(symbol))
        else:
            listing = from_yahoo(symbol, currency)
        builder.symbol(listing.symbol)
        builder.mic(listing.mic)
        builder.name(profile.name)
        if "isin" not in builder.fields and is_isin(profile.isin):
            builder.isin(profile.isin)
        asset_class = listing.asset_class or profile.asset_class
        if asset_class is not None:
            builder.fields["asset_class"] = asset_class


def _profile(values: Mapping[str, Scalar]) -> _Profile:
    classes = (_text(values, "assetSubClass"), _text(values, "assetClass"))
    return _Profile(
        name=_text(values, "name"),
        currency=_text(values, "currency"),
        isin=_text(values, "isin").strip().upper(),
        asset_class=next(
            (_ASSET_CLASSES[each] for each in classes if each in _ASSET_CLASSES), None
        ),
    )


def _text(values: Mapping[str, Scalar], name: str) -> str:
    value = values.get(name)
    return "" if value is None else str(value)


def _as_symbol(name: str) -> str:
    return " ".join(name.split())[:SYMBOL_LENGTH].upper()


def _short(symbol: str) -> str:
    """Make a UUID fit a symbol's length without losing any of it."""
    return symbol.replace("-", "") if _UUID.fullmatch(symbol) else symbol
