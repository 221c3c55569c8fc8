"""Many rows at once: what the fast ways read and write is what the ORM would."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from bson.decimal128 import Decimal128
from django.db import connection, models
from pymongo.errors import ExecutionTimeout

from common.bulk import (
    at_midnight,
    batched,
    insert_many,
    insert_missing,
    read_many,
    update_many,
    upsert_many,
)
from common.fields import amount_field
from common.transactions import run_in_transaction

COLUMNS = ("id", "name", "day", "moment", "amount", "words")
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def entry(made):
    class BulkEntry(models.Model):
        name = models.CharField(max_length=20)
        day = models.DateField()
        moment = models.DateTimeField(null=True)
        amount = amount_field(null=True)
        words = models.JSONField(default=list)

        class Meta:
            app_label = "common"

        def __str__(self):
            return self.name

    return made(BulkEntry)


def entries(entry):
    return [
        entry(name="b", day=date(2026, 1, 3), moment=MOMENT, amount=Decimal("-1.5"), words=["x"]),
        entry(name="a", day=date(2026, 1, 2), amount=None, words=[]),
        entry(name="c", day=date(2026, 1, 4), moment=None, amount=Decimal(0), words=[["1", "2"]]),
    ]


def read(entry, match=None, **options):
    return list(read_many(entry, match or {}, columns=COLUMNS, sort={"name": 1}, **options))


def test_rows_are_read_as_the_orm_reads_them(entry):
    insert_many(entries(entry))

    assert read(entry) == list(entry.objects.order_by("name").values(*COLUMNS))


def test_rows_are_inserted_as_the_orm_inserts_them(entry):
    assert insert_many(entries(entry)) == 3
    entry.objects.bulk_create(entries(entry))

    stored = list(connection.get_collection(entry._meta.db_table).find({}, {"_id": 0}))
    assert stored[:3] == stored[3:]


def test_rows_beside_others_with_the_same_values_keep_their_own(entry):
    words, amount = ["x"], Decimal("1.5")
    rows = [("a", words, amount), ("b", words, None), ("c", [], None), ("d", words, amount)]

    insert_many(
        [
            entry(name=name, day=date(2026, 1, 2), moment=MOMENT, words=words, amount=amount)
            for name, words, amount in rows
        ]
    )

    assert [(row["name"], row["words"], row["amount"]) for row in read(entry)] == rows


def test_a_limit_and_days_narrow_what_is_read(entry):
    insert_many(entries(entry))

    later = {"day": {"$gte": at_midnight(date(2026, 1, 3))}}
    assert [row["name"] for row in read(entry, later)] == ["b", "c"]
    assert [row["name"] for row in read(entry, limit=2)] == ["a", "b"]


def test_a_transaction_goes_on_while_its_rows_are_read(entry):
    insert_many(numbered(entry, 1_000))

    def read_and_write():
        names = []
        for row in read(entry):
            names.append(row["name"])
            if row["name"].endswith("00"):
                entry.objects.create(name="added", day=date(2026, 1, 2))
        return names

    assert run_in_transaction(read_and_write)[:1_000] == [f"{each:04}" for each in range(1_000)]
    assert entry.objects.filter(name="added").count() == 10


def test_rows_that_nobody_reads_to_the_end_are_in_nobodys_way(entry):
    insert_many(numbered(entry, 1_000))

    rows = read_many(entry, {}, columns=("name",), sort={"name": 1})
    assert next(rows)["name"] == "0000"
    rows.close()

    assert len(read(entry)) == 1_000


def numbered(entry, count):
    return [entry(name=f"{each:04}", day=date(2026, 1, 2)) for each in range(count)]


def test_a_column_that_a_document_lacks_is_unknown(entry):
    insert_many(entries(entry))
    connection.get_collection(entry._meta.db_table).update_many({}, {"$unset": {"amount": ""}})

    assert {row["amount"] for row in read(entry)} == {None}


def test_what_an_unrounded_update_left_is_rounded_to_the_places_kept(entry):
    insert_many(entries(entry)[:1])
    stored = connection.get_collection(entry._meta.db_table)
    stored.update_many({}, {"$set": {"amount": Decimal128("0.333333333333")}})

    assert str(read(entry)[0]["amount"]) == "0.3333333333"


def test_rows_are_overwritten_by_their_keys(entry):
    insert_many(entries(entry))
    kept = entry.objects.get(name="b")
    kept.amount, kept.words = Decimal("7.25"), ["y"]

    assert update_many([kept]) == 1

    found = {row["name"]: row for row in read(entry)}
    assert (found["b"]["amount"], found["b"]["words"]) == (Decimal("7.25"), ["y"])
    assert found["c"]["words"] == [["1", "2"]]


def test_rows_are_inserted_or_overwritten_by_their_names(entry):
    insert_many(entries(entry)[:1])

    assert upsert_many(entries(entry), key=("name",)) == 3

    assert [row["name"] for row in read(entry)] == ["a", "b", "c"]


def test_what_a_transaction_wrote_is_read_in_it_and_gone_when_it_breaks_off(entry):
    def write_and_fail():
        insert_many(entries(entry))
        assert len(read(entry)) == 3
        raise LookupError

    with pytest.raises(LookupError):
        run_in_transaction(write_and_fail)

    assert read(entry) == []


def test_rows_are_inserted_unless_their_keys_are_there(made):
    class BulkKey(models.Model):
        name = models.CharField(max_length=20, unique=True)
        amount = amount_field(null=True)

        class Meta:
            app_label = "common"

        def __str__(self):
            return self.name

    kind = made(BulkKey)
    assert insert_missing([kind(name="a", amount=1), kind(name="b", amount=1)]) == 2

    assert insert_missing([kind(name="b", amount=2), kind(name="c", amount=2)]) == 1

    assert dict(kind.objects.values_list("name", "amount")) == {"a": 1, "b": 1, "c": 2}


def test_an_insertion_that_fails_otherwise_says_so(entry, fail_point):
    fail_point("insert", errorCode=50)

    with pytest.raises(ExecutionTimeout):
        insert_missing(entries(entry))


def test_no_rows_are_no_command(entry):
    assert insert_many([]) == update_many([]) == upsert_many([], key=("name",)) == 0


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (2, [[0, 1]]), (3, [[0, 1], [2]]), (4, [[0, 1], [2, 3]])]
)
def test_batches_are_full_but_the_last(count, expected):
    assert list(batched(range(count), 2)) == expected
