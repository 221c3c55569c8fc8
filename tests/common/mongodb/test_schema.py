"""Unique indexes, and who may use them."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models
from django.db.migrations.operations import AlterField
from django.db.migrations.state import ModelState, ProjectState
from pymongo.errors import WriteError

from tests.plans import explain_uses_index


def index_of(model, *columns):
    """Return the options of the index over these columns."""
    found = connection.get_collection(model._meta.db_table).index_information()
    return next(
        options
        for options in found.values()
        if tuple(column for column, _ in options["key"]) == columns
    )


def badges():
    """Declare a model with a unique index of every sort."""

    class Badge(models.Model):
        number = models.CharField(max_length=9, unique=True)
        nickname = models.CharField(max_length=9, unique=True, null=True)  # noqa: DJ001
        country = models.CharField(max_length=2)
        local = models.IntegerField()
        optional = models.IntegerField(null=True)

        class Meta:
            app_label = "common"
            constraints = (
                models.UniqueConstraint(fields=["country", "local"], name="whole"),
                models.UniqueConstraint(fields=["country", "optional"], name="with_null"),
                models.UniqueConstraint(
                    fields=["local"], name="one_german", condition=models.Q(country="DE")
                ),
            )
            unique_together = (("number", "country"),)

        def __str__(self):
            return self.number

    return Badge


@pytest.fixture
def badge(made):
    return made(badges())


@pytest.mark.parametrize("columns", [("number",), ("country", "local"), ("number", "country")])
def test_a_unique_index_over_fields_that_are_never_null_is_whole(badge, columns):
    index = index_of(badge, *columns)

    assert index["unique"]
    assert "partialFilterExpression" not in index


@pytest.mark.parametrize("columns", [("nickname",), ("country", "optional"), ("local",)])
def test_a_unique_index_over_null_or_with_a_condition_stays_partial(badge, columns):
    index = index_of(badge, *columns)

    assert index["unique"]
    assert "partialFilterExpression" in index


def make(badge, number, **fields):
    return badge.objects.create(
        **{"number": number, "country": "FR", "local": int(number), **fields}
    )


def test_uniqueness_is_enforced_and_several_nulls_are_allowed(badge):
    make(badge, "1", nickname=None)
    make(badge, "2", nickname=None)

    with pytest.raises(IntegrityError):
        make(badge, "1", country="DE", local=9)
    with pytest.raises(IntegrityError):
        make(badge, "3", local=1)
    with pytest.raises(IntegrityError):
        make(badge, "4", optional=1) and make(badge, "5", optional=1)


def test_look_ups_by_a_unique_field_use_its_index(badge):
    explain_uses_index(badge.objects.filter(number="1"))
    explain_uses_index(badge.objects.filter(country="FR", local=1))


def alter(model, name, field):
    """Change a field the way a migration does."""
    before = ProjectState()
    before.add_model(ModelState.from_model(model))
    after = before.clone()
    change = AlterField(model.__name__, name, field)
    change.state_forwards("common", after)
    with connection.schema_editor() as editor:
        change.database_forwards("common", editor, before, after)


@pytest.mark.parametrize("columns", [("number",), ("number", "country")])
def test_allowing_null_makes_the_unique_indexes_partial(badge, columns):
    alter(badge, "number", models.CharField(max_length=9, unique=True, null=True))

    assert "partialFilterExpression" in index_of(badge, *columns)


@pytest.mark.parametrize("columns", [("country", "optional")])
def test_forbidding_null_makes_the_unique_indexes_whole(badge, columns):
    alter(badge, "optional", models.IntegerField(default=0))

    assert "partialFilterExpression" not in index_of(badge, *columns)


def test_a_unique_field_can_become_an_ordinary_one(badge):
    alter(badge, "number", models.CharField(max_length=9))

    make(badge, "1")
    make(badge, "1", country="DE", local=7)


def add(model, name, field, *, using=connection):
    """Add a field the way a migration does."""
    field.set_attributes_from_name(name)
    field.model = model
    with using.schema_editor() as editor:
        editor.add_field(model, field)


@pytest.mark.parametrize("default", [{}, [], {"a": {}}, {"$a": 1}])
def test_a_new_field_may_have_any_default(badge, default):
    make(badge, "1")

    add(badge, "options", models.JSONField(default=lambda: default))

    (document,) = connection.get_collection(badge._meta.db_table).find()
    assert document["options"] == default


def test_a_default_that_looks_like_a_field_is_a_text(badge):
    make(badge, "1")

    add(badge, "sign", models.CharField(max_length=9, default="$number"))

    (document,) = connection.get_collection(badge._meta.db_table).find()
    assert document["sign"] == "$number"


def test_the_stock_backend_still_computes_defaults(made, stock):
    badge = made(badges(), using=stock)
    make(badge, "1")

    with pytest.raises(WriteError, match="an empty object is not a valid value"):
        add(badge, "options", models.JSONField(default=dict), using=stock)


def test_every_index_that_the_models_ask_for_is_there(db):
    for model in apps.get_models():
        wanted = {index.name for index in model._meta.indexes}
        wanted |= {rule.name for rule in model._meta.constraints}

        found = connection.get_collection(model._meta.db_table).index_information()

        assert wanted <= set(found), model


def test_no_unique_index_of_the_platform_is_partial_without_need(db):
    for model in apps.get_models():
        nullable = {field.column for field in model._meta.local_fields if field.null}
        conditional = {rule.name for rule in model._meta.constraints if rule.condition}
        found = connection.get_collection(model._meta.db_table).index_information()
        for name, index in found.items():
            columns = {column for column, _ in index["key"]}
            if index.get("unique") and not columns & nullable and name not in conditional:
                assert "partialFilterExpression" not in index, (model, name)


def test_the_stock_backend_still_makes_every_unique_index_partial(made, stock):
    badge = made(badges(), using=stock)

    for columns in [("number",), ("country", "local")]:
        is_partial = "partialFilterExpression" in index_of(badge, *columns)
        assert is_partial, "upstream has fixed this: drop DatabaseSchemaEditor"
