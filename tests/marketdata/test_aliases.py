"""What instruments are called elsewhere, and which one is meant by it."""

from datetime import date

import pytest
from django.urls import reverse

from marketdata import selectors, services
from marketdata.models import InstrumentAlias
from marketdata.selectors import find_instrument
from marketdata.services import Alias
from tests import stored
from tests.factories import NOW, make_instrument

pytestmark = pytest.mark.django_db

META, BERKSHIRE = "US30303M1027", "US0846707026"
RENAMED = date(2022, 6, 9)


@pytest.fixture
def instruments(ada, bo):
    """A renamed one, whose old symbol is another one's now; share classes; two listings."""
    made = {
        "META": make_instrument("META", isin=META),
        "FB": make_instrument("FB", name="The new FB"),
        "BRK.B": make_instrument("BRK.B", isin=BERKSHIRE),
        "INFY": make_instrument("INFY", mic="XNSE", currency="INR"),
        "ADR": make_instrument("INFY", mic="XNYS"),
        "HOUSE": make_instrument("HOUSE", mic="", owner=ada),
    }
    for key, alias in [
        ("META", Alias(symbol="fb", valid_until=RENAMED)),
        ("FB", Alias(symbol="FB", valid_from=RENAMED)),
        ("INFY", Alias(symbol="NSE:INFY", source="kite")),
        ("BRK.B", Alias(symbol="US0846707026"[:-1] + "6", source="isin")),
        ("BRK.B", Alias(symbol="HOUSE2", owner_id=ada.pk)),
        ("FB", Alias(symbol="THING", owner_id=bo.pk)),
    ]:
        services.name_instrument(made[key].pk, alias, now=NOW)
    return made


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        pytest.param({"symbol": "FB", "day": date(2022, 6, 8)}, "META", id="before it was renamed"),
        pytest.param({"symbol": "FB", "day": RENAMED}, "FB", id="on the day of it"),
        pytest.param({"symbol": "fb"}, "FB", id="now"),
        pytest.param({"symbol": "nse:infy", "source": "kite"}, "INFY", id="as its source says"),
        pytest.param({"symbol": "NSE:INFY", "source": "alpaca"}, None, id="as another says"),
        pytest.param({"symbol": "BRK B"}, "BRK.B", id="a class of shares set apart otherwise"),
        pytest.param({"symbol": "BRK/B", "isin": META}, "META", id="an ISIN beats a symbol"),
        pytest.param({"symbol": "HOUSE2"}, "BRK.B", id="as one has said oneself"),
        pytest.param({"symbol": "THING"}, None, id="as a stranger has said"),
        pytest.param({"symbol": "HOUSE"}, "HOUSE", id="one's own"),
        pytest.param({"symbol": "INFY", "currency": "USD"}, "ADR", id="the currency decides"),
    ],
)
def test_a_name_is_read_as_its_source_means_it_on_the_day(instruments, ada, asked, meant):
    found = find_instrument(user_id=ada.pk, **asked)

    assert found == (instruments[meant] if meant else None)


def test_another_isin_of_an_instrument_finds_it(instruments, ada):
    old = Alias(symbol="US0378331005", source="isin")
    services.name_instrument(instruments["META"].pk, old, now=NOW)

    assert find_instrument(user_id=ada.pk, isin="US0378331005") == instruments["META"]


@pytest.mark.parametrize(
    ("alias", "field"),
    [
        (Alias(symbol=" "), "symbol"),
        (Alias(symbol="x" * 65), "symbol"),
        (Alias(symbol="a\u202eb"), "symbol"),
        (Alias(symbol="US0378331006", source="isin"), "symbol"),
        (Alias(symbol="X", source="y" * 33), "source"),
        (Alias(symbol="X", valid_from=RENAMED, valid_until=RENAMED), "valid_until"),
        (Alias(symbol="FB", valid_from=date(2022, 6, 8), valid_until=RENAMED), "symbol"),
    ],
)
def test_what_nothing_can_be_called_is_refused(instruments, alias, field):
    before = stored.everything()

    with pytest.raises(services.AliasRefused) as refused:
        services.name_instrument(instruments["BRK.B"].pk, alias, now=NOW)

    assert set(refused.value.errors) == {field}
    assert stored.everything() == before


def test_saying_it_again_changes_nothing(instruments):
    before = stored.everything()

    services.name_instrument(
        instruments["INFY"].pk, Alias(symbol="NSE:INFY", source="kite"), now=NOW
    )

    assert stored.everything() == before


def test_nobody_names_what_is_not_theirs_to_see(instruments, bo):
    with pytest.raises(selectors.InstrumentNotFound):
        services.name_instrument(
            instruments["HOUSE"].pk, Alias(symbol="X", owner_id=bo.pk), now=NOW
        )


def test_sources_are_asked_by_the_names_they_use_now(instruments):
    old = Alias(symbol="BRKB", source="alpaca", valid_until=RENAMED)
    new = Alias(symbol="BRK/B", source="alpaca", valid_from=RENAMED)
    for alias in (old, new):
        services.name_instrument(instruments["BRK.B"].pk, alias, now=NOW)

    listings = {each.identity: each for each in selectors.list_listings()}

    berkshire = listings["XNAS:BRK.B:USD"]
    assert (berkshire.spelled_by("alpaca"), berkshire.spelled_by("binance")) == ("BRK/B", "BRK.B")
    assert listings["XNSE:INFY:INR"].spelled_by("kite") == "NSE:INFY"


def test_it_is_told_on_the_page_and_over_the_api(instruments, ada, browser_of, program_of):
    meta, berkshire = instruments["META"], instruments["BRK.B"]

    page = browser_of(ada).get(reverse("instrument", args=[meta.pk])).content.decode()
    told = program_of(ada).get(reverse("api-aliases", args=[berkshire.pk])).json()["results"]

    assert "Also called" in page
    assert '<span translate="no">FB</span>' in page
    assert {"source": "", "symbol": "HOUSE2", "valid_from": None, "valid_until": None} in told


class TestBackOffice:
    """Staff see and correct them."""

    @pytest.fixture
    def staff(self, ada, browser_of):
        ada.is_staff = ada.is_superuser = True
        ada.save()
        return browser_of(ada)

    def send(self, staff, instrument, row=None, **typed):
        address = (
            reverse("admin:marketdata_instrumentalias_change", args=[row.pk])
            if row
            else reverse("admin:marketdata_instrumentalias_add")
        )
        return staff.post(address, {"instrument": instrument.pk, "symbol": "X"} | typed)

    def test_a_name_is_added_and_corrected(self, staff, instruments):
        added = self.send(staff, instruments["META"], symbol="facebook", source="kite")
        row = InstrumentAlias.objects.get(symbol="FACEBOOK")
        corrected = self.send(staff, instruments["FB"], row, symbol="FACE", source="kite")

        assert {added.status_code, corrected.status_code} == {302}
        row.refresh_from_db()
        assert (row.instrument, row.symbol) == (instruments["FB"], "FACE")
        assert find_instrument(user_id=None, symbol="face", source="kite") == instruments["FB"]

    def test_what_another_is_called_is_refused_beside_its_field(self, staff, instruments):
        answer = self.send(staff, instruments["BRK.B"], symbol="fb")

        assert answer.status_code == 200
        assert "XNAS:META:USD is called so" in answer.content.decode()
