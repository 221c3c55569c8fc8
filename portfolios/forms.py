"""What people type on the pages of portfolios."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId
from django import forms

from common.choices import grouped_currencies
from common.errors import Failure
from common.forms import DayField, DecimalField
from common.money import DECIMAL_PLACES
from marketdata import selectors as market
from marketdata.domain.instruments import is_isin
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.models import Portfolio, Transaction
from portfolios.selectors import TransactionFilter
from portfolios.services.conflicts import TransactionChanged


def take_errors(form: forms.Form, error: Failure) -> None:
    """Show what a service had to say, beside the fields it speaks of."""
    for field, lines in (error.errors or {"": [error.detail]}).items():
        name = {"instrument_id": "instrument"}.get(field, field)
        for line in lines:
            form.add_error(name if name in form.fields else None, line)


def _offer_currencies(
    form: forms.Form, name: str, first: str, *, blank: str = ""
) -> forms.ChoiceField:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for type checkers
    field.choices = [*([("", blank)] if blank else []), *grouped_currencies(first)]
    return field


class PortfolioForm(forms.Form):
    """Name, currency and whether cash is kept."""

    name = forms.CharField(max_length=80)
    base_currency = forms.ChoiceField(label="Currency")
    tracks_cash = forms.BooleanField(
        label="Keep track of cash",
        required=False,
        initial=True,
        help_text="Turn this off when you don't record deposits: cash would only be the negative "
        "of what you bought.",
    )

    def __init__(self, *args: Any, own_currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base_currency"].initial = own_currency
        _offer_currencies(self, "base_currency", own_currency)


class PortfolioSettingsForm(forms.Form):
    """What may be changed of a portfolio that exists."""

    name = forms.CharField(max_length=80)
    tracks_cash = forms.BooleanField(label="Keep track of cash", required=False)


class DeletePortfolioForm(forms.Form):
    """Deleting wants the name typed, so that it never happens by a slip."""

    name = forms.CharField(label="Name of the portfolio")

    def __init__(self, *args: Any, portfolio: Portfolio, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._portfolio = portfolio

    def clean_name(self) -> str:
        """Accept the portfolio's own name only."""
        name: str = self.cleaned_data["name"]
        if name != self._portfolio.name:
            raise forms.ValidationError(f"Type “{self._portfolio.name}” to delete it.")
        return name


def _decimal(label: str, **options: Any) -> DecimalField:
    return DecimalField(label=label, required=False, decimal_places=DECIMAL_PLACES, **options)


