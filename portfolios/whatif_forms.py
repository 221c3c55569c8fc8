"""What people type to see what a sale would realize."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from common.forms import DecimalField
from common.money import DECIMAL_PLACES
from portfolios.domain.policy import Policy, PoolScope
from portfolios.selectors.whatif import Intention


class WhatIfForm(forms.Form):
    """How many would be sold, and at which price."""

    quantity = DecimalField(min_value=Decimal("0.0000000001"), decimal_places=DECIMAL_PLACES)
    price = DecimalField(
        required=False,
        min_value=Decimal(0),
        decimal_places=DECIMAL_PLACES,
        help_text="The newest one, unless you give another.",
    )
    fee = DecimalField(required=False, min_value=Decimal(0), decimal_places=DECIMAL_PLACES)
    account = forms.CharField(required=False, max_length=80)

    def __init__(self, data: Any = None, *, policy: Policy) -> None:
        super().__init__(data)
        if policy.pool_scope is not PoolScope.ACCOUNT:
            # Which one sells makes no difference.
            del self.fields["account"]

    def intention(self) -> Intention:
        """Return what was typed, once the form is valid."""
        known = self.cleaned_data
        return Intention(
            quantity=known["quantity"],
            price=known["price"],
            fee=known["fee"] or Decimal(0),
            account=known.get("account", ""),
        )
