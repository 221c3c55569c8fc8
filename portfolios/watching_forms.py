"""The forms of watchlists and alerts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from django import forms

from accounts.models import User
from common.forms import DayField, DecimalField
from common.money import DECIMAL_PLACES, exact, plain
from marketdata import selectors as market
from marketdata.forms import InstrumentSearchInput
from portfolios.domain.alerts import AlertKind, Rule
from portfolios.forms import not_known
from portfolios.models import Alert, Portfolio
from portfolios.services import alerts, watchlists
from portfolios.services.alerts import AlertChanges, Wanted

_OF_INSTRUMENTS = [kind for kind in AlertKind if not kind.is_of_portfolio]
#: Typed in percent, which the page says, and kept as fractions.
_IN_PERCENT = {AlertKind.DAY_MOVE, AlertKind.MOVE_FROM, AlertKind.DRAWDOWN, AlertKind.DRIFT}
_NOT_KNOWN = "is not known here, or means more than one instrument. If only you own it:"


class WatchlistForm(forms.Form):
    """The name of a watchlist."""

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


class _AlertFields(forms.Form):
    """What can be said of an alert both when it is made and later."""

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

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def limit_of(self, kind: AlertKind) -> Decimal:
        """Return the limit as it is kept, once the form is valid."""
        limit: Decimal = self.cleaned_data["limit"]
        if kind not in _IN_PERCENT:
            return limit
        with exact():
            return limit / 100

    def end(self) -> datetime | None:
        """Return when the last day ends where the user is, once the form is valid."""
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        zone = ZoneInfo(self._user.time_zone)
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)


class AlertChangeForm(_AlertFields):
    """What may be changed of an alert."""

    def __init__(self, *args: Any, alert: Alert, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kind = AlertKind(alert.kind)
        limit = alert.limit
        if self._kind in _IN_PERCENT:
            with exact():
                limit = limit * 100
        self.initial = {
            "limit": plain(limit),
            "reference": None if alert.reference is None else plain(alert.reference),
            "note": alert.note,
            "by_email": alert.by_email,
            "expires_on": self._last_day(alert.expires_at),
        }
        if self._kind is not AlertKind.MOVE_FROM:
            del self.fields["reference"]

    def changes(self) -> AlertChanges:
        """Return what was typed, once the form is valid."""
        known = self.cleaned_data
        found: AlertChanges = {
            "limit": self.limit_of(self._kind),
            "note": known["note"],
            "by_email": known["by_email"],
        }
        if "reference" in known:
            found["reference"] = known["reference"]
        if "expires_on" in self.changed_data:
            # A program may have set an hour, which another note mustn't move to the end of the day.
            found["expires_at"] = self.end()
        return found

    def _last_day(self, expires_at: datetime | None) -> date | None:
        if expires_at is None:
            return None
        zone = ZoneInfo(self._user.time_zone)
        return (expires_at - timedelta(milliseconds=1)).astimezone(zone).date()


class AlertForm(_AlertFields):
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

    field_order = ("kind", "symbol", "portfolio")

    def __init__(
        self, *args: Any, portfolios: Iterable[Portfolio], about: Any, **kwargs: Any
    ) -> None:
        """Set the form up.

        Args:
            about: the instrument that the alert is about, where that is given.
        """
        super().__init__(*args, **kwargs)
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
        kind = AlertKind(known["kind"])
        instrument = self._about or known.get("symbol")
        portfolio = known.get("portfolio")
        return Wanted(
            rule=Rule(kind, self.limit_of(kind), known["reference"]),
            instrument_id=instrument.pk if instrument else None,
            portfolio_id=ObjectId(portfolio) if portfolio else None,
            note=known["note"],
            by_email=known["by_email"],
            expires_at=self.end(),
        )


def _offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for type checkers
    field.choices = choices


def _find(text: str, *, user_id: ObjectId) -> Any:
    found = market.find_typed(text, user_id=user_id)
    if found is None:
        raise not_known(text.strip().upper(), _NOT_KNOWN)
    return found
