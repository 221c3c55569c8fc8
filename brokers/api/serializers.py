"""What the API says of imports."""

from __future__ import annotations

from rest_framework import serializers

from brokers.domain.imports import RowState, RunState
from common.api.bodies import Body, Query
from common.api.fields import ObjectIdField

_ROW_STATES = [state.value for state in RowState]


class UploadInput(Body):
    """A file to import, as multipart/form-data."""

    file = serializers.FileField(allow_empty_file=True, max_length=200)
    creates_instruments = serializers.BooleanField(default=False)


class ImportOutput(serializers.Serializer[object]):
    """An import: where it stands, and what it counted."""

    id = ObjectIdField(source="pk")
    portfolio_id = ObjectIdField()
    file_name = serializers.CharField()
    file_format = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in RunState])
    creates_instruments = serializers.BooleanField()
    rows_total = serializers.IntegerField()
    rows_new = serializers.IntegerField()
    rows_duplicate = serializers.IntegerField()
    rows_error = serializers.IntegerField()
    rows_done = serializers.IntegerField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class RowErrorOutput(serializers.Serializer[object]):
    """What is wrong with one field of a row."""

    field = serializers.CharField()
    message = serializers.CharField()


class ImportRowOutput(serializers.Serializer[object]):
    """One row of a file: as it stands there, as it was understood, and what is wrong with it."""

    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=_ROW_STATES)
    raw = serializers.JSONField()
    content = serializers.JSONField()
    errors = RowErrorOutput(many=True)  # type: ignore[assignment]  # hides DRF's own


class RowsQuery(Query):
    """Which rows are wanted."""

    state = serializers.ChoiceField(choices=_ROW_STATES, required=False)


class ExportQuery(Query):
    """Which form the export has."""

    file = serializers.ChoiceField(choices=["json", "csv"], default="json")
