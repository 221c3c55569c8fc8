"""What people give on the pages of imports."""

from django import forms


class UploadForm(forms.Form):
    """A file to import."""

    file = forms.FileField(label="File", allow_empty_file=True)
    creates_instruments = forms.BooleanField(
        label="Make instruments that are not known here",
        required=False,
        help_text="Symbols nobody knows become instruments of your own, without a price feed.",
    )
