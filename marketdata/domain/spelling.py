"""How the same symbol is written by different people."""

from __future__ import annotations

import re

#: Whoever spells it: stands where no single source is meant.
ANY_SOURCE = ""
#: Stands where the symbol is an ISIN, which is the same everywhere.
ISIN_SOURCE = "isin"
#: A letter or two tell the class of a share: BRK.B, BRK-B, BRK B, BRK/B.
_SHARE_CLASS = re.compile(r"([A-Z0-9]{1,10})[ ./-]([A-Z]{1,2})")
_SEPARATORS = (".", "-", " ", "/")


def other_spellings(symbol: str) -> tuple[str, ...]:
    """Return how else a symbol with a class of shares is written; nothing where it has none.

    BRK.B is BRK-B at Yahoo, BRK B at Interactive Brokers and BRK/B at Bloomberg.
    """
    found = _SHARE_CLASS.fullmatch(symbol)
    if found is None:
        return ()
    spelled = (f"{found[1]}{separator}{found[2]}" for separator in _SEPARATORS)
    return tuple(each for each in spelled if each != symbol)
