"""The words of files mean one thing each."""

import pytest

from brokers.domain import vocabulary
from brokers.domain.vocabulary import asset_class_of, column_of, kind_of
from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Date", "trade_date"),
        ("TRADE_DATE", "trade_date"),
        ("Handelstag", "trade_date"),
        ("Price per Share:", "price"),
        ("Kurs", "price"),
        ("Stück", "quantity"),
        ("Gebühren", "fee"),
        ("Währung", "currency"),
        ("Symbol or ISIN", "symbol"),
        ("ISIN", "isin"),
        ("Exchange rate", "fx_rate"),
        ("Settlement date", None),
        ("", None),
    ],
)
def test_headings_are_known_in_english_and_german(heading, column):
    assert column_of(heading) == column


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Buy", Kind.BUY),
        ("KAUF", Kind.BUY),
        ("b", Kind.BUY),
        ("Verkauf", Kind.SELL),
        ("Ausschüttung", Kind.DIVIDEND),
        ("transfer_in", Kind.TRANSFER_IN),
        ("Transfer-Out", Kind.TRANSFER_OUT),
        ("Zinsen", Kind.INTEREST),
        ("Reinvest Dividend", Kind.DIVIDEND),
        ("Reinvest Shares", Kind.BUY),
        ("Reinvest", Kind.REINVESTMENT),
        ("Short sale", Kind.SELL_SHORT),
        ("Buy to cover", Kind.BUY_TO_COVER),
        ("Sell to Open", Kind.SELL_SHORT),
        ("Endfälligkeit", Kind.REDEMPTION),
        ("Spinoff", Kind.SPIN_OFF),
        ("Abspaltung", Kind.SPIN_OFF),
        ("Merger", Kind.MERGER),
        ("Return of capital", Kind.RETURN_OF_CAPITAL),
        ("Stock split", Kind.SPLIT),
        ("Expired", Kind.EXPIRY),
        ("Assigned put", Kind.EXERCISE_BUY),
        ("FX", Kind.EXCHANGE),
        ("Withholding tax refund", Kind.TAX_REFUND),
        # Of a call it buys, of a put it sells.
        ("Exercised", None),
        ("Assigned", None),
        ("", None),
    ],
)
def test_words_for_kinds_are_known_in_english_and_german(word, kind):
    assert kind_of(word) is kind


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_known_by_its_own_name(kind):
    assert kind_of(kind.value) is kind
    assert kind_of(kind.label) is kind


def test_classes_that_nobody_knows_are_other():
    assert asset_class_of("Aktie") is AssetClass.STOCK
    assert asset_class_of("Zertifikat") is AssetClass.OTHER


@pytest.mark.parametrize(
    "table",
    ["_ENGLISH_COLUMNS", "_GERMAN_COLUMNS", "_KIND_WORDS", "_ASSET_CLASS_WORDS"],
)
def test_no_word_has_two_meanings_and_each_is_written_as_it_is_compared(table):
    words = [word for each in getattr(vocabulary, table).values() for word in each.split("|")]

    assert len(words) == len(set(words))
    assert [vocabulary.plain(word) for word in words] == words


def test_no_heading_means_different_things_in_the_two_languages():
    english = vocabulary._by_word(vocabulary._ENGLISH_COLUMNS)
    german = vocabulary._by_word(vocabulary._GERMAN_COLUMNS)

    assert [word for word in english.keys() & german.keys() if english[word] != german[word]] == []
