"""What an instrument is found by, and which of those found is meant first.

Every instrument has terms: its name from each word on ("apple hospitality reit", "hospitality
reit", "reit"), its symbol likewise and without dots and dashes, and its ISIN. A text finds it where
it is the beginning of one of them, or each of its words is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import NamedTuple

#: No symbol, name or ISIN is longer, so that a longer text is the beginning of none.
LONGEST_TEXT = 160
#: Nobody types more words than tell what is meant.
_MOST_WORDS = 6
#: More letters than tell names apart.
_LONGEST_TERM = 60
#: So many ways there are to match by symbol and the like; the others are by name.
_BY_NAME = 6
#: Nothing that a text can go on with sorts behind it.
LAST = "\U0010ffff"
_WORD = re.compile(r"[^\W_]+")


class Found(NamedTuple):
    """What is compared of an instrument that a text has found."""

    id: str
    symbol: str
    name: str
    isin: str
    mic: str
    currency: str
    #: What else it is or was called, where it was found by that.
    called: str = ""


def words(text: str) -> list[str]:
    """Split a text into words as they are compared: "Nestlé S.A." is nestle, s, a.

    Case, accents and everything but letters and digits are left out.
    """
    if text.isascii():
        return _WORD.findall(text.lower())
    # Folded twice: what one turns into may be something for the other.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return _WORD.findall("".join(char for char in plain if not unicodedata.combining(char)))


def terms_of(*, symbol: str, name: str, isin: str) -> list[str]:
    """Return what an instrument is found by, each once, in order."""
    of_symbol = words(symbol)
    found = {*_endings(of_symbol), "".join(of_symbol), *_endings(words(name)), *words(isin)}
    return sorted(found - {""})


def _endings(of_text: list[str]) -> list[str]:
    return [" ".join(of_text[place:])[:_LONGEST_TERM] for place in range(len(of_text))]


def wanted_words(text: str) -> list[str]:
    """Return the words that a text asks for, the longest first; none where it can't find any."""
    if len(text) > LONGEST_TEXT:
        return []
    return sorted(set(words(text)), key=lambda word: (-len(word), word))[:_MOST_WORDS]


def bounds_of(text: str) -> tuple[str, str]:
    """Return the range of terms that begin with words: from the first up to before the second."""
    phrase = " ".join(words(text))[:_LONGEST_TERM]
    return phrase, phrase + LAST


def ranked(text: str, found: Collection[Found]) -> list[Found]:
    """Order what a text has found: by symbol, by what else it is called, by ISIN, then by name.

    Of each the same comes before what only begins so; a name that begins with the text comes
    before one that has its words elsewhere, and a short one before a long one.
    """
    typed = words(text)
    joined, phrase = "".join(typed), " ".join(typed)

    def place(each: Found) -> tuple[int, int, str, str, str, str]:
        symbol, called, isin, name = (
            "".join(words(each.symbol)),
            "".join(words(each.called)),
            "".join(words(each.isin)),
            words(each.name),
        )
        matches = (
            symbol == joined,
            bool(called) and called == joined,
            symbol.startswith(joined),
            bool(called) and called.startswith(joined),
            isin == joined,
            bool(isin) and isin.startswith(joined),
            " ".join(name).startswith(phrase),
            set(typed) <= set(name),
        )
        kind = matches.index(True) if True in matches else len(matches)
        length = len(each.symbol) if kind < _BY_NAME else len(each.name)
        return kind, length, each.symbol, each.mic, each.currency, each.id

    return sorted(found, key=place)
