"""What people give on the pages of imports, of connections and of prices that are pasted."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms

from brokers.adapters.contract import Broker

_LONGEST_TABLE = 400_000


class UploadForm(forms.Form):
    """A file to import."""

    file = forms.FileField(label="File", allow_empty_file=True)
    creates_instruments = forms.BooleanField(
        label="Make instruments that are not known here",
        required=False,
        help_text="Symbols nobody knows become instruments of your own, without a price feed.",
    )


class PriceTableForm(forms.Form):
    """Days and prices, as they are copied out of a spreadsheet or a file."""

    table = forms.CharField(
        label="Days and prices",
        max_length=_LONGEST_TABLE,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "number"}),
        help_text="One day a line, then its price, with a comma, semicolon or tab between them. "
        "Decimal points and decimal commas are understood, and a first line may name the columns.",
    )
    #: The mark of the table that was looked at last.
    checked = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean_table(self) -> str:
        """Write line ends in one way: browsers send others than they were given."""
        text: str = self.cleaned_data["table"]
        return text.replace("\r\n", "\n")

    def mark(self) -> str:
        """Return the mark of the table, once the form is valid."""
        return hashlib.sha256(self.cleaned_data["table"].encode()).hexdigest()

    def is_checked(self) -> bool:
        """Say whether this very table was looked at before."""
        return bool(self.cleaned_data["checked"] == self.mark())


class KeyForm(forms.Form):
    """What a broker needs to let us in; nothing of it is ever filled in again."""

    def __init__(self, data: Any = None, *, broker: Broker) -> None:
        super().__init__(data, auto_id=f"id_{broker.name}_%s")
        for each in broker.capabilities.credentials:
            shown = forms.PasswordInput if each.is_secret else forms.TextInput
            self.fields[each.name] = forms.CharField(
                label=each.label,
                help_text=each.help_text,
                max_length=200,
                widget=shown(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )

    def credentials(self) -> dict[str, str]:
        """Return what was typed, by field."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "environment"}


class ConnectForm(KeyForm):
    """A new connection to a broker."""

    def __init__(self, data: Any = None, *, broker: Broker) -> None:
        super().__init__(data, broker=broker)
        choices = [(each.name, each.label) for each in broker.capabilities.environments]
        kind = forms.ChoiceField(label="Kind of account", choices=choices)
        self.fields = {"environment": kind, **self.fields}


class DecisionForm(forms.Form):
    """What becomes of a difference, and the figures that were looked at."""

    decision = forms.ChoiceField(
        choices=[(name, name) for name in ("accept", "put_aside", "take_up")]
    )
    theirs = forms.DecimalField(max_digits=28, decimal_places=10)
    #: Nothing is a cost that isn't known.
    ours = forms.DecimalField(max_digits=28, decimal_places=10, required=False)


class MissedDaysForm(forms.Form):
    """Of which days nothing is missing: of all up to this one."""

    through = forms.DateField()


class DisconnectForm(forms.Form):
    """How a connection ends."""

    ledger = forms.ChoiceField(
        label="What it brought into the ledger",
        choices=[("keep", "stays"), ("remove", "is taken out again")],
        initial="keep",
        widget=forms.RadioSelect,
    )
