"""What the API says of allocation, checks, targets and proposals, and what it takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from common.api.bodies import Body
from common.api.fields import DecimalStringField, ObjectIdField
from portfolios.api.explanations import ExplainedOutput, ExplainQuery
from portfolios.domain.allocation import By
from portfolios.domain.plans import TargetsBy
from portfolios.domain.rebalancing import Mode, Outcome, Side
from portfolios.domain.rules import Unit, Verdict
from portfolios.domain.status import Status
from portfolios.domain.targets import Bands, Target
from portfolios.selectors.allocation import Wishes

_STATUSES = [status.value for status in Status]
_ZERO, _ONE = Decimal(0), Decimal(1)
#: The finest quantity that a ledger keeps.
_FINEST = Decimal("0.0000000001")


class AllocationQuery(ExplainQuery):
    """What a portfolio is to be divided by."""

    by = serializers.ChoiceField(choices=[each.value for each in By])


class ContributionOutput(serializers.Serializer[object]):
    """What one holding, or the cash of one currency, adds to a slice."""

    instrument_id = serializers.CharField(allow_null=True)
    currency = serializers.CharField(allow_null=True)
    value = DecimalStringField()


class SliceOutput(serializers.Serializer[object]):
    """One part; `weight` is of the net total, `gross_weight` of all that is held and owed."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # hides what Field calls so
    value = DecimalStringField()
    long = DecimalStringField()
    short = DecimalStringField()
    weight = DecimalStringField(allow_null=True)
    gross_weight = DecimalStringField(allow_null=True)
    contributions = ContributionOutput(many=True)


class AllocationOutput(ExplainedOutput):
    """A portfolio in slices, in its own currency; the largest first."""

    by = serializers.CharField()
    currency = serializers.CharField()
    as_of = serializers.DateTimeField()
    total = DecimalStringField(allow_null=True)
    gross = DecimalStringField(allow_null=True)
    status = serializers.ChoiceField(choices=_STATUSES)
    missing = serializers.ListField(child=serializers.CharField())
    slices = SliceOutput(many=True)


class CheckOutput(serializers.Serializer[object]):
    """A rule applied; `value` and `limit` are fractions where the unit is `share`."""

    id = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.ChoiceField(choices=[each.value for each in Unit])
    limit = DecimalStringField(allow_null=True)
    is_least = serializers.BooleanField()
    value = DecimalStringField(allow_null=True)
    verdict = serializers.ChoiceField(choices=[each.value for each in Verdict])
    explanation = serializers.CharField()
    status = serializers.ChoiceField(choices=_STATUSES)


class ChecksOutput(ExplainedOutput):
    """Every rule."""

    as_of = serializers.DateTimeField()
    checks = CheckOutput(many=True)


class LimitsInput(Body):
    """Limits by rule that differ from the usual; null switches a rule off."""

    limits = serializers.DictField(child=DecimalStringField(allow_null=True))
    monthly_spending = DecimalStringField(required=False, allow_null=True, default=None)


class BandsField(serializers.Serializer[object]):
    """How far a weight may be off; the narrower band decides."""

    absolute = DecimalStringField(min_value=_ZERO, max_value=_ONE, default=Decimal("0.05"))
    relative = DecimalStringField(min_value=_ZERO, max_value=_ONE, default=Decimal("0.25"))


class TargetField(serializers.Serializer[object]):
    """One target; a class of assets without members takes all of it that is held."""

    key = serializers.CharField(max_length=32)
    weight = DecimalStringField(min_value=_ZERO, max_value=_ONE)
    members = serializers.ListField(child=ObjectIdField(), required=False, max_length=200)


class TargetsInput(Body):
    """All targets of a portfolio; they add up to 1, or there are none."""

    by = serializers.ChoiceField(choices=[each.value for each in TargetsBy])
    targets = TargetField(many=True, max_length=200)  # type: ignore[call-arg]
    bands = BandsField(required=False)

    def wanted(self) -> dict[str, Any]:
        """Return what was sent, once it is valid."""
        known = self.validated_data
        by = TargetsBy(known["by"])
        return {
            "by": by,
            "targets": [_target(each, by) for each in known["targets"]],
            "bands": Bands(**known["bands"]) if "bands" in known else Bands(),
        }


def _target(known: dict[str, Any], by: TargetsBy) -> Target:
    members = tuple(str(each) for each in known.get("members", ()))
    if by is TargetsBy.HOLDING and not members:
        members = (known["key"],)
    return Target(known["key"], known["weight"], members)


class DriftOutput(serializers.Serializer[object]):
    """How one target stands; `amount` would have to be bought, or sold where it is below 0."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # hides what Field calls so
    members = serializers.ListField(child=serializers.CharField())
    target = DecimalStringField()
    value = DecimalStringField(allow_null=True)
    weight = DecimalStringField(allow_null=True)
    absolute = DecimalStringField(allow_null=True)
    relative = DecimalStringField(allow_null=True)
    amount = DecimalStringField(allow_null=True)
    is_outside = serializers.BooleanField()
    status = serializers.ChoiceField(choices=_STATUSES)


class TargetsOutput(ExplainedOutput):
    """The targets of a portfolio, and how far it has drifted from them."""

    by = serializers.ChoiceField(choices=[each.value for each in TargetsBy])
    currency = serializers.CharField()
    as_of = serializers.DateTimeField()
    bands = BandsField()
    targets = DriftOutput(many=True)


class RebalancingInput(Body):
    """How to rebalance; money in the portfolio's currency."""

    mode = serializers.ChoiceField(choices=[each.value for each in Mode], default="buy_only")
    new_cash = DecimalStringField(min_value=_ZERO, default=_ZERO)
    uses_cash = serializers.BooleanField(default=False)
    keep_cash = DecimalStringField(min_value=_ZERO, default=_ZERO)
    least_trade = DecimalStringField(min_value=_ZERO, default=_ZERO)
    fee_fixed = DecimalStringField(min_value=_ZERO, default=_ZERO)
    fee_rate = DecimalStringField(min_value=_ZERO, max_value=Decimal("0.5"), default=_ZERO)
    step = DecimalStringField(
        min_value=_FINEST,
        required=False,
        allow_null=True,
        help_text="The smallest quantity; 1 for whole units unless the kind has finer ones.",
    )

    def wishes(self) -> Wishes:
        """Return what was sent, once it is valid."""
        known = dict(self.validated_data)
        return Wishes(**(known | {"mode": Mode(known["mode"])}))


class TradeOutput(serializers.Serializer[object]):
    """One thing to buy or sell; all money in the portfolio's currency."""

    instrument_id = serializers.CharField()
    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=[each.value for each in Side])
    quantity = DecimalStringField()
    price = DecimalStringField()
    amount = DecimalStringField()
    fee = DecimalStringField()


class ProposalOutput(ExplainedOutput):
    """Trades that lead to the targets, or why there are none."""

    outcome = serializers.ChoiceField(choices=[each.value for each in Outcome])
    reason = serializers.CharField()
    currency = serializers.CharField()
    as_of = serializers.DateTimeField()
    trades = TradeOutput(many=True)
    fees = DecimalStringField()
    cash_left = DecimalStringField(allow_null=True)
    deviation_before = DecimalStringField(allow_null=True)
    deviation_after = DecimalStringField(allow_null=True)
    accuracy = DecimalStringField()
    targets_after = DriftOutput(many=True)
