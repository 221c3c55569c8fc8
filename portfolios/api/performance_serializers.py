"""What the API says of performance, risk and returns, and which range it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.bodies import Query
from portfolios.api.explanations import ExplainedOutput, ExplainQuery
from portfolios.domain.benchmark import MOST_PARTS, Blend, Rebalancing
from portfolios.domain.figures import Unit
from portfolios.domain.percentages import Denominator, Reason
from portfolios.domain.ranges import InvalidRange, RangeName, parse_range_name
from portfolios.domain.status import Status
from portfolios.selectors.history import WantedDays

#: An id, and its weight in plain digits.
_PART = re.compile(r"([0-9a-f]{24})(?::([01](?:\.[0-9]{1,6})?))?", re.ASCII)
_STATUSES = [status.value for status in Status]


class RangeQuery(Query):
    """A range by its name, or by its first and last day; the last year unless told."""

    range = serializers.CharField(
        required=False, max_length=8, help_text=f"One of {', '.join(RangeName)}, in any case."
    )
    start = serializers.DateField(required=False, help_text="The first day.")
    end = serializers.DateField(required=False, help_text="The last day; today unless given.")

    def validate_range(self, name: str) -> RangeName:
        """Read the name."""
        try:
            return parse_range_name(name)
        except InvalidRange as error:
            raise serializers.ValidationError(error.detail) from error

    def problems(self, data: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
        """Find ranges that are given twice."""
        yield from super().problems(data)
        if data.get("range") and (data.get("start") or data.get("end")):
            yield "range", ["Give either a range or its days."]

    def wanted(self) -> WantedDays:
        """Return the range, once it is valid."""
        known = self.validated_data
        if "start" in known or "end" in known:
            return WantedDays(start=known.get("start"), end=known.get("end"))
        return WantedDays(name=known.get("range", self.usual))

    #: What is meant where nothing is given.
    usual = RangeName.YEAR

    def blend(self) -> Blend | None:
        """Return what goes beside the portfolio, once it is valid: nothing, unless told."""
        return None


class ComparisonQuery(ExplainQuery, RangeQuery):
    """A range, and an instrument or a blend to go beside it."""

    benchmark = serializers.CharField(
        required=False,
        max_length=250,
        help_text=(
            "The id of an instrument, or those of a blend with their weights, `id:0.6,id:0.4`, "
            f"which add up to 1; up to {MOST_PARTS}."
        ),
    )
    rebalancing = serializers.ChoiceField(
        choices=[each.value for each in Rebalancing],
        default=Rebalancing.DAILY.value,
        help_text="Whether the weights of a blend are restored every day, or never.",
    )

    def validate_benchmark(self, text: str) -> dict[str, Decimal]:
        """Read the instruments and their weights."""
        parts = [_PART.fullmatch(part) for part in text.split(",")]
        known = {part[1]: Decimal(part[2] or 1) for part in parts if part}
        if len(known) < len(parts):
            raise serializers.ValidationError(
                "Give the id of an instrument, or several once each with weights: id:0.6,id:0.4."
            )
        return known

    def blend(self) -> Blend | None:
        """Return what goes beside the portfolio, once it is valid.

        Raises:
            InvalidBlend: the weights don't add up to 1.
        """
        weights = self.validated_data.get("benchmark")
        if weights is None:
            return None
        return Blend(weights, Rebalancing(self.validated_data["rebalancing"]))


class ReturnsQuery(ExplainQuery, RangeQuery):
    """A range, and how it is divided; all of it by months unless told."""

    by = serializers.ChoiceField(choices=["month", "year"], default="month")
    usual = RangeName.MAX


@extend_schema_field({"type": "string", "format": "decimal", "example": "12.5"})
class DecimalText(serializers.CharField):
    """A decimal that is a text already."""


class FigureOutput(serializers.Serializer[object]):
    """A figure; `denominator` names what a fraction is of, `method` how it was estimated."""

    value = DecimalText(allow_null=True)
    unit = serializers.ChoiceField(choices=[each.value for each in Unit])
    status = serializers.ChoiceField(choices=_STATUSES)
    as_of = serializers.DateField()
    denominator = serializers.ChoiceField(
        choices=[each.value for each in Denominator], allow_null=True
    )
    method = serializers.CharField(allow_null=True)
    observations = serializers.IntegerField(allow_null=True)
    reason = serializers.ChoiceField(choices=[each.value for each in Reason], allow_null=True)
    explanation = serializers.CharField(allow_null=True)
    missing = serializers.ListField(child=serializers.CharField())
    missing_count = serializers.IntegerField()


class _FrameOutput(ExplainedOutput):
    currency = serializers.CharField()
    range = serializers.ChoiceField(choices=[each.value for each in RangeName], allow_null=True)
    start = serializers.DateField(allow_null=True)
    end = serializers.DateField(allow_null=True)
    measured_from = serializers.DateField(allow_null=True)
    days = serializers.IntegerField()
    as_of = serializers.DateField()
    valued_at = serializers.DateTimeField(allow_null=True)
    status = serializers.ChoiceField(choices=_STATUSES)
    unknown_days = serializers.ListField(child=serializers.DateField())
    unknown_days_count = serializers.IntegerField()
    policy = serializers.DictField()


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "date": {"type": "string", "format": "date"},
                "portfolio": {"type": "string", "format": "decimal", "nullable": True},
                "benchmark": {"type": "string", "format": "decimal", "nullable": True},
            },
            "required": ["date", "portfolio", "benchmark"],
        },
    }
)
class IndexField(serializers.Field[Any, Any, Any, Any]):
    """The growth since the opening, day by day: written as it is, for there may be thousands."""

    def to_representation(self, value: Any) -> Any:
        """Write it as it is."""
        return value


class BenchmarkPartOutput(serializers.Serializer[object]):
    """One instrument of a benchmark, with its weight as a fraction."""

    instrument_id = serializers.CharField()
    symbol = serializers.CharField()
    name = serializers.CharField()
    weight = DecimalText()


class _BenchmarkOutput(serializers.Serializer[object]):
    instrument_id = serializers.CharField(allow_null=True)
    symbol = serializers.CharField()
    name = serializers.CharField()
    rebalancing = serializers.ChoiceField(
        choices=[each.value for each in Rebalancing], allow_null=True
    )
    parts = BenchmarkPartOutput(many=True)


class BenchmarkPerformanceOutput(_BenchmarkOutput):
    """How a benchmark went; `lead` is how much more the portfolio is worth, of its value."""

    time_weighted = FigureOutput()
    time_weighted_yearly = FigureOutput()
    same_flows_value = FigureOutput()
    lead = FigureOutput()


class BenchmarkRiskOutput(_BenchmarkOutput):
    """How the portfolio's returns go with those of a benchmark."""

    beta = FigureOutput()
    alpha = FigureOutput()
    correlation = FigureOutput()
    tracking_error = FigureOutput()


