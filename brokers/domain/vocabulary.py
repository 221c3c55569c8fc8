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
    "accrued": "accrued|accrued interest",
    "cost_share": "cost share|share of the cost|cost allocation",
    "to_amount": "to amount|amount received",
    "to_currency": "to currency|currency received",
    "to_account": "to account|receiving account",
    "to_symbol": "to symbol|new symbol|symbol received",
    "to_isin": "to isin|new isin|isin received",
    "to_name": "to name|new name",
    "to_mic": "to mic",
    "to_asset_class": "to asset class",
    "to_instrument_currency": "to instrument currency",
    "to_multiplier": "to multiplier",
    "multiplier": "multiplier|contract multiplier|contract size",
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
    "accrued": "stückzinsen",
    "to_isin": "neue isin",
    "fee": "gebühr|gebühren|provision|kosten|spesen|ordergebühr|ordergebühren|courtage|entgelt",
    "tax": "steuer|steuern|quellensteuer|kapitalertragsteuer|kest",
    "currency": "währung|devise|whg|handelswährung",
    "fx_rate": "wechselkurs|devisenkurs|umrechnungskurs",
    "account": "konto|kontoname|kontonummer|depot",
    "note": "notiz|notizen|kommentar|bemerkung|anmerkung|beschreibung|verwendungszweck",
}
_KIND_WORDS = {
    # Where income is a row of its own, its purchase is one as well.
    Kind.BUY: "buy|bought|purchase|b|bot|market buy|limit buy|savings plan|reinvest shares"
    "|buy to open|kauf|gekauft|wertpapierkauf|sparplan|sparplanausführung",
    Kind.SELL: "sell|sold|sale|s|sld|market sell|limit sell|sell to close"
    "|verkauf|verkauft|wertpapierverkauf",
    Kind.SELL_SHORT: "short|short sale|short sell|sold short|sell to open|leerverkauf",
    Kind.BUY_TO_COVER: "cover|cover short|short cover|covered|buy to close|buy cover"
    "|eindeckung|deckungskauf",
    Kind.REDEMPTION: "redeem|redeemed|bond redemption|maturity|matured|full redemption|full call"
    "|rückzahlung|tilgung|einlösung|endfälligkeit",
    Kind.DIVIDEND: "dividend|dividends|div|cash dividend|distribution|reinvest dividend"
    "|dividende|dividenden|ausschüttung|dividendengutschrift|ertragsgutschrift",
    Kind.REINVESTMENT: "reinvest|reinvested|reinvested dividend|dividend reinvestment|drip"
    "|dividend reinvest|wiederanlage|ertragswiederanlage",
    Kind.NOTIONAL_DISTRIBUTION: "phantom distribution|reinvested capital gains"
    "|accumulated income|thesaurierung",
    Kind.RETURN_OF_CAPITAL: "roc|capital return|capital repayment|non dividend distribution"
    "|nondividend distribution|kapitalrückzahlung|kapitalrückführung",
    Kind.INTEREST: "interest|interest income|coupon|zins|zinsen|zinsgutschrift|kupon",
    Kind.FEE: "fee|fees|commission|charge|charges|gebühr|gebühren|depotgebühr|entgelt|kosten",
    Kind.TAX: "tax|taxes|withholding tax|steuer|steuern|quellensteuer|kapitalertragsteuer",
    Kind.FEE_REFUND: "refund of fees|fee rebate|fee adjustment|commission refund|rebate"
    "|gebührenerstattung|gebührenrückerstattung",
    Kind.TAX_REFUND: "withholding tax refund|refund of tax|tax reclaim|tax adjustment"
    "|steuererstattung|steuerrückerstattung|steuerausgleich",
    Kind.DEPOSIT: "deposit|cash deposit|pay in|einzahlung|einlage|zahlungseingang",
    Kind.WITHDRAWAL: "withdrawal|withdraw|cash withdrawal|pay out|auszahlung|entnahme"
    "|zahlungsausgang",
    Kind.EXCHANGE: "fx|forex|fx trade|forex trade|fx conversion|currency conversion|conversion"
    "|currency exchange|exchange|währungstausch|devisentausch|devisengeschäft",
    Kind.SPLIT: "split|stock split|share split|reverse split|reverse stock split|forward split"
    "|aktiensplit|reverse aktiensplit",
    Kind.SPIN_OFF: "spinoff|spin off|demerger|abspaltung|ausgliederung",
    Kind.MERGER: "acquisition|takeover|stock merger|cash merger|cash and stock merger"
    "|fusion|verschmelzung|übernahme",
    Kind.TRANSFER: "internal transfer|account transfer|transfer between accounts"
    "|umbuchung|depotumbuchung",
    Kind.EXPIRY: "expired|expire|expiration|option expiration|expired worthless|verfall"
    "|wertloser verfall",
    Kind.EXERCISE_BUY: "exercised call|call exercised|assigned put|put assigned",
    Kind.EXERCISE_SELL: "exercised put|put exercised|assigned call|call assigned",
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
_KINDS = _by_word(_KIND_WORDS) | {
    plain(name): kind for kind in Kind for name in (kind.label, kind.value)
}
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
