"""Which characters texts may hold that people write and others read."""

from __future__ import annotations

import re

# Control characters save tabs and ends of lines; what turns the direction of what follows, by
# which a name can pose as another one; and halves of characters, which can't be stored.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def hidden_character(text: str) -> str | None:
    """Return the code of the first character that nobody sees and no text may hold: `U+202E`."""
    found = _HIDDEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def without_hidden(text: str) -> str:
    """Take such characters out, where a text can't be refused for them."""
    return _HIDDEN.sub("", text)
