"""The form of the choices that a portfolio's results depend on, each with what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.html import format_html

from accounts import preferences
from common.templatetags.page import method
from portfolios.domain.policy import (
    MAX_RATE_AGE_DAYS,
    Charges,
    CostMethod,
    DayCount,
    OversellRule,
    Policy,
    PoolScope,
    PriceBasis,
)

METHODS: Mapping[CostMethod, str] = {
    CostMethod.FIFO: "First in, first out",
    CostMethod.LIFO: "Last in, first out",
    CostMethod.HIFO: "Highest cost first",
    CostMethod.AVERAGE: "Average cost",
    CostMethod.SPECIFIC: "The lots that a sale names",
}
_INSIDE = [(Charges.INCLUDED.value, "Inside cost and proceeds"), (Charges.SEPARATE.value, "Apart")]
#: What each choice means, and the heading in the methods that says all of it.
_EXPLANATIONS: Mapping[str, tuple[str, str]] = {
    "cost_method": ("Which lots a sale takes, and with them what it cost.", "Cost method"),
    "pool_scope": ("Among whose lots a sale chooses.", "Pool of lots"),
    "fees": ("Whether the fee of a trade makes it dearer, or counts by itself.", "Charges in cost"),
    "taxes": ("The same for the tax of a trade.", "Charges in cost"),
    "oversell": ("What happens to units sold beyond those held.", "Selling more than is held"),
    "price_basis": ("What the daily closes are that the history is valued with.", "Price basis"),
    "day_count": ("How many days a year has in yearly returns.", "Day count"),
    "max_rate_age_days": (
        "How many days old an exchange rate may be to count for a day.",
        "Age of rates",
    ),
    "uses_booked_rates": (
        "A rate recorded with a transaction beats the one of its day.",
        "Booked rates",
    ),
    "deliveries_realize": (
        "Units delivered out at a price count as sold at it.",
        "Deliveries out",
    ),
    "zone": ("Where a day must have ended before it is valued.", "Time zone"),
}


class PolicyForm(forms.Form):
    """All choices; the first of each list is what a new portfolio has."""

    cost_method = forms.ChoiceField(
        choices=[(method.value, name) for method, name in METHODS.items()]
    )
    pool_scope = forms.ChoiceField(
        label="Pool of lots",
        choices=[
            (PoolScope.PORTFOLIO.value, "The whole portfolio"),
            (PoolScope.ACCOUNT.value, "Each account by itself"),
        ],
    )
    fees = forms.ChoiceField(label="Fees of trades", choices=_INSIDE)
    taxes = forms.ChoiceField(label="Taxes of trades", choices=_INSIDE)
    oversell = forms.ChoiceField(
        label="Selling more than is held",
        choices=[
            (OversellRule.REPORT.value, "Is left out and reported"),
            (OversellRule.SHORT.value, "Is a short sale"),
            (OversellRule.ZERO_COST.value, "Is sold at no cost and reported"),
        ],
    )
    price_basis = forms.ChoiceField(
        choices=[
            (PriceBasis.RAW.value, "As traded on their day"),
            (PriceBasis.SPLIT_ADJUSTED.value, "Adjusted for later splits"),
        ]
    )
    day_count = forms.ChoiceField(
        choices=[(each.value, f"actual/{each.value.removeprefix('act/')}") for each in DayCount]
    )
    max_rate_age_days = forms.IntegerField(
        label="Age of exchange rates, days", min_value=0, max_value=MAX_RATE_AGE_DAYS
    )
    zone = forms.ChoiceField(label="Time zone", choices=preferences.time_zone_choices)
    uses_booked_rates = forms.BooleanField(label="Use booked rates", required=False)
    deliveries_realize = forms.BooleanField(label="Deliveries out are sales", required=False)

    def __init__(self, data: Any = None, *, policy: Policy) -> None:
        super().__init__(data, initial=asdict(policy))
        for name, (meaning, heading) in _EXPLANATIONS.items():
            link = method(heading, "How it counts")
            self.fields[name].help_text = format_html("{} {}", meaning, link)

    def policy(self) -> Policy:
        """Return what was chosen, once the form is valid."""
        return Policy.chosen(self.cleaned_data)
