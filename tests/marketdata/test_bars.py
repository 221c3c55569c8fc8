"""Closes are read from packs, which whoever writes a bar keeps with it."""

import ast
import threading
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from common.bulk import at_midnight
from common.transactions import run_in_transaction
from marketdata import selectors
from marketdata.models import CloseYear, PriceBar
from marketdata.services.bars import delete_bar, write_bars
from tests import factories
from tests.factories import NOW

migration = import_module("marketdata.migrations.0014_close_told_in")

ROOT = Path(__file__).parents[2]
FIRST, LAST = date(2024, 12, 30), date(2026, 2, 1)


def bar(instrument, day, close):
    return PriceBar(
        instrument=instrument,
        date=date.fromisoformat(day),
        close=Decimal(close),
        source="test",
        recorded_at=NOW,
    )


def write(*bars):
    run_in_transaction(lambda: write_bars(bars))


def read(instrument, *, start=FIRST, end=LAST):
    found = selectors.closes_between([str(instrument.pk)], start=start, end=end)
    return [(str(day), close) for day, close in found.get(str(instrument.pk), [])]


@pytest.mark.django_db
def test_bars_of_several_years_and_instruments_are_read_as_they_were_written():
    gold, silver = (factories.make_instrument(symbol) for symbol in ("GOLD", "SILVER"))

    write(
        bar(gold, "2026-01-02", "3"),
        bar(gold, "2024-12-31", "1"),
        bar(silver, "2025-06-01", "0.0000000001"),
        bar(gold, "2025-01-01", "2"),
    )

    assert read(gold) == [("2024-12-31", 1), ("2025-01-01", 2), ("2026-01-02", 3)]
    assert read(silver) == [("2025-06-01", Decimal("0.0000000001"))]
    assert read(gold, start=date(2025, 1, 1), end=date(2025, 12, 31)) == [("2025-01-01", 2)]


@pytest.mark.django_db
def test_a_bar_takes_the_place_of_the_one_of_its_day():
    gold = factories.make_instrument("GOLD")
    write(bar(gold, "2025-01-01", "1"), bar(gold, "2025-01-02", "2"))

    write(bar(gold, "2025-01-02", "5"), bar(gold, "2025-01-03", "6"))

    assert read(gold) == [("2025-01-01", 1), ("2025-01-02", 5), ("2025-01-03", 6)]
    assert PriceBar.objects.count() == 3


@pytest.mark.django_db
def test_a_deleted_bar_is_gone_from_the_pack_and_the_last_one_takes_it_along():
    gold = factories.make_instrument("GOLD")
    write(bar(gold, "2025-01-01", "1"), bar(gold, "2025-01-02", "2"))

    for left in ([("2025-01-02", 2)], []):
        run_in_transaction(lambda: delete_bar(PriceBar.objects.order_by("date")[0]))
        assert read(gold) == left

    assert not CloseYear.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_write_days_of_one_year_at_once_lose_neither():
    gold = factories.make_instrument("GOLD")
    writers = [
        threading.Thread(target=write, args=[bar(gold, f"2025-01-0{day}", day)])
        for day in range(1, 5)
    ]

    for each in writers:
        each.start()
    for each in writers:
        each.join()

    assert read(gold) == [(f"2025-01-0{day}", day) for day in range(1, 5)]


def test_nobody_else_writes_bars():
    writing = {"bulk_create", "insert_many", "upsert_many", "update_many", "delete", "update"}
    others = [
        path
        for path in sorted((ROOT / "marketdata").rglob("*.py"))
        if "migrations" not in path.parts and path.name != "bars.py"
        if "PriceBar" in path.read_text()
    ]

    for path in others:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                is_bars = "PriceBar" in ast.unparse(node)
                assert not (name in writing and is_bars), f"{path}:{node.lineno}"


@pytest.mark.django_db
def test_the_migration_says_of_older_closes_that_nothing_was_converted():
    instrument = factories.make_instrument("ACME")
    factories.make_closes(instrument, {"2026-02-02": "1", "2026-02-03": "2"})
    rows = connection.get_collection(PriceBar._meta.db_table)
    rows.update_one({"date": at_midnight(date(2026, 2, 2))}, {"$unset": {"told_in": ""}})
    rows.update_one({"date": at_midnight(date(2026, 2, 3))}, {"$set": {"told_in": "GBp"}})

    for _ in range(2):
        migration.add_units(apps, SimpleNamespace(connection=connection))

    found = PriceBar.objects.order_by("date").values_list("told_in", flat=True)
    assert list(found) == ["", "GBp"]
