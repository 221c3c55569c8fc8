"""Which characters texts may hold that people write and others read, and how they are quoted."""

from __future__ import annotations

import re

# Control characters save tabs and ends of lines; what turns the direction of what follows, by
# which a name can pose as another one; and halves of characters, which can't be stored.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONGEST_QUOTED = 40
#: The sign for a character that can't be shown.
_UNSEEN = "\ufffd"


def hidden_character(text: str) -> str | None:
    """Return the code of the first character that nobody sees and no text may hold: `U+202E`."""
    found = _HIDDEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def without_hidden(text: str) -> str:
    """Take such characters out, where a text can't be refused for them."""
    return _HIDDEN.sub("", text)


def quoted(text: str) -> str:
    """Write for a message what somebody typed: in quotation marks, short, every character seen."""
    shortened = text if len(text) <= _LONGEST_QUOTED else text[: _LONGEST_QUOTED - 1] + "…"
    seen = "".join(char if char.isprintable() else _UNSEEN for char in shortened)
    return f"“{seen}”"
