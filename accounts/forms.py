"""The forms of sign-up and preferences."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest

from accounts import preferences
from accounts.models import User
from common.choices import grouped_currencies
from common.transactions import run_in_transaction

# Long enough for every passphrase, short enough that hashing one costs nothing to speak of.
_LONGEST_PASSWORD = 1_024
_LONGEST_EMAIL = 254


def _default_of(name: str) -> str:
    # Without a choice made, a browser would send the first of a list.
    field: Any = User._meta.get_field(name)
    return str(field.get_default())


class SignUpForm(SignupForm):
    """An address and a password; the preferences have defaults that suit most."""

    base_currency = forms.ChoiceField(
        choices=grouped_currencies, required=False, initial=_default_of("base_currency")
    )
    time_zone = forms.ChoiceField(
        choices=preferences.time_zone_choices, required=False, initial=_default_of("time_zone")
    )
    locale = forms.ChoiceField(
        choices=preferences.locale_choices, required=False, initial=_default_of("locale")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):
            _limit_length(self.fields[name], _LONGEST_PASSWORD)
        _limit_length(self.fields["email"], _LONGEST_EMAIL)

    def save(self, request: HttpRequest) -> AbstractBaseUser:
        """Store the user and the address, or neither."""
        save = super().save
        return run_in_transaction(lambda: save(request))


class PreferencesForm(forms.Form):
    """How money and time are shown."""

    base_currency = forms.ChoiceField(
        choices=grouped_currencies,
        help_text="What a new portfolio is counted in.",
    )
    time_zone = forms.ChoiceField(choices=preferences.time_zone_choices)
    locale = forms.ChoiceField(
        choices=preferences.locale_choices,
        label="Language and region",
        help_text="How numbers and dates are written.",
    )


def _limit_length(field: forms.Field, length: int) -> None:
    field.validators.append(MaxLengthValidator(length))
    field.widget.attrs["maxlength"] = str(length)
