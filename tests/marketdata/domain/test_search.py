"""By what an instrument is found, and which of those found comes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain.search import Found, bounds_of, ranked, terms_of, wanted_words, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nestlé S.A.", "nestle s a"),
        ("BRK.B", "brk b"),
        ("EUR/USD", "eur usd"),
        ("Straße AG", "strasse ag"),
        ("Örsted", "orsted"),
        ("トヨタ自動車", "トヨタ自動車"),
        ("ﬁne", "fine"),
        ("🚀 to the 🌙", "to the"),
        (".* $regex (?i)", "regex i"),
        ("\x00 \u202e", ""),
    ],
)
def test_a_text_is_compared_word_by_word(text, expected):
    assert words(text) == expected.split()


def test_an_instrument_is_found_by_symbol_name_and_isin():
    found = terms_of(symbol="BRK.B", name="Berkshire Hathaway B", isin="US0846707026")

    assert found == [
        *("b", "berkshire hathaway b", "brk b", "brkb", "hathaway b", "us0846707026"),
    ]


@given(st.text(max_size=200), st.text(max_size=40))
def test_any_text_has_words_that_find_themselves(text, more):
    for word in words(text):
        first, last = bounds_of(word)
        assert words(word) == [word]
        longer = terms_of(symbol=word, name=f"{word} {more}", isin="")
        assert all(first <= term < last for term in longer if term.startswith(word[:60]))
        assert any(first <= term < last for term in longer)


def test_a_text_longer_than_any_name_finds_nothing():
    assert wanted_words("a " * 5_000) == []
    assert wanted_words("x" * 160) == ["x" * 160]
    assert wanted_words("the of bank the") == ["bank", "the", "of"]


def found(symbol, name="", isin="", mic="XNAS"):
    return Found(f"{symbol}-{mic}", symbol, name or symbol, isin, mic, "USD")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("app", "APP APPN AAPL SNAP", id="symbol, its beginning, name, its words"),
        pytest.param("brk-b", "BRK.B BRK.BX", id="a symbol written otherwise"),
        pytest.param("us0378331005", "AAPL", id="an ISIN"),
        pytest.param("US03", "AAPL USXX", id="the beginning of an ISIN before a name"),
        pytest.param("apple hos", "APLE", id="several words of a name"),
    ],
)
def test_what_is_meant_comes_first(typed, expected):
    known = [
        found("SNAP", "Big Apple Snacks"),
        found("AAPL", "Apple", "US0378331005"),
        found("APPN", "Appian"),
        found("APP", "AppLovin"),
        found("APLE", "Apple Hospitality"),
        found("BRK.BX", "Berkshire fund"),
        found("BRK.B", "Berkshire"),
        found("USXX", "US03 years"),
    ]
    wanted = set(expected.split())

    order = ranked(typed, [each for each in known if each.symbol in wanted])

    assert [each.symbol for each in order] == expected.split()


def test_equal_listings_keep_one_order():
    listings = [found("SAP", mic=mic) for mic in ("XETR", "XNYS", "XLON")]

    assert [each.mic for each in ranked("sap", listings)] == ["XETR", "XLON", "XNYS"]