class TransactionForm(forms.Form):
    """One row of the ledger; which fields are needed depends on the kind."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.label) for kind in Kind])
    trade_date = DayField(label="Date")
    instrument = forms.CharField(
        label="Symbol or ISIN",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "known-symbols"}),
    )
    quantity = _decimal("Quantity")
    price = _decimal("Price")
    amount = _decimal("Amount")
    ratio = _decimal("New units for each old one")
    fee = _decimal("Fee")
    tax = _decimal("Tax")
    currency = forms.ChoiceField(required=False)
    fx_rate = _decimal(
        "Exchange rate", help_text="Portfolio currency for one unit of the currency, if known."
    )
    account = forms.CharField(required=False, max_length=80)
    note = forms.CharField(required=False, max_length=500)
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        user_id: ObjectId,
        base_currency: str,
        row: Transaction | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._user_id = user_id
        self._base_currency = base_currency
        self._row = row
        self._instrument = row.instrument if row else None
        # Without scripts nothing but this choice can follow the instrument.
        own = f"As the instrument, else {base_currency}"
        currency = _offer_currencies(self, "currency", base_currency, blank=own)
        currency.widget.attrs["data-base"] = base_currency

    @staticmethod
    def values_of(transaction: Transaction) -> dict[str, Any]:
        """Return what the form shows of a transaction that exists."""
        shown = {name: getattr(transaction, name) for name in _PLAIN_FIELDS}
        instrument = transaction.instrument
        return shown | {"instrument": instrument.symbol if instrument else ""}

    def clean(self) -> dict[str, Any]:
        """Find the instrument that is meant, and the currency where none was chosen."""
        known = super().clean() or {}
        text = (known.get("instrument") or "").strip().upper()
        self._instrument = self._meant(text, currency=known.get("currency") or "")
        if text and self._instrument is None:
            self.add_error(
                "instrument",
                f"{text} is not known here, or means several: an ISIN or the currency may tell.",
            )
        known["instrument_id"] = str(self._instrument.pk) if self._instrument else None
        if not known.get("currency"):
            known["currency"] = (
                self._instrument.currency if self._instrument else self._base_currency
            )
        return known

    def _meant(self, text: str, *, currency: str) -> Any:
        before = self._row.instrument if self._row else None
        if before is not None and text == before.symbol:
            # What wasn't touched stays, also where the symbol alone could mean another listing.
            return before
        if not text:
            return None
        names = {"isin": text} if is_isin(text) else {"symbol": text}
        return market.find_instrument(user_id=self._user_id, currency=currency, **names)

    def currency_note(self) -> str:
        """Say that the currency isn't the one that the instrument is quoted in, if so."""
        known = self.cleaned_data if hasattr(self, "cleaned_data") else self.initial
        currency, instrument = known.get("currency"), self._instrument
        if instrument is None or not currency or currency == instrument.currency:
            return ""
        return f"{instrument.symbol} is quoted in {instrument.currency}, not in {currency}."

    def take_conflict(self, error: TransactionChanged) -> None:
        """Show what somebody else has changed; who then saves again means to replace it."""
        self.add_error(None, f"{error.detail} Saving again puts yours in its place.")
        if error.errors:
            take_errors(self, error)
        self.data = {**dict(self.data.items()), "revision": str(error.revision)}

    def draft(self) -> Draft:
        """Return what was typed, once the form is valid; what it doesn't show stays as it was."""
        known, row = self.cleaned_data, self._row
        same_day = row is not None and row.trade_date == known["trade_date"]
        return Draft(
            kind=Kind(known["kind"]),
            trade_date=known["trade_date"],
            instrument_id=known["instrument_id"],
            quantity=known["quantity"],
            price=known["price"],
            amount=known["amount"],
            ratio=known["ratio"],
            fee=known["fee"] or Decimal(0),
            tax=known["tax"] or Decimal(0),
            currency=known["currency"],
            fx_rate=known["fx_rate"],
            account=known["account"],
            note=known["note"],
            executed_at=row.executed_at if row and same_day else None,
            sequence=row.sequence if row else 0,
        )


_PLAIN_FIELDS = (
    "kind",
    "trade_date",
    "quantity",
    "price",
    "amount",
    "ratio",
    "fee",
    "tax",
    "currency",
    "fx_rate",
    "account",
    "note",
    "revision",
)


class TransactionFilterForm(forms.Form):
    """The filter bar above a ledger; it lives in the address."""

    kind = forms.ChoiceField(
        required=False, choices=[("", "All kinds"), *((kind.value, kind.label) for kind in Kind)]
    )
    instrument = forms.RegexField(regex=r"^[0-9a-f]{24}$", required=False)
    start = DayField(label="From", required=False)
    end = DayField(label="To", required=False)
    text = forms.CharField(label="In notes or accounts", required=False, max_length=80)

    def wanted(self) -> TransactionFilter:
        """Return the filter; a field that makes no sense is left out of it."""
        self.is_valid()
        known = self.cleaned_data
        start: date | None = known.get("start")
        return TransactionFilter(
            kind=Kind(known["kind"]) if known.get("kind") else None,
            instrument_id=ObjectId(known["instrument"]) if known.get("instrument") else None,
            start=start,
            end=known.get("end"),
            text=known.get("text") or "",
        )