class PerformanceOutput(_FrameOutput):
    """What a portfolio earned over a range; without a valued day there are no figures."""

    figures = serializers.DictField(source="performance", child=FigureOutput())
    index = IndexField()
    benchmark = BenchmarkPerformanceOutput(allow_null=True)


class DrawdownOutput(serializers.Serializer[object]):
    """The deepest fall, and the longest time without a new high."""

    depth = FigureOutput()
    peak_date = serializers.DateField(allow_null=True)
    trough_date = serializers.DateField(allow_null=True)
    recovery_date = serializers.DateField(allow_null=True)
    days_under_water = serializers.IntegerField()
    longest_days = serializers.IntegerField()
    longest_from = serializers.DateField(allow_null=True)


class RiskOutput(_FrameOutput):
    """How much a portfolio's returns varied; without a valued day there are no figures."""

    figures = serializers.DictField(source="risk", child=FigureOutput())
    drawdown = DrawdownOutput(allow_null=True)
    benchmark = BenchmarkRiskOutput(allow_null=True)


class PeriodOutput(serializers.Serializer[object]):
    """The time-weighted return of a month or a year, as far as the range has its days."""

    period = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """Add the field whose name is a word of Python."""
        return super().get_fields() | {"return": FigureOutput()}


class ReturnsOutput(_FrameOutput):
    """Returns of calendar months or years, oldest first."""

    by = serializers.CharField()
    returns = PeriodOutput(many=True)
