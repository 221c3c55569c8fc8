"""Characters that no text may hold."""

import pytest

from common.texts import hidden_character, without_hidden


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\x00b", "U+0000"),
        ("a\x1bb", "U+001B"),
        ("a\x9fb", "U+009F"),
        ("evil\u202egpj.exe", "U+202E"),
        ("\u2066a\u2069", "U+2066"),
        ("\ud800", "U+D800"),
    ],
)
def test_what_nobody_sees_is_found_and_can_be_taken_out(text, code):
    assert hidden_character(text) == code
    assert hidden_character(without_hidden(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Größe 5 €",
        "日本語",
        "قرض \u200f",
        "two\nlines\tand\r\nmore",
        "👩\u200d🌾",
        "a\x85b",
        "\ufeff",
    ],
)
def test_what_people_write_is_let_through(text):
    assert hidden_character(text) is None
    assert without_hidden(text) == text
