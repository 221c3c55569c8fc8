"""The forms of watchlists and alerts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from django import forms

from accounts.models import User
from common.forms import DayField, DecimalField
from common.money import DECIMAL_PLACES, exact
from marketdata import selectors as market
from marketdata.forms import InstrumentSearchInput
from portfolios.domain.alerts import AlertKind, Rule
from portfolios.forms import not_known
from portfolios.models import Portfolio
from portfolios.services import alerts, watchlists
from portfolios.services.alerts import Wanted

_OF_INSTRUMENTS = [kind for kind in AlertKind if not kind.is_of_portfolio]
#: Typed in percent, which the page says, and kept as fractions.
_IN_PERCENT = {AlertKind.DAY_MOVE, AlertKind.MOVE_FROM, AlertKind.DRAWDOWN, AlertKind.DRIFT}
_NOT_KNOWN = "is not known here, or means more than one instrument. If only you own it:"


class WatchlistForm(forms.Form):
    """The name of a new watchlist."""

    name = forms.CharField(label="Name", max_length=80)


class EntryForm(forms.Form):
    """An instrument to watch."""

    symbol = forms.CharField(label="Symbol or ISIN", max_length=64, widget=InstrumentSearchInput)
    note = forms.CharField(label="Note", max_length=watchlists.LONGEST_NOTE, required=False)

    def __init__(self, *args: Any, user_id: ObjectId, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user_id = user_id

    def clean_symbol(self) -> Any:
        """Find the instrument."""
        return _find(self.cleaned_data["symbol"], user_id=self._user_id)


class AlertForm(forms.Form):
    """What is to be told."""

    kind = forms.ChoiceField(label="Tell me about", choices=[])
    symbol = forms.CharField(
        label="Symbol or ISIN",
        max_length=64,
        required=False,
        widget=InstrumentSearchInput,
        help_text="What it is about; leave it empty for a fall or a drift of a portfolio.",
    )
    portfolio = forms.ChoiceField(
        label="Portfolio", choices=[], required=False, help_text="Only for a fall or a drift."
    )
    limit = DecimalField(
        label="Limit",
        decimal_places=DECIMAL_PLACES,
        help_text="A price; percent of a move (below 0 for a fall), fall or drift; or minutes.",
    )
    reference = DecimalField(
        label="From price",
        decimal_places=DECIMAL_PLACES,
        required=False,
        help_text="Only for a move from a price.",
    )
    note = forms.CharField(label="Note", max_length=alerts.LONGEST_NOTE, required=False)
    expires_on = DayField(label="Until the end of", required=False)
    by_email = forms.BooleanField(label="Also by e-mail", required=False, initial=True)

    def __init__(
        self, *args: Any, user: User, portfolios: Iterable[Portfolio], about: Any, **kwargs: Any
    ) -> None:
        """Set the form up.

        Args:
            about: the instrument that the alert is about, where that is given.
        """
        super().__init__(*args, **kwargs)
        self._user = user
        self._about = about
        kinds = _OF_INSTRUMENTS if about is not None else list(AlertKind)
        _offer(self, "kind", [(kind.value, kind.label) for kind in kinds])
        if about is not None:
            del self.fields["symbol"], self.fields["portfolio"]
        else:
            own = [(str(each.pk), each.name) for each in portfolios]
            _offer(self, "portfolio", [("", "–"), *own])

    def clean_symbol(self) -> Any:
        """Find the instrument, if one is named."""
        text = self.cleaned_data["symbol"]
        return _find(text, user_id=self._user.pk) if text else None

    def wanted(self) -> Wanted:
        """Return what was typed, once the form is valid."""
        known = self.cleaned_data
        kind, limit = AlertKind(known["kind"]), known["limit"]
        if kind in _IN_PERCENT:
            with exact():
                limit = limit / 100
        instrument = self._about or known.get("symbol")
        portfolio = known.get("portfolio")
        return Wanted(
            rule=Rule(kind, limit, known["reference"]),
            instrument_id=instrument.pk if instrument else None,
            portfolio_id=ObjectId(portfolio) if portfolio else None,
            note=known["note"],
            by_email=known["by_email"],
            expires_at=self._end_of(known["expires_on"]),
        )

    def _end_of(self, day: Any) -> datetime | None:
        if day is None:
            return None
        zone = ZoneInfo(self._user.time_zone)
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)


def _offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for type checkers
    field.choices = choices


def _find(text: str, *, user_id: ObjectId) -> Any:
    found = market.find_typed(text, user_id=user_id)
    if found is None:
        raise not_known(text.strip().upper(), _NOT_KNOWN)
    return found
