"""The words that files use for columns, kinds of transaction and classes of asset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind

Meaning = TypeVar("Meaning")

#: Our field → the headings it goes by, in English; compared as `plain` makes them.
_ENGLISH_COLUMNS = {
    "trade_date": "date|trade date|transaction date|activity date|order date|run date|datetime"
    "|date time|timestamp|day",
    "executed_at": "executed at",
    "time": "time|trade time|time of day",
    "kind": "type|kind|transaction type|transaction|action|activity|activity type|side|buy sell"
    "|order type",
    "symbol": "symbol|ticker|ticker symbol|code|symbol or isin|symbol isin|isin or symbol|stock",
    "isin": "isin|isin code",
    "name": "name|security name|security|company|product|instrument name|asset name",
    "mic": "mic|market mic",
    "asset_class": "asset class|asset type|security type",
    "quantity": "quantity|qty|shares|units|number of shares|no of shares|share count",
    "price": "price|unit price|unitprice|share price|price per share|price per unit|price share",
    "amount": "amount|total|value|gross|gross amount|total amount",
    "ratio": "ratio|split ratio",
    "fee": "fee|fees|commission|commissions|transaction fee|transaction fees|charges"
    "|fees and commissions",
    "tax": "tax|taxes|withholding tax",
    "currency": "currency|ccy|currency code|transaction currency|trade currency",
    "instrument_currency": "instrument currency",
    "fx_rate": "fx rate|exchange rate|fx|fxrate",
    "account": "account|account name|account number",
    "note": "note|notes|comment|comments|memo|remark|remarks|description",
    "sequence": "sequence",
}
#: The same in German, apart from the words that both share.
_GERMAN_COLUMNS = {
    "trade_date": "datum|handelstag|handelsdatum|buchungsdatum|buchungstag|ausführungsdatum"
    "|transaktionsdatum|kaufdatum",
    "time": "uhrzeit|zeit|handelszeit",
    "kind": "typ|art|transaktion|transaktionstyp|transaktionsart|vorgang|geschäftsart|umsatzart"
    "|buchungsart|aktion",
    "symbol": "kürzel|tickersymbol|börsenkürzel|symbol oder isin|symbol bzw isin",
    "name": "bezeichnung|wertpapier|wertpapiername|wertpapierbezeichnung|produkt|titel",
    "asset_class": "anlageklasse|wertpapierart|assetklasse",
    "quantity": "anzahl|stück|stücke|stückzahl|menge|anteile",
    "price": "kurs|preis|stückpreis|einzelpreis|ausführungskurs|kurs pro stück|preis pro stück",
    "amount": "betrag|wert|brutto|bruttobetrag|gesamt|gesamtbetrag|umsatz",
    "ratio": "verhältnis|splitverhältnis|bezugsverhältnis",
    "fee": "gebühr|gebühren|provision|kosten|spesen|ordergebühr|ordergebühren|courtage|entgelt",
    "tax": "steuer|steuern|quellensteuer|kapitalertragsteuer|kest",
    "currency": "währung|devise|whg|handelswährung",
    "fx_rate": "wechselkurs|devisenkurs|umrechnungskurs",
    "account": "konto|kontoname|kontonummer|depot",
    "note": "notiz|notizen|kommentar|bemerkung|anmerkung|beschreibung|verwendungszweck",
}
_KIND_WORDS = {
    Kind.BUY: "buy|bought|purchase|b|bot|market buy|limit buy|savings plan|reinvestment"
    "|kauf|gekauft|wertpapierkauf|sparplan|sparplanausführung",
    Kind.SELL: "sell|sold|sale|s|sld|market sell|limit sell|verkauf|verkauft|wertpapierverkauf",
    Kind.DIVIDEND: "dividend|dividends|div|cash dividend|distribution"
    "|dividende|dividenden|ausschüttung|dividendengutschrift|ertragsgutschrift",
    Kind.INTEREST: "interest|interest income|coupon|zins|zinsen|zinsgutschrift|kupon",
    Kind.FEE: "fee|fees|commission|charge|charges|gebühr|gebühren|depotgebühr|entgelt|kosten",
    Kind.TAX: "tax|taxes|withholding tax|steuer|steuern|quellensteuer|kapitalertragsteuer",
    Kind.DEPOSIT: "deposit|cash deposit|pay in|einzahlung|einlage|zahlungseingang",
    Kind.WITHDRAWAL: "withdrawal|withdraw|cash withdrawal|pay out|auszahlung|entnahme"
    "|zahlungsausgang",
    Kind.SPLIT: "split|stock split|share split|reverse split|aktiensplit",
    Kind.TRANSFER_IN: "transfer in|delivery in|delivery inbound|inbound delivery"
    "|einlieferung|einbuchung|depotübertrag eingang",
    Kind.TRANSFER_OUT: "transfer out|delivery out|delivery outbound|outbound delivery"
    "|auslieferung|ausbuchung|depotübertrag ausgang",
}
_ASSET_CLASS_WORDS = {
    AssetClass.STOCK: "stock|stocks|equity|equities|share|shares|aktie|aktien|adr",
    AssetClass.ETF: "etf|etfs|etp|indexfonds",
    AssetClass.FUND: "fund|funds|mutual fund|mutualfund|fonds|investmentfonds",
    AssetClass.BOND: "bond|bonds|fixed income|anleihe|anleihen",
    AssetClass.CRYPTO: "crypto|cryptocurrency|kryptowährung|krypto",
    AssetClass.COMMODITY: "commodity|commodities|precious metal|rohstoff|rohstoffe|edelmetall",
    AssetClass.CURRENCY: "currency|currency pair|forex|cash|devisen|währung",
}


def plain(words: str) -> str:
    """Bring a heading or a word into the form in which they are compared."""
    return re.sub(r"[\W_]+", " ", words.casefold()).strip()


def _by_word(table: Mapping[Meaning, str]) -> dict[str, Meaning]:
    return {word: meaning for meaning, words in table.items() for word in words.split("|")}


_COLUMNS = _by_word(_GERMAN_COLUMNS) | _by_word(_ENGLISH_COLUMNS)
_KINDS = _by_word(_KIND_WORDS) | {plain(kind.value): kind for kind in Kind}
_ASSET_CLASSES = _by_word(_ASSET_CLASS_WORDS) | {each.value: each for each in AssetClass}


def column_of(heading: str) -> str | None:
    """Say which of our fields a column holds by its heading, or None."""
    return _COLUMNS.get(plain(heading))


def kind_of(word: str) -> Kind | None:
    """Say which kind of transaction a word means, or None."""
    return _KINDS.get(plain(word))


def asset_class_of(word: str) -> AssetClass:
    """Say which class of asset a word means; one that nobody knows is the class "other"."""
    return _ASSET_CLASSES.get(plain(word), AssetClass.OTHER)
