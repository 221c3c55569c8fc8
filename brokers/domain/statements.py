"""What a file tells us row by row, and what an export of a ledger tells a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from portfolios.domain.transactions import Draft

#: The longest texts that the ledger and the instruments keep.
SYMBOL_LENGTH = 32
NAME_LENGTH = 160
ACCOUNT_LENGTH = 80
NOTE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class RowError:
    """One field of a row that can't be read, and why, in words."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One row of a file: what it says, or why it can't be understood.

    Attributes:
        number: the line of a CSV file, the position in a JSON list; counts from 1.
        draft_fields: the fields of a `Draft` without those of instruments, and `symbol`, `isin`,
            `mic`, `name`, `asset_class`, `instrument_currency`, `multiplier`, also with `to_` for
            the instrument received; what the file doesn't say is absent. Lots are named by the
            rows of the file that opened them. None when anything in the row can't be read.
        raw: the row as the file has it, shortened, for people to look at.
        errors: what can't be read; whether a kind has all it needs is checked elsewhere.
        takes_back: its amount is below zero because it takes back what was paid before, as only a
            broker's own statement may say.
    """

    number: int
    draft_fields: Mapping[str, object] | None
    raw: Mapping[str, str]
    errors: tuple[RowError, ...] = ()
    takes_back: bool = False


@dataclass(frozen=True, slots=True)
class InstrumentIdentity:
    """What tells an instrument from all others, in any installation."""

    symbol: str
    currency: str
    isin: str = ""
    mic: str = ""
    asset_class: str = ""
    name: str = ""
    multiplier: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One transaction on its way out into a file, whose lots are named by their rows there."""

    draft: Draft
    instrument: InstrumentIdentity | None = None
    to_instrument: InstrumentIdentity | None = None


@dataclass(frozen=True, slots=True)
class PortfolioHeading:
    """What an export says of the portfolio that it holds."""

    name: str
    base_currency: str
    tracks_cash: bool


def shown(text: str, limit: int = 40) -> str:
    """Make a text from a file fit to be shown: one line, printable, not long."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    if short.isprintable():
        return short
    return "".join(char if char.isprintable() else " " for char in short)
