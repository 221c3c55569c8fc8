"""What the API says of instruments and prices."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.bodies import Body, Query
from common.api.fields import CurrencyField, DecimalStringField, ObjectIdField
from common.errors import NotFound
from common.ids import parse_object_id
from marketdata.domain.actions import ActionKind
from marketdata.domain.classification import stored_weights
from marketdata.domain.instruments import AssetClass
from marketdata.domain.intraday import BarStatus, Interval
from marketdata.domain.quotes import MarketState
from marketdata.services import LONGEST_SOURCE, MOST_PRICES

_MOST_QUOTES = 500
_MOST_FOUND = 50
#: Nobody has minutes of earlier days, and there are no hours before the first year.
_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
#: Some four thousand bars of what is traded around the clock.
_MOST_HOURS = {Interval.MINUTE: 72, Interval.FIVE_MINUTES: 14 * 24, Interval.HOUR: 180 * 24}


class InstrumentOutput(serializers.Serializer[object]):
    """An instrument."""

    id = ObjectIdField(source="pk")
    symbol = serializers.CharField()
    name = serializers.CharField()
    isin = serializers.CharField()
    share_class_figi = serializers.CharField(
        help_text="Of the share at whatever market; empty where no directory has told it."
    )
    mic = serializers.CharField()
    currency = serializers.CharField()
    multiplier = DecimalStringField()
    asset_class = serializers.ChoiceField(choices=[kind.value for kind in AssetClass])
    last_close = DecimalStringField(allow_null=True)
    last_close_date = serializers.DateField(allow_null=True)
    is_active = serializers.BooleanField()
    is_own = serializers.SerializerMethodField()

    def get_is_own(self, instrument: object) -> bool:
        """Say whether it is the user's own, seen by nobody else."""
        return getattr(instrument, "owner_id", None) is not None


class AliasOutput(serializers.Serializer[object]):
    """What an instrument is called elsewhere, and when."""

    source = serializers.CharField(  # type: ignore[assignment]  # hides what Field calls so
        help_text="Who calls it so; `isin` where it is another ISIN of it, empty for anybody."
    )
    symbol = serializers.CharField()
    valid_from = serializers.DateField(allow_null=True, help_text="Null is since ever.")
    valid_until = serializers.DateField(
        allow_null=True, help_text="The day after the last one; null is without end."
    )


class ActionOutput(serializers.Serializer[object]):
    """What a company did to its shares, as a source tells it."""

    id = ObjectIdField(source="pk")
    kind = serializers.ChoiceField(choices=[kind.value for kind in ActionKind])
    ex_date = serializers.DateField()
    record_date = serializers.DateField(allow_null=True)
    pay_date = serializers.DateField(allow_null=True)
    ratio = DecimalStringField(
        allow_null=True,
        help_text="New units for each old one of a split, else those given for each one held.",
    )
    cash = DecimalStringField(
        allow_null=True, help_text="For each unit, in the instrument's currency."
    )
    other_symbol = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # hides what Field calls so
    state = serializers.ChoiceField(
        choices=["announced", "withdrawn"], help_text="What was withdrawn doesn't count."
    )


class MergeInput(Body):
    """What an instrument of the user's own really is."""

    into = ObjectIdField(help_text="The instrument that it turned out to be.")


class MergeOutput(serializers.Serializer[object]):
    """That an instrument turned out to be another one, and how far everything has followed."""

    instrument_id = ObjectIdField(source="duplicate_id")
    into = ObjectIdField(source="survivor_id")
    state = serializers.ChoiceField(choices=["moving", "done", "returning", "undone"])
    moved = serializers.IntegerField(help_text="How many references have followed so far.")
    returned = serializers.IntegerField(help_text="How many are back, once it is taken back.")


class InstrumentInput(Body):
    """An instrument of the user's own."""

    symbol = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=160)
    currency = CurrencyField()
    asset_class = serializers.ChoiceField(choices=[kind.value for kind in AssetClass])
    isin = serializers.CharField(max_length=12, required=False, allow_blank=True, default="")
    multiplier = DecimalStringField(required=False, default=Decimal(1))


