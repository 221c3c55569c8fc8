"""Finding instruments while somebody types, on the real database."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata import services
from marketdata.finding import search_instruments
from marketdata.models import Instrument
from marketdata.selectors import find_typed
from tests.factories import NOW, make_instrument

pytestmark = pytest.mark.django_db

migration = import_module("marketdata.migrations.0005_instrument_search")


@pytest.fixture
def instruments(ada, bo):
    """Some of everybody's, and what only Ada and only Bo own."""
    make_instrument("AAPL", name="Apple Inc.", isin="US0378331005")
    make_instrument("APLE", name="Apple Hospitality REIT")
    make_instrument("NESN", name="Nestlé S.A.", mic="XSWX", currency="CHF")
    make_instrument("BRK.B", name="Berkshire Hathaway B")
    make_instrument("SAP", name="SAP SE", mic="XETR", currency="EUR")
    make_instrument("SAP", name="SAP SE ADR", mic="XNYS")
    make_instrument("GONE", name="Apple of old", is_active=False)
    make_instrument("HOUSE", name="Apple tree house", mic="", owner=ada)
    make_instrument("BOAT", name="Apple boat", mic="", owner=bo)
    make_instrument("🚀", name="Moon", mic="", owner=ada)


def symbols(text, user, limit=10):
    found = search_instruments(text, user_id=user.pk, limit=limit)
    return [each.instrument.symbol for each in found]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("aapl", "AAPL", id="a symbol"),
        pytest.param("us0378", "AAPL", id="the beginning of an ISIN"),
        pytest.param("nestle", "NESN", id="a name without its accent"),
        pytest.param("apple", "AAPL HOUSE APLE", id="what is one's own, nothing of a stranger"),
        pytest.param("hosp app", "APLE", id="words in any order"),
        pytest.param("BRK/B", "BRK.B", id="a symbol written otherwise"),
        pytest.param("sap", "SAP SAP", id="listings of the same"),
        pytest.param("🚀", "🚀", id="a symbol of no letters"),
        pytest.param("pple", "", id="the middle of a word"),
        pytest.param("", "", id="nothing"),
        pytest.param("   ", "", id="spaces"),
        pytest.param(".*", "", id="a pattern"),
        pytest.param("^app", "AAPL HOUSE APLE", id="a pattern's letters"),
        pytest.param("a" * 10_000, "", id="a text of ten thousand letters"),
        pytest.param("\x00\ud800", "", id="what can't be stored"),
        pytest.param('{"$ne": null}', "", id="an operator"),
    ],
)
def test_what_is_typed_finds_what_may_be_meant(instruments, ada, typed, expected):
    assert symbols(typed, ada) == expected.split()


def test_no_more_are_found_than_are_wanted(instruments, ada):
    assert symbols("a", ada, limit=2) == ["AAPL", "APLE"]
    assert symbols("apple", ada, limit=1) == ["AAPL"]


def test_any_text_is_safe(instruments, ada, bo):
    @settings(max_examples=60)
    @given(st.text(max_size=170) | st.text("$.*\\+?[](){}^|ap ", max_size=12))
    def check(text):
        assert set(symbols(text, bo)) <= {"AAPL", "APLE", "NESN", "BRK.B", "SAP", "BOAT"}

    check()


def test_a_new_name_is_found_at_once(instruments, ada):
    house = Instrument.objects.get(symbol="HOUSE")

    services.change_instrument(house.pk, owner_id=ada.pk, name="Villa Ada", now=NOW)

    assert (symbols("villa", ada), symbols("tree", ada)) == (["HOUSE"], [])


def test_one_of_several_listings_can_be_named(instruments, ada):
    assert find_typed("SAP", user_id=ada.pk) is None
    assert find_typed("xetr:sap:eur", user_id=ada.pk).currency == "EUR"
    assert find_typed(f"{ada.pk}:HOUSE:USD", user_id=ada.pk) is None


def test_the_migration_goes_on_where_it_was_stopped(instruments, ada):
    with_terms = Instrument.objects.get(symbol="SAP", mic="XETR").pk
    rows = connection.get_collection(Instrument._meta.db_table)
    rows.update_many({"_id": {"$ne": with_terms}}, {"$unset": {"search_terms": ""}})
    rows.update_one({"_id": with_terms}, {"$set": {"search_terms": ["done"]}})
    rows.update_one({"symbol": "NESN"}, {"$set": {"search_terms": []}})

    for _ in range(2):
        migration.add_terms(apps, SimpleNamespace(connection=connection))

    assert symbols("nestle", ada) == ["NESN"]
    assert symbols("apple", ada) == ["AAPL", "HOUSE", "APLE"]
    assert Instrument.objects.get(pk=with_terms).search_terms == ["done"]
