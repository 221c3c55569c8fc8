"""What people give on the pages of imports."""

import hashlib

from django import forms

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
