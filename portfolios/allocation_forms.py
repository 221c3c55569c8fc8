"""What people type on the allocation page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from bson import ObjectId
from django import forms

from common.money import exact, plain
from marketdata import selectors as market
from marketdata.domain.instruments import AssetClass
from marketdata.forms import InstrumentSearchInput
from portfolios.domain.plans import Plan, TargetsBy
from portfolios.domain.rebalancing import Mode
from portfolios.domain.rules import RULES, Unit
from portfolios.domain.targets import Bands, Target
from portfolios.selectors.allocation import Wishes

_ZERO = Decimal(0)
_CLASSES = [each for each in AssetClass if each is not AssetClass.CURRENCY]
_PERCENT_UNITS = {Unit.SHARE}


def _decimal(label: str, **options: Any) -> forms.DecimalField:
    known: dict[str, Any] = {
        "required": False,
        "max_digits": 28,
        "decimal_places": 10,
        "min_value": _ZERO,
    }
    return forms.DecimalField(label=label, localize=False, **(known | options))


def _percent_field(label: str, **options: Any) -> forms.DecimalField:
    return _decimal(label, **({"max_value": Decimal(100), "decimal_places": 8} | options))


def _fraction(percent: Decimal | None) -> Decimal:
    return (percent or _ZERO).scaleb(-2)


def _percent(fraction: Decimal) -> str:
    with exact():
        return plain(fraction.scaleb(2))


class _TargetsForm(forms.Form):
    """Percentages that add up to 100, and the bands around them."""

    by: TargetsBy

    band_absolute = _percent_field(
        "Band in points", help_text="A weight has drifted when it is more points off than this…"
    )
    band_relative = _percent_field(
        "Band in % of the target", help_text="…or more than this part of its target."
    )

    def __init__(self, *args: Any, plan: Plan, rows: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows = rows
        self._plan = plan
        weights = {}
        if plan.by is self.by:
            weights = {each.key: _percent(each.weight) for each in plan.targets}
        for key, label in rows.items():
            self.fields[f"weight_{key}"] = _percent_field(label, initial=weights.get(key))
        self.fields["band_absolute"].initial = _percent(plan.bands.absolute)
        self.fields["band_relative"].initial = _percent(plan.bands.relative)

    def weight_fields(self) -> Iterator[forms.BoundField]:
        """Go through the fields of the targets."""
        return (self[f"weight_{key}"] for key in self._rows)

    def wanted(self) -> dict[str, Any]:
        """Return what was typed, once the form is valid."""
        known = self.cleaned_data
        return {
            "by": self.by,
            "targets": self._targets(),
            "bands": Bands(_fraction(known["band_absolute"]), _fraction(known["band_relative"])),
        }

    def _targets(self) -> list[Target]:
        typed = {key: self.cleaned_data.get(f"weight_{key}") for key in self._rows}
        return [
            Target(key, _fraction(percent), self._members(key))
            for key, percent in typed.items()
            if percent is not None
        ]

    def _members(self, key: str) -> tuple[str, ...]:
        raise NotImplementedError


class HoldingTargetsForm(_TargetsForm):
    """A target for each holding, and for one more that isn't held yet."""

    by = TargetsBy.HOLDING

    new_instrument = forms.CharField(
        label="Another instrument",
        required=False,
        max_length=64,
        help_text="Symbol or ISIN of something that isn't held yet.",
        widget=InstrumentSearchInput,
    )
    new_weight = _percent_field("Its target")

    def __init__(self, *args: Any, user_id: ObjectId, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user_id = user_id

    def clean(self) -> dict[str, Any]:
        """Find the instrument that is to be added."""
        known = super().clean() or {}
        text = (known.get("new_instrument") or "").strip().upper()
        known["new_id"] = None
        if text:
            found = market.find_typed(text, user_id=self._user_id)
            if found is None:
                self.add_error("new_instrument", f"{text} is not known here, or means several.")
            else:
                known["new_id"] = str(found.pk)
        return known

    def _targets(self) -> list[Target]:
        targets = super()._targets()
        key, percent = self.cleaned_data["new_id"], self.cleaned_data.get("new_weight")
        if key is not None:
            targets.append(Target(key, _fraction(percent), (key,)))
        return targets

    def _members(self, key: str) -> tuple[str, ...]:
        return (key,)


class ClassTargetsForm(_TargetsForm):
    """A target for each class of assets."""

    by = TargetsBy.ASSET_CLASS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        rows = {each.value: each.label for each in _CLASSES}
        super().__init__(*args, rows=rows, **kwargs)

    def _members(self, key: str) -> tuple[str, ...]:
        """Keep the members that a program has named; the page doesn't show them."""
        if self._plan.by is not self.by:
            return ()
        return next((each.members for each in self._plan.targets if each.key == key), ())


class LimitsForm(forms.Form):
    """The limits of the rules; an empty field is the usual limit."""

    monthly_spending = _decimal("Monthly spending", help_text="In the portfolio's currency.")

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["monthly_spending"].initial = plan.monthly_spending
        for rule in RULES:
            is_percent = rule.unit in _PERCENT_UNITS
            usual = _percent(rule.limit) if is_percent else plain(rule.limit)
            unit = {Unit.SHARE: " %", Unit.MONTHS: " months"}.get(rule.unit, "")
            field = (_percent_field if is_percent else _decimal)(
                f"{rule.title}{',' if unit else ''}{unit}",
                help_text=f"Usually {'at least' if rule.is_least else 'at most'} {usual}{unit}.",
            )
            limit = plan.limits.get(rule.id)
            if limit is not None:
                field.initial = _percent(limit) if is_percent else plain(limit)
            self.fields[f"limit_{rule.id}"] = field
        # What a program has switched off stays off; the page shows it as an empty field.
        self._off = {name: None for name, limit in plan.limits.items() if limit is None}

    def limit_fields(self) -> Iterator[forms.BoundField]:
        """Go through the fields of the limits."""
        return (self[f"limit_{rule.id}"] for rule in RULES)

    def wanted(self) -> dict[str, Any]:
        """Return what was typed, once the form is valid."""
        limits: dict[str, Decimal | None] = dict(self._off)
        for rule in RULES:
            typed = self.cleaned_data.get(f"limit_{rule.id}")
            if typed is not None:
                limits[rule.id] = _fraction(typed) if rule.unit in _PERCENT_UNITS else typed
        return {
            "limits": limits,
            "monthly_spending": self.cleaned_data.get("monthly_spending"),
        }


class RebalancingForm(forms.Form):
    """How to rebalance; it lives in the address, since it changes nothing."""

    mode = forms.ChoiceField(
        label="What may be done",
        required=False,
        choices=[
            (Mode.BUY_ONLY.value, "Buy only"),
            (Mode.BUY_AND_SELL.value, "Buy and sell"),
        ],
    )
    new_cash = _decimal("New money")
    uses_cash = forms.BooleanField(label="Spend the portfolio's own cash too", required=False)
    keep_cash = _decimal("Cash to keep")
    least_trade = _decimal("Smallest trade")
    fee_fixed = _decimal("Fee of each trade")
    fee_rate = _percent_field("Fee in %", max_value=Decimal(50))
    step = _decimal(
        "Smallest quantity",
        min_value=Decimal("0.0000000001"),
        help_text="1 for whole shares; 0.001 where fractions can be traded.",
    )

    def wishes(self) -> Wishes:
        """Return what was typed, once the form is valid."""
        known = self.cleaned_data
        amounts: Sequence[str] = ("new_cash", "keep_cash", "least_trade", "fee_fixed")
        return Wishes(
            mode=Mode(known["mode"] or Mode.BUY_ONLY.value),
            uses_cash=known["uses_cash"],
            fee_rate=_fraction(known["fee_rate"]),
            step=known["step"],
            **{name: known[name] or _ZERO for name in amounts},
        )