class InstrumentChange(Body):
    """What may be changed of an instrument of the user's own; what is left out stays."""

    name = serializers.CharField(max_length=160, required=False)
    asset_class = serializers.ChoiceField(
        choices=[kind.value for kind in AssetClass], required=False
    )
    isin = serializers.CharField(max_length=12, required=False, allow_blank=True)
    is_active = serializers.BooleanField(required=False)
    multiplier = DecimalStringField(required=False)


_WEIGHTS = {
    "type": "object",
    "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}},
    "example": {"sector": {"energy": "0.4"}, "country": {"US": "0.6", "JP": "0.4"}},
}


@extend_schema_field(_WEIGHTS)
class WeightsField(serializers.Field[Any, Any, Any, Any]):
    """Dimension → key → fraction as a text; the service checks what is in it."""

    def to_internal_value(self, data: Any) -> Any:
        """Pass on what was sent."""
        return data

    def to_representation(self, value: Any) -> Any:
        """Write the fractions as texts, as they are stored."""
        return stored_weights(value)


class WeightsInput(Body):
    """What an instrument of the user's own consists of, in place of what was said before."""

    weights = WeightsField()
    source = serializers.CharField(  # type: ignore[assignment]  # hides what Field calls so
        max_length=LONGEST_SOURCE, required=False, allow_blank=True, default=""
    )


class WeightsOutput(serializers.Serializer[object]):
    """What an instrument consists of, as far as that is known, and where that is from."""

    weights = WeightsField()
    source = serializers.CharField()  # type: ignore[assignment]  # hides what Field calls so


class PriceInput(Body):
    """What an instrument of the user's own cost at the end of a day, in its currency."""

    date = serializers.DateField()
    close = DecimalStringField()


class PricesInput(Body):
    """Prices to record, each day once."""

    prices = serializers.ListField(child=PriceInput(), allow_empty=False, max_length=MOST_PRICES)


class PricesRecorded(serializers.Serializer[object]):
    """How many prices were recorded."""

    recorded = serializers.IntegerField()


class PriceOutput(serializers.Serializer[object]):
    """The close of a day, and where it comes from: `manual` is recorded by hand."""

    date = serializers.DateField()
    close = DecimalStringField()
    source = serializers.CharField()  # type: ignore[assignment]  # hides what Field calls so
    told_in = serializers.CharField(
        help_text="The unit that the source quotes in, such as `GBp`, where the close was brought "
        "from it into the instrument's currency; else empty."
    )
    recorded_at = serializers.DateTimeField()


class QuoteOutput(serializers.Serializer[object]):
    """The newest price of an instrument."""

    instrument_id = serializers.CharField()
    price = DecimalStringField()
    currency = serializers.CharField()
    at = serializers.DateTimeField()
    source = serializers.CharField()  # type: ignore[assignment]  # hides what Field calls so
    previous_close = DecimalStringField(allow_null=True)
    change = DecimalStringField(allow_null=True)
    change_rate = DecimalStringField(allow_null=True)
    market_state = serializers.ChoiceField(choices=[state.value for state in MarketState])
    delay_seconds = serializers.IntegerField(
        help_text="How late the source is by agreement; 0 where its prices come as they are made."
    )
    confirmed_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the source last vouched for it, where that is later than `at`.",
    )


class QuotesOutput(serializers.Serializer[object]):
    """Newest prices; instruments without one are left out."""

    quotes = QuoteOutput(many=True)


class BarOutput(serializers.Serializer[object]):
    """One day's close."""

    date = serializers.DateField()
    close = DecimalStringField()


class BarsOutput(serializers.Serializer[object]):
    """Daily closes, oldest first."""

    bars = BarOutput(many=True)


