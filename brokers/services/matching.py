"""Turn a row of a file into a transaction to record, or say what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from brokers.domain.imports import RowState
from brokers.domain.statements import RowError, StatementRow
from brokers.models import ImportRow, ImportRun
from marketdata import selectors as market
from marketdata.domain.instruments import AssetClass
from portfolios import selectors as portfolios
from portfolios.domain.checks import check
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft, fingerprint

_DRAFT_FIELDS = tuple(each.name for each in fields(Draft))
_INSTRUMENT_FIELDS = ("symbol", "isin", "mic", "name", "asset_class")
_DECIMALS = frozenset(
    {
        *("quantity", "price", "amount", "ratio", "fee", "tax", "fx_rate"),
        *("accrued", "cost_share", "to_amount"),
    }
)
#: The instrument of a row, and the one that was received for it.
PREFIXES = ("", "to_")
#: Stands for an instrument that committing will make; no real id looks like this.
_TO_BE_MADE = "new:"


@dataclass(slots=True)
class Matcher:
    """Knows one import's instruments and how often each row has been seen in its file."""

    run: ImportRun
    today: date
    #: The name of a broker → the account that is connected there, where it is one.
    accounts: Mapping[str, str] = field(default_factory=dict)
    _instruments: dict[tuple[str, ...], str | None] = field(default_factory=dict)
    #: Whether it depends on the day what a symbol means.
    _is_dated: dict[str, bool] = field(default_factory=dict)
    _copies: Counter[bytes] = field(default_factory=Counter)

    def match(self, rows: list[StatementRow]) -> list[ImportRow]:
        """Make preview rows of some rows of the file, in its order."""
        made = [self._row(row) for row in rows]
        known = portfolios.count_fingerprints(
            self.run.portfolio_id,
            fingerprints=[row.fingerprint for row in made if row.fingerprint],
            excluding_run=str(self.run.pk),
        )
        for row in made:
            if row.state == RowState.NEW.value and row.copy <= known.get(row.fingerprint, 0):
                row.state = RowState.DUPLICATE.value
        return made

    def _row(self, row: StatementRow) -> ImportRow:
        made = ImportRow(run_id=self.run.pk, number=row.number, raw=dict(row.raw))
        errors = list(row.errors)
        if row.draft_fields is not None and not errors:
            known = dict(row.draft_fields)
            account = known.get("account")
            if account in self.accounts:
                known["account"] = self.accounts[str(account)]
            found = {
                f"{prefix}instrument_id": self._find_instrument(known, errors, prefix)
                for prefix in PREFIXES
            }
            draft = draft_of(known, found)
            # An instrument that wasn't found is named already.
            is_named = bool(errors)
            errors += [
                RowError(each.field, each.message)
                for each in check(_checkable(draft, row), today=self.today)
                if not (is_named and each.field in found)
            ]
            made.content = as_texts(known) | found
            if not errors:
                made.fingerprint = fingerprint(draft)
                made.copy = self._count(made.fingerprint)
        made.state = (RowState.ERROR if errors else RowState.NEW).value
        made.errors = [{"field": each.field, "message": each.message} for each in errors]
        return made

    def _count(self, mark: str) -> int:
        # Half the bytes of the text: the one thing here that grows with the file.
        key = bytes.fromhex(mark)
        self._copies[key] += 1
        return self._copies[key]

    def _find_instrument(
        self, known: Mapping[str, Any], errors: list[RowError], prefix: str
    ) -> str | None:
        symbol, isin, mic = (known.get(prefix + name) or "" for name in ("symbol", "isin", "mic"))
        if not symbol and not isin:
            return None
        day = known.get("trade_date") if self._depends_on_day(symbol) else None
        named = (symbol, isin, mic, _quoted_in(known, prefix))
        key = (*named, str(day or ""))
        if key not in self._instruments:
            self._instruments[key] = self._look_up(*named, day=day)
        found = self._instruments[key]
        if found is None:
            errors.append(
                RowError(
                    prefix + ("symbol" if symbol else "isin"),
                    f"{symbol or isin} is not known here. Check the spelling, or let the import "
                    "make it as an instrument of your own.",
                )
            )
        return found

    def _depends_on_day(self, symbol: str) -> bool:
        if symbol not in self._is_dated:
            source = self.run.file_format
            self._is_dated[symbol] = market.has_dated_alias(symbol, source=source)
        return self._is_dated[symbol]

    def _look_up(
        self, symbol: str, isin: str, mic: str, currency: str, *, day: date | None
    ) -> str | None:
        instrument = market.find_instrument(
            user_id=self.run.owner_id,
            symbol=symbol,
            isin=isin,
            mic=mic,
            currency=currency,
            source=self.run.file_format,
            day=day,
        )
        if instrument is not None:
            return str(instrument.pk)
        if self.run.creates_instruments and symbol and currency:
            return f"{_TO_BE_MADE}{symbol.upper()}:{currency}"
        return None


def _checkable(draft: Draft, row: StatementRow) -> Draft:
    """Let through what takes a payment back, which a person isn't let type."""
    if row.takes_back and draft.amount is not None:
        return replace(draft, amount=abs(draft.amount))
    return draft


def is_to_be_made(instrument_id: str | None) -> bool:
    """Say whether committing has to make a row's instrument first."""
    return instrument_id is not None and instrument_id.startswith(_TO_BE_MADE)


def draft_of(known: Mapping[str, Any], instruments: Mapping[str, str | None]) -> Draft:
    """Make a draft of the fields that a file gave; what it didn't give stays unknown."""
    given = {name: known[name] for name in _DRAFT_FIELDS if known.get(name) is not None}
    return Draft(**(given | dict(instruments)))


def as_texts(known: Mapping[str, Any]) -> dict[str, Any]:
    """Write a row's fields in the form that JSON keeps exactly."""
    return {name: _text(value) for name, value in known.items() if value is not None}


def _text(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    return [_text(each) for each in value] if isinstance(value, tuple) else value


def stored_draft(content: Mapping[str, Any]) -> Draft:
    """Read back the draft of a preview row."""
    known: dict[str, Any] = {
        name: Decimal(content[name]) if name in _DECIMALS else content[name]
        for name in _DRAFT_FIELDS
        if content.get(name) is not None
    }
    known["kind"] = Kind(known["kind"])
    known["trade_date"] = date.fromisoformat(known["trade_date"])
    if "executed_at" in known:
        known["executed_at"] = datetime.fromisoformat(known["executed_at"])
    if "lots" in known:
        known["lots"] = tuple((row, Decimal(units)) for row, units in known["lots"])
    found = {name: content.get(name) for name in (f"{each}instrument_id" for each in PREFIXES)}
    return draft_of(known, found)


def wanted_instrument(content: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Describe the instrument that a preview row needs made."""
    known = {name: content.get(prefix + name) or "" for name in _INSTRUMENT_FIELDS}
    known["asset_class"] = AssetClass(known["asset_class"] or AssetClass.OTHER.value)
    known["name"] = known["name"] or known["symbol"]
    del known["mic"]
    known["multiplier"] = Decimal(content.get(f"{prefix}multiplier") or 1)
    return known | {"currency": _quoted_in(content, prefix)}


def _quoted_in(known: Mapping[str, Any], prefix: str) -> str:
    """Return the instrument's own currency where the file tells it; a row may settle in another."""
    return str(known.get(f"{prefix}instrument_currency") or known.get("currency") or "")
