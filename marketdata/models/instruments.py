"""What is stored of instruments: what they are called, and what became of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django_mongodb_backend.fields import ArrayField

from common.fields import price_field, quantity_field
from common.models import Timestamped
from common.money import plain
from marketdata.domain import search
from marketdata.domain.actions import ActionKind, split_words
from marketdata.domain.instruments import AssetClass


class SearchTermsField(ArrayField):
    """What an instrument is found by, made anew of its symbol, name and ISIN at each saving."""

    def __init__(self, **options: Any) -> None:
        known = {"base_field": models.TextField(), "default": list, "editable": False}
        super().__init__(**(options | known))

    def deconstruct(self) -> Any:
        """Return how a migration writes the field."""
        name, path, args, options = super().deconstruct()
        fixed = {"base_field", "default", "editable"}
        return name, path, args, {key: each for key, each in options.items() if key not in fixed}

    def pre_save(self, model_instance: Any, add: bool) -> list[str]:  # noqa: FBT001 - Django's
        """Return the terms of an instrument as it is about to be stored."""
        terms = search.terms_of(
            symbol=model_instance.symbol, name=model_instance.name, isin=model_instance.isin
        )
        setattr(model_instance, self.attname, terms)
        return terms


class Instrument(Timestamped):
    """Something with a price: a listing, a currency pair, or a user's own asset.

    A currency pair is an instrument too (`EUR/USD`, priced in USD), so that rates are quoted,
    stored, streamed and aged by the same machinery as prices.
    """

    #: `XNAS:AAPL:USD` for what everybody sees, `<user id>:MYHOUSE:EUR` for somebody's own.
    identity = models.CharField(max_length=96, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    symbol = models.CharField(max_length=32)
    name = models.CharField(max_length=160)
    isin = models.CharField("ISIN", max_length=12, blank=True)
    #: Of the share at whatever market, where a directory has told; so listings of one are known.
    share_class_figi = models.CharField(
        "share class FIGI", max_length=12, blank=True, default="", editable=False
    )
    #: When a directory last answered about it, whatever it answered.
    identified_at = models.DateTimeField(null=True, blank=True, editable=False)
    mic = models.CharField("market (MIC)", max_length=4, blank=True)
    currency = models.CharField(max_length=5)
    asset_class = models.CharField(
        max_length=16, choices=[(kind.value, kind.label) for kind in AssetClass]
    )
    #: What one unit at a price of 1 is worth: 100 for most options, 0.01 for bonds in percent.
    multiplier = quantity_field(default=1)
    #: What it consists of, as `marketdata.domain.classification` reads and writes it: fractions as
    #: texts. Null where nobody has said anything yet, so that what is shipped may fill it in.
    weights = models.JSONField(null=True, blank=True)
    #: Where the weights come from, and whether they are approximate.
    weights_source = models.CharField(max_length=160, blank=True, default="")
    #: The sources that staff have chosen, as `marketdata.domain.chains` stores them; null is the
    #: order of the settings.
    sources = models.JSONField(null=True, blank=True, editable=False)
    search_terms = SearchTermsField()
    last_close = price_field(null=True, blank=True)
    last_close_date = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    #: What it turned out to be: everything that spoke of it speaks of that one now.
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(fields=["symbol"], name="instrument_symbol"),
            models.Index(fields=["isin"], name="instrument_isin"),
            # What somebody sees is read in order from one of these: by symbol past what belongs to
            # others, or, where that is much, by owner and then sorted. The server finds out which.
            models.Index(fields=["is_active", "symbol", "id"], name="instrument_active"),
            models.Index(fields=["owner", "is_active", "symbol", "id"], name="instrument_visible"),
            models.Index(fields=["asset_class", "symbol"], name="instrument_class"),
            models.Index(
                fields=["owner", "share_class_figi", "identified_at", "id"],
                name="instrument_figi",
            ),
            # One entry for each term.
            models.Index(fields=["owner", "is_active", "search_terms"], name="instrument_search"),
        ]

    def __str__(self) -> str:
        return self.identity


class InstrumentAlias(Timestamped):
    """What an instrument is called elsewhere: by a source, in a span of days, or by its ISIN.

    It is found by this name where a source uses it, and sources are asked for it by this name.
    """

    #: Makes it unique: owner, source, symbol, currency and first day.
    identity = models.CharField(max_length=200, unique=True, editable=False)
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="aliases")
    #: Who says so for themselves; null where it holds for everybody.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    #: `alpaca`, `kite`, or another name of an adapter; `isin`; empty is whoever says it.
    source = models.CharField(max_length=32, blank=True)
    #: In upper case.
    symbol = models.CharField(max_length=64)
    #: The first day on which it was called so, and the day after the last; null is without end.
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["symbol", "source"], name="alias_symbol"),
            models.Index(fields=["instrument", "id"], name="alias_instrument"),
            models.Index(fields=["owner", "valid_until"], name="alias_now"),
        ]

    def __str__(self) -> str:
        return self.identity

    @property
    def is_lasting(self) -> bool:
        """Whether it has always been called so, and still is."""
        return self.valid_from is None and self.valid_until is None

    def holds_on(self, day: date | None) -> bool:
        """Say whether it was called so on a day; None is now, which ends with the last day."""
        if day is None:
            return self.valid_until is None
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )


class CorporateAction(Timestamped):
    """What a company did to its shares, as a source tells it.

    It adjusts series of prices and lets holders be asked; what it did to units that somebody holds
    is a row of their ledger.
    """

    ANNOUNCED, WITHDRAWN = "announced", "withdrawn"

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="actions")
    kind = models.CharField(
        max_length=16, choices=[(kind.value, kind.label) for kind in ActionKind]
    )
    ex_date = models.DateField("first day without (ex)")
    record_date = models.DateField(null=True, blank=True)
    pay_date = models.DateField(null=True, blank=True)
    #: New units for each old one of a split, else those given for each one held.
    ratio = quantity_field(null=True, blank=True)
    #: For each unit, in the instrument's currency.
    cash = price_field(null=True, blank=True)
    other_symbol = models.CharField(max_length=64, blank=True, default="")
    source = models.CharField(max_length=32)
    #: The source's own, by which it is known again.
    source_id = models.CharField(max_length=64)
    #: Staff withdraw what isn't so; the source doesn't bring it back.
    state = models.CharField(
        max_length=16,
        choices=[(ANNOUNCED, "Announced"), (WITHDRAWN, "Withdrawn")],
        default=ANNOUNCED,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_id", "instrument"], name="one_action_a_source"
            ),
        ]
        indexes = [
            models.Index(fields=["instrument", "-ex_date", "-id"], name="action_by_date"),
            models.Index(fields=["instrument", "kind", "ex_date"], name="action_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ex_date} ({self.pk})"

    @property
    def summary(self) -> str:
        """What it gives, in words."""
        words = []
        if self.kind == ActionKind.SPLIT and self.ratio:
            words.append(split_words(self.ratio))
        elif self.ratio:
            words.append(f"{plain(self.ratio)} {self.other_symbol or 'units'} for each")
        elif self.other_symbol:
            words.append(self.other_symbol)
        if self.cash is not None:
            words.append(f"{plain(self.cash)} in cash for each")
        return " and ".join(words)


class InstrumentMerge(Timestamped):
    """That an instrument turned out to be another one, and how far everything has followed.

    What was changed of the instruments themselves is in here, to be taken back; what has followed
    is remembered where it is stored.
    """

    MOVING, DONE, RETURNING, UNDONE = "moving", "done", "returning", "undone"

    duplicate = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")
    survivor = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")
    #: Who said so; null once they are gone.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(
        max_length=16,
        choices=[
            (MOVING, "Moving"),
            (DONE, "Done"),
            (RETURNING, "Being undone"),
            (UNDONE, "Undone"),
        ],
    )
    #: The duplicate until this is undone, else null: so it is merged into one at a time.
    open_for = models.CharField(max_length=24, null=True, blank=True, editable=False)  # noqa: DJ001 - only open ones are unique
    #: How many references have followed, or have been taken back.
    moved = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    #: `{"was_active": true, "made": [ids of aliases], "renamed": […], "closes": [days]}`.
    content = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["open_for"], name="one_merge_an_instrument"),
        ]
        indexes = [
            # The unique index is partial, which look-ups by equality can't use.
            models.Index(fields=["open_for"], name="merge_open_for"),
            models.Index(fields=["state", "updated_at"], name="merge_state"),
            models.Index(fields=["asked_by", "-id"], name="merge_of"),
        ]

    def __str__(self) -> str:
        return f"{self.duplicate_id} is {self.survivor_id} ({self.pk})"


class MergeDismissal(models.Model):
    """That staff say of two instruments which look like one that they are two."""

    #: In the order of their ids.
    first = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    second = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")
    #: What they had in common, in words.
    by = models.CharField("in common", max_length=80)
    #: Who said so; null once they are gone.
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    dismissed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="one_dismissal_a_pair"),
        ]
        indexes = [models.Index(fields=["-dismissed_at", "id"], name="dismissals_by_moment")]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"
