"""An instrument gets another symbol, and is still meant by the one it had on the days of it."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from brokers.services import naming
from marketdata import selectors, services
from marketdata.adapters import found_assets
from marketdata.adapters.base import Asset
from marketdata.domain.instruments import AssetClass
from marketdata.finding import search_instruments
from marketdata.models import CorporateAction, InstrumentAlias
from marketdata.selectors import find_instrument, find_typed
from marketdata.services import elsewhere
from tests import stored
from tests.factories import NOW, TODAY, make_instrument

pytestmark = pytest.mark.django_db

RENAMED = date(2022, 6, 9)
BEFORE = RENAMED - timedelta(days=1)


@pytest.fixture
def meta():
    """Make what was called FB, and is called META since the day."""
    made = make_instrument("FB", name="Meta Platforms")
    return services.rename_instrument(made.pk, symbol="meta", since=RENAMED, now=NOW)


@pytest.fixture
def new_fb(meta):
    """Make what has the symbol since then."""
    asset = Asset("FB", "Another company", "XNAS", "USD", AssetClass.STOCK, "twelvedata")
    found_assets.write("fb", [asset])
    return elsewhere.take_in(asset.identity, now=NOW)


def names_of(instrument):
    rows = selectors.list_aliases(instrument.pk, user_id=None)
    return [(each.symbol, each.valid_from, each.valid_until) for each in rows]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        pytest.param({"symbol": "FB", "day": BEFORE}, "meta", id="as it was called then"),
        pytest.param({"symbol": "FB", "day": RENAMED}, "new", id="by another one since"),
        pytest.param({"symbol": "FB"}, "new", id="by another one now"),
        pytest.param({"symbol": "META"}, "meta", id="as it is called now"),
        pytest.param({"symbol": "META", "day": RENAMED}, "meta", id="since the first day"),
    ],
)
def test_a_symbol_means_what_had_it_on_the_day(meta, new_fb, ada, asked, meant):
    found = find_instrument(user_id=ada.pk, **asked)

    assert found == {"meta": meta, "new": new_fb}[meant]
    assert new_fb != meta


def test_where_nothing_is_called_so_any_more_a_later_row_is_not_guessed(meta, ada):
    assert find_instrument(user_id=ada.pk, symbol="FB", day=BEFORE) == meta
    assert find_instrument(user_id=ada.pk, symbol="FB", day=RENAMED) is None


def test_a_broker_s_history_means_it_by_the_former_symbol(meta, new_fb, ada):
    known = naming.Instruments(ada.pk, source="alpaca")
    name = naming.InstrumentName(symbol="FB")

    assert known.find(name, currency="USD", day=BEFORE, now=NOW) == str(meta.pk)
    assert known.find(name, currency="USD", day=RENAMED, now=NOW) == str(new_fb.pk)


def test_each_symbol_has_its_days(meta):
    later = date(2024, 1, 2)

    services.rename_instrument(meta.pk, symbol="MVRS", since=later, now=NOW)
    services.rename_instrument(meta.pk, symbol="MVRS", since=later, now=NOW)

    assert names_of(meta) == [("FB", None, RENAMED), ("META", RENAMED, later)]


def test_it_may_get_back_what_it_had(meta):
    back, again = date(2024, 1, 2), date(2025, 1, 2)

    services.rename_instrument(meta.pk, symbol="FB", since=back, now=NOW)
    services.rename_instrument(meta.pk, symbol="META", since=again, now=NOW)

    assert names_of(meta) == [
        ("FB", None, RENAMED),
        ("META", RENAMED, back),
        ("FB", back, again),
    ]


def test_a_name_that_staff_had_stored_before_is_the_same_one(ada):
    made = make_instrument("FB")
    services.name_instrument(made.pk, services.Alias(symbol="FB", valid_until=BEFORE), now=NOW)

    services.rename_instrument(made.pk, symbol="META", since=RENAMED, now=NOW)

    assert names_of(made) == [("FB", None, RENAMED)]


@pytest.mark.parametrize(
    ("symbol", "since", "field"),
    [
        (" ", TODAY, "symbol"),
        ("X" * 33, TODAY, "symbol"),
        ("A\u202eB", TODAY, "symbol"),
        ("MVRS", RENAMED, "since"),
        ("MVRS", date(2020, 1, 1), "since"),
    ],
)
def test_what_cannot_be_is_refused(meta, symbol, since, field):
    before = stored.everything()

    with pytest.raises(services.RenamingRefused) as refused:
        services.rename_instrument(meta.pk, symbol=symbol, since=since, now=NOW)

    assert set(refused.value.errors) == {field}
    assert stored.everything() == before


def test_two_at_one_market_are_not_called_the_same(meta, new_fb):
    make_instrument("MVRS", mic="XETR", currency="EUR")

    with pytest.raises(services.RenamingRefused) as refused:
        services.rename_instrument(meta.pk, symbol="FB", since=TODAY, now=NOW)
    services.rename_instrument(meta.pk, symbol="MVRS", since=TODAY, now=NOW)

    assert refused.value.errors == {
        "symbol": ["XNAS:FB:USD:2 is called so: rename or merge that one first."]
    }


def test_two_were_not_called_the_same_on_one_day(meta):
    other = make_instrument("OTHER")
    was_fb = services.Alias(symbol="THEN", valid_until=RENAMED)
    services.name_instrument(meta.pk, was_fb, now=NOW)
    services.rename_instrument(other.pk, symbol="THEN", since=date(2021, 1, 1), now=NOW)

    with pytest.raises(services.RenamingRefused) as refused:
        services.rename_instrument(other.pk, symbol="LAST", since=date(2022, 1, 3), now=NOW)

    assert "XNAS:FB:USD is called so" in refused.value.errors["since"][0]


def test_the_search_finds_it_by_either_and_says_so(meta, ada, program_of):
    by_new, by_old = (search_instruments(text, user_id=ada.pk)[0] for text in ("meta", "fb"))

    assert (by_new.instrument, by_new.called) == (meta, None)
    assert (by_old.instrument, by_old.called.symbol) == (meta, "FB")
    answer = program_of(ada).get(reverse("api-instrument-search"), {"q": "Fb"}).json()
    (told,) = answer["results"]
    assert told["symbol"] == "META"
    assert told["called"] == {
        "source": "",
        "symbol": "FB",
        "valid_from": None,
        "valid_until": "2022-06-09",
    }


def test_what_is_called_so_now_comes_before_what_was(meta, new_fb, ada):
    make_instrument("FBX", name="It begins so")

    found = search_instruments("FB", user_id=ada.pk)

    assert [each.instrument.symbol for each in found] == ["FB", "META", "FBX"]


def test_nobody_finds_by_a_name_what_is_not_theirs_to_see(meta, ada, bo):
    house = make_instrument("HOUSE", mic="", owner=ada)
    named = services.Alias(symbol="VILLA", owner_id=ada.pk)
    services.name_instrument(house.pk, named, now=NOW)

    assert [each.instrument for each in search_instruments("vil", user_id=ada.pk)] == [house]
    assert search_instruments("vil", user_id=bo.pk) == []


def test_a_listing_is_named_by_the_symbol_it_has(meta, new_fb, ada):
    make_instrument("META", mic="XETR", currency="EUR")

    assert find_typed("META", user_id=ada.pk) is None
    assert find_typed("XNAS:META:USD", user_id=ada.pk) == meta
    assert find_typed("XNAS:FB:USD", user_id=ada.pk) == new_fb


def test_its_identity_still_means_it_where_nothing_else_is_called_so(meta, ada):
    assert find_typed("XNAS:FB:USD", user_id=ada.pk) == meta


class TestBackOffice:
    """Staff say since when."""

    @pytest.fixture
    def staff(self, bo, browser_of):
        bo.is_staff = bo.is_superuser = True
        bo.save()
        return browser_of(bo)

    def send(self, staff, instrument, **typed):
        known = {
            "name": "Meta", "isin": "", "mic": "XNAS", "asset_class": "stock",
            "weights": "null", "is_active": "on",
        }  # fmt: skip
        address = reverse("admin:marketdata_instrument_change", args=[instrument.pk])
        return staff.post(address, known | typed)

    def test_it_keeps_the_symbol_it_had(self, staff):
        made = make_instrument("FB")

        assert self.send(staff, made, symbol="FB", name="Facebook").status_code == 302
        assert names_of(made) == []
        sent = self.send(staff, made, symbol="meta", renamed_since="2022-06-09")

        assert sent.status_code == 302
        made.refresh_from_db()
        assert (made.symbol, made.name) == ("META", "Meta")
        assert names_of(made) == [("FB", None, RENAMED)]

    def test_it_is_renamed_as_a_source_has_told(self, staff):
        made, other = make_instrument("FB"), make_instrument("OTHER")
        told = {"instrument": made, "kind": "renaming", "source": "alpaca"}
        dated = {"created_at": NOW, "updated_at": NOW}
        rows = [
            CorporateAction.objects.create(**(told | fields | dated), source_id=str(number))
            for number, fields in enumerate(
                [
                    {"ex_date": date(2024, 1, 2), "other_symbol": "MVRS"},
                    {"ex_date": RENAMED, "other_symbol": "META"},
                    {"ex_date": RENAMED, "other_symbol": "WRONG", "state": "withdrawn"},
                    {"ex_date": RENAMED, "instrument": other, "kind": "split", "ratio": 2},
                ]
            )
        ]
        chosen = {"action": "rename", "_selected_action": [str(row.pk) for row in rows]}
        address = reverse("admin:marketdata_corporateaction_changelist")

        first = staff.post(address, chosen, follow=True).content.decode()

        made.refresh_from_db()
        assert made.symbol == "MVRS"
        assert names_of(made) == [("FB", None, RENAMED), ("META", RENAMED, date(2024, 1, 2))]
        assert names_of(other) == []
        assert "2 renamed" in first
        again = staff.post(address, chosen, follow=True).content.decode()
        assert "MVRS is its symbol since 2024-01-02" in again
        made.refresh_from_db()
        assert made.symbol == "MVRS"

    def test_what_cannot_be_is_said_beside_its_field(self, staff, meta):
        answer = self.send(staff, meta, symbol="MVRS", renamed_since="2020-01-01")

        assert "META is its symbol since 2022-06-09" in answer.content.decode()
        assert InstrumentAlias.objects.count() == 1
