"""What the API says of the choices that results depend on, and what it takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from accounts import preferences
from common.api.bodies import Body
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

_DEFAULT = asdict(Policy())


def _values(choices: Iterable[Any]) -> list[str]:
    return [each.value for each in choices]


class PolicyInput(Body):
    """All choices; those left out are as in the beginning."""

    cost_method = serializers.ChoiceField(_values(CostMethod), default=CostMethod.FIFO.value)
    pool_scope = serializers.ChoiceField(_values(PoolScope), default=PoolScope.PORTFOLIO.value)
    fees = serializers.ChoiceField(_values(Charges), default=Charges.INCLUDED.value)
    taxes = serializers.ChoiceField(_values(Charges), default=Charges.INCLUDED.value)
    oversell = serializers.ChoiceField(_values(OversellRule), default=OversellRule.REPORT.value)
    day_count = serializers.ChoiceField(_values(DayCount), default=DayCount.ACTUAL_365.value)
    price_basis = serializers.ChoiceField(_values(PriceBasis), default=PriceBasis.RAW.value)
    max_rate_age_days = serializers.IntegerField(
        min_value=0, max_value=MAX_RATE_AGE_DAYS, default=_DEFAULT["max_rate_age_days"]
    )
    uses_booked_rates = serializers.BooleanField(default=_DEFAULT["uses_booked_rates"])
    deliveries_realize = serializers.BooleanField(default=_DEFAULT["deliveries_realize"])
    zone = serializers.ChoiceField(preferences.time_zone_choices(), default=_DEFAULT["zone"])

    def policy(self) -> Policy:
        """Return what was sent, once it is valid."""
        return Policy.chosen(self.validated_data)


class PolicyOutput(serializers.Serializer[object]):
    """All choices that a result depends on."""

    cost_method = serializers.ChoiceField(_values(CostMethod))
    pool_scope = serializers.ChoiceField(_values(PoolScope))
    fees = serializers.ChoiceField(_values(Charges))
    taxes = serializers.ChoiceField(_values(Charges))
    oversell = serializers.ChoiceField(_values(OversellRule))
    day_count = serializers.ChoiceField(_values(DayCount))
    price_basis = serializers.ChoiceField(_values(PriceBasis))
    max_rate_age_days = serializers.IntegerField()
    uses_booked_rates = serializers.BooleanField()
    deliveries_realize = serializers.BooleanField()
    zone = serializers.CharField()
