"""What people type on the pages of portfolios."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from django import forms
from django.urls import reverse
from django.utils.html import format_html

from common.choices import grouped_currencies
from common.errors import Failure
from common.forms import DayField, DecimalField
from common.money import DECIMAL_PLACES, plain
from marketdata import selectors as market
from marketdata.forms import InstrumentSearchInput
from portfolios.domain.kinds import RULES, Kind
from portfolios.domain.transactions import Draft
from portfolios.models import Portfolio, Transaction
from portfolios.selectors import TransactionFilter, draft_of
from portfolios.services.conflicts import TransactionChanged

#: The kinds as the form offers them, the usual ones first.
KIND_GROUPS: Mapping[str, tuple[Kind, ...]] = {
    "Trades": (Kind.BUY, Kind.SELL, Kind.SELL_SHORT, Kind.BUY_TO_COVER, Kind.REDEMPTION),
    "Income": (Kind.DIVIDEND, Kind.INTEREST, Kind.REINVESTMENT, Kind.NOTIONAL_DISTRIBUTION),
    "Cash": (
        *(Kind.DEPOSIT, Kind.WITHDRAWAL, Kind.EXCHANGE),
        *(Kind.FEE, Kind.FEE_REFUND, Kind.TAX, Kind.TAX_REFUND),
    ),
    "Corporate actions": (Kind.SPLIT, Kind.SPIN_OFF, Kind.MERGER, Kind.RETURN_OF_CAPITAL),
    "Options": (Kind.EXPIRY, Kind.EXERCISE_BUY, Kind.EXERCISE_SELL),
    "Transfers": (Kind.TRANSFER_IN, Kind.TRANSFER_OUT, Kind.TRANSFER),
}
#: What isn't plain from the fields alone.
_HINTS = {
    Kind.REINVESTMENT: "The dividend is quantity × price: don't record it as a dividend too.",
    Kind.NOTIONAL_DISTRIBUTION: "Income that a fund kept: it adds to what the units cost.",
    Kind.EXCHANGE: "Amount and currency are what was given.",
    Kind.SPLIT: "The amount is what was paid for fractions, if anything.",
    Kind.SPIN_OFF: "The share of the cost goes over to the new units: 0.1 is 10 %.",
    Kind.MERGER: "Say which units were received at which ratio, how much cash, or both. "
    "The price is what one new unit was worth; with cash it should be known.",
    Kind.RETURN_OF_CAPITAL: "It lowers what the units cost; what is more than that is a gain.",
    Kind.EXERCISE_BUY: "The price is the strike, and the ratio how many units one option is "
    "about, unless the option's multiplier says so.",
    Kind.TRANSFER: "From the account to the receiving account; both are your own.",
}
_HINTS[Kind.EXERCISE_SELL] = _HINTS[Kind.EXERCISE_BUY]
#: Fields of a transaction that the form calls otherwise.
_SHOWN_AS = {"instrument_id": "instrument", "to_instrument_id": "to_instrument"}
_SEVERAL = (
    "is not known here, or means several: an ISIN or the currency may tell. If only you own it:"
)
#: Naming lots is left to the API: what an edit finds there stays.
_NOT_SHOWN = frozenset({"lots"})


def _kind_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (group, [(kind.value, kind.label) for kind in kinds])
        for group, kinds in KIND_GROUPS.items()
    ]


def _fields_by_kind() -> dict[str, list[str]]:
    """Say which fields each kind has, by the names that the form gives them."""
    return {
        kind.value: [
            _SHOWN_AS.get(name, name)
            for name in (*rule.needs, *rule.allows)
            if name not in _NOT_SHOWN
        ]
        for kind, rule in RULES.items()
    }


def take_errors(form: forms.Form, error: Failure) -> None:
    """Show what a service had to say, beside the fields it speaks of."""
    for field, lines in (error.errors or {"": [error.detail]}).items():
        name = _SHOWN_AS.get(field, field)
        for line in lines:
            form.add_error(name if name in form.fields else None, line)


def not_known(text: str, words: str) -> forms.ValidationError:
    """Say that a typed symbol is not known, and where an instrument of one's own is made.

    The other page opens beside this one, so that what was typed here stays.
    """
    address = f"{reverse('instrument-new')}?{urlencode({'symbol': text})}"
    return forms.ValidationError(
        format_html(
            '{} {} <a class="link" href="{}" target="_blank" rel="noopener">{}</a> '
            "in a new tab, then come back and send this again.",
            text,
            words,
            address,
            "Make an instrument of your own",
        )
    )


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


def _instrument(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=64,
        widget=InstrumentSearchInput,
    )


class TransactionForm(forms.Form):
    """One row of the ledger; which fields are needed depends on the kind."""

    kind = forms.ChoiceField(
        choices=_kind_choices,
        widget=forms.Select(
            attrs={
                "data-fields": json.dumps(_fields_by_kind()),
                "data-hints": json.dumps({kind.value: hint for kind, hint in _HINTS.items()}),
            }
        ),
    )
    trade_date = DayField(label="Date")
    instrument = _instrument("Symbol or ISIN")
    to_instrument = _instrument("Symbol or ISIN received")
    to_account = forms.CharField(label="Receiving account", required=False, max_length=80)
    quantity = _decimal("Quantity")
    price = _decimal("Price")
    amount = _decimal("Amount")
    ratio = _decimal("New units for each old one")
    cost_share = _decimal("Share of the cost")
    accrued = _decimal("Accrued interest")
    to_amount = _decimal("Amount received")
    to_currency = forms.ChoiceField(label="Currency received", required=False)
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
        _offer_currencies(self, "to_currency", base_currency, blank="None")

    @staticmethod
    def values_of(transaction: Transaction) -> dict[str, Any]:
        """Return what the form shows of a transaction that exists."""
        shown = {name: _shown(getattr(transaction, name)) for name in _PLAIN_FIELDS}
        # As in an empty form.
        shown |= {name: shown[name] if shown[name] != "0" else "" for name in _CHARGES}
        for name in _SHOWN_AS.values():
            instrument = getattr(transaction, name)
            shown[name] = instrument.symbol if instrument else ""
        return shown

    def clean(self) -> dict[str, Any]:
        """Find the instruments that are meant, and the currency where none was chosen."""
        known = super().clean() or {}
        currency = known.get("currency") or ""
        self._instrument = self._find(known, "instrument", currency)
        received = self._find(known, "to_instrument", "") or (
            self._find(known, "to_instrument", currency) if currency else None
        )
        for field, found in (("instrument", self._instrument), ("to_instrument", received)):
            known[f"{field}_id"] = str(found.pk) if found else None
            if found is None and (text := _typed(known, field)):
                self.add_error(field, not_known(text, _SEVERAL))
        if not known.get("currency"):
            known["currency"] = (
                self._instrument.currency if self._instrument else self._base_currency
            )
        return known

    def _find(self, known: Mapping[str, Any], field: str, currency: str) -> Any:
        text = _typed(known, field)
        before = getattr(self._row, field) if self._row else None
        if before is not None and text == before.symbol:
            # What wasn't touched stays, also where the symbol alone could mean another listing.
            return before
        return market.find_typed(text, user_id=self._user_id, currency=currency) if text else None

    def hint(self) -> str:
        """Say what the fields of the chosen kind don't say by themselves."""
        chosen = self["kind"].value()
        return next((hint for kind, hint in _HINTS.items() if kind.value == chosen), "")

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
        typed = {name: known[name] for name in _DRAFT_FIELDS if name in known}
        typed |= {name: known[name] or Decimal(0) for name in _CHARGES}
        draft = Draft(**(typed | {"kind": Kind(known["kind"])}))
        if row is None:
            return draft
        before = draft_of(row)
        same_day = before.trade_date == draft.trade_date
        # Lots were named for what was sold: of another sale they would be the wrong ones.
        same_sale = all(
            getattr(before, name) == getattr(draft, name)
            for name in ("kind", "instrument_id", "quantity")
        )
        return replace(
            draft,
            executed_at=before.executed_at if same_day else None,
            sequence=before.sequence,
            lots=before.lots if same_sale else (),
        )


def _shown(value: Any) -> Any:
    """Write a number without the places that are stored and weren't typed."""
    return plain(value) if isinstance(value, Decimal) else value


def _typed(known: Mapping[str, Any], field: str) -> str:
    return (known.get(field) or "").strip().upper()


#: Nothing typed means none.
_CHARGES = ("accrued", "fee", "tax")
_DRAFT_FIELDS = tuple(each.name for each in fields(Draft))
_PLAIN_FIELDS = (
    "kind",
    "trade_date",
    "quantity",
    "price",
    "amount",
    "ratio",
    "cost_share",
    "accrued",
    "to_account",
    "to_amount",
    "to_currency",
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

    kind = forms.ChoiceField(required=False, choices=lambda: [("", "All kinds"), *_kind_choices()])
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