class IntradayBarsQuery(Query):
    """Which bars are wanted: how long each is, how far back they go, and from when."""

    interval = serializers.ChoiceField(
        choices=[each.value for each in Interval], default=Interval.MINUTE.value
    )
    hours = serializers.IntegerField(
        min_value=1,
        default=24,
        help_text="How far back: up to "
        + ", ".join(f"{most} hours of `{each.value}`" for each, most in _MOST_HOURS.items())
        + ".",
    )
    until = serializers.DateTimeField(
        required=False, help_text="The bars that begin before this moment; now unless told."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse more bars than one answer should have."""
        interval = Interval(attrs["interval"])
        if "until" in attrs and attrs["until"] < _FIRST_MOMENT:
            raise serializers.ValidationError({"until": "Give a moment since 1970."})
        if attrs["hours"] > _MOST_HOURS[interval]:
            raise serializers.ValidationError(
                {"hours": f"Ask for {_MOST_HOURS[interval]} hours of {interval.value} at most."}
            )
        return attrs | {"interval": interval}


class IntradayBarOutput(serializers.Serializer[object]):
    """The prices of a span of time, in units of today."""

    at = serializers.DateTimeField(help_text="When it begins.")
    open = DecimalStringField()
    high = DecimalStringField()
    low = DecimalStringField()
    close = DecimalStringField()
    source = serializers.CharField(  # type: ignore[assignment]  # hides what Field calls so
        help_text="Who told the prices; several with commas between them."
    )
    status = serializers.ChoiceField(
        choices=[each.value for each in BarStatus],
        help_text="`final` is told by the source for all of its time; `sampled` is made of the "
        "quotes that were seen, and may still change.",
    )


class IntradayBarsOutput(serializers.Serializer[object]):
    """Bars within days, oldest first; times without a price are left out."""

    currency = serializers.CharField()
    interval = serializers.ChoiceField(choices=[each.value for each in Interval])
    bars = IntradayBarOutput(many=True)


class QuotesQuery(Query):
    """Whose prices are wanted."""

    ids = serializers.CharField(
        help_text=f"Instrument ids, separated by commas; {_MOST_QUOTES} at most."
    )

    def validate_ids(self, text: str) -> list[ObjectId]:
        """Read the ids."""
        texts = [each.strip() for each in text.split(",") if each.strip()]
        if len(texts) > _MOST_QUOTES:
            raise serializers.ValidationError(f"Ask for {_MOST_QUOTES} quotes at most.")
        try:
            return [parse_object_id(each) for each in texts]
        except NotFound as error:
            raise serializers.ValidationError(
                "Separate ids of 24 hexadecimal digits by commas."
            ) from error


class BarsQuery(Query):
    """Which days are wanted; both are included."""

    start = serializers.DateField(required=False)
    end = serializers.DateField(required=False)


class SearchQuery(Query):
    """What somebody has typed."""

    q = serializers.CharField(
        allow_blank=True,
        help_text="The beginning of a symbol, of an ISIN, or of words of the name; any text.",
    )
    limit = serializers.IntegerField(required=False, min_value=1, max_value=_MOST_FOUND, default=10)


class AssetOutput(serializers.Serializer[object]):
    """Something that a source knows and that is no instrument here yet."""

    identity = serializers.CharField()
    symbol = serializers.CharField()
    name = serializers.CharField()
    mic = serializers.CharField()
    currency = serializers.CharField()
    asset_class = serializers.ChoiceField(choices=[kind.value for kind in AssetClass])
    source = serializers.CharField()  # type: ignore[assignment]  # hides what Field calls so


class AssetInput(Body):
    """What was chosen of what sources know."""

    identity = serializers.CharField(max_length=96)


class HitOutput(InstrumentOutput):
    """An instrument that was found, and by which other name if it was one."""

    called = AliasOutput(
        allow_null=True,
        help_text="The name that it was found by, such as the symbol it had up to a day; null "
        "where it was found by what it is called now.",
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Write the instrument with the name beside it."""
        known = dict(InstrumentOutput(instance.instrument).data)
        called = instance.called
        return known | {"called": None if called is None else AliasOutput(called).data}


class SearchOutput(serializers.Serializer[object]):
    """What was found, likeliest first."""

    results = HitOutput(many=True)
    elsewhere = AssetOutput(
        many=True, help_text="What sources of closes know, where nothing is found here."
    )
    is_asking = serializers.BooleanField(
        help_text="The sources are being asked; search again in a second."
    )


class InstrumentsQuery(Query):
    """Which instruments are wanted."""

    symbol = serializers.CharField(required=False, max_length=32, help_text="How it begins.")
