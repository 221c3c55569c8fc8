"""What instruments consist of, stored: by services, by the directory, in the back office."""

from dataclasses import replace

import pytest
from bson import ObjectId
from django.urls import reverse

from marketdata import selectors, services
from marketdata.adapters.directory import entries
from marketdata.domain.classification import WeightsRefused
from marketdata.models import Instrument
from tests import factories, stored
from tests.factories import NOW

pytestmark = pytest.mark.django_db

ENERGY = {"sector": {"energy": "0.4"}}


def test_an_instrument_is_classified_in_place_of_what_was_said_before():
    instrument = factories.make_instrument("ACME")

    services.classify_instrument(instrument.pk, weights=ENERGY, source=" a  letter ", now=NOW)
    services.classify_instrument(
        instrument.pk, weights={"country": {"DE": "1.0"}}, source="", now=NOW
    )

    found = Instrument.objects.get(pk=instrument.pk)
    assert (found.weights, found.weights_source) == ({"country": {"DE": "1"}}, "")


def test_weights_that_cannot_be_change_nothing():
    instrument = factories.make_instrument("ACME")
    before = stored.everything()

    for weights, source in (({"sector": {"magic": "1"}}, ""), (ENERGY, "x" * 161)):
        with pytest.raises(WeightsRefused):
            services.classify_instrument(instrument.pk, weights=weights, source=source, now=NOW)
    with pytest.raises(selectors.InstrumentNotFound):
        services.classify_instrument(ObjectId(), weights=ENERGY, source="", now=NOW)

    assert stored.everything() == before


def test_the_directory_fills_in_what_nobody_has_classified():
    shipped = next(each for each in entries() if each.symbol == "AAPL")
    services.install_directory([replace(shipped, weights={}, weights_source="")], now=NOW)
    assert Instrument.objects.get().weights is None

    added = services.install_directory([shipped], now=NOW)

    found = Instrument.objects.get()
    assert added == 0
    assert found.weights == {"sector": {"information_technology": "1"}, "country": {"US": "1"}}
    assert found.weights_source == shipped.weights_source


def test_the_directory_leaves_alone_what_somebody_has_classified():
    shipped = next(each for each in entries() if each.symbol == "AAPL")
    services.install_directory([shipped], now=NOW)
    services.classify_instrument(Instrument.objects.get().pk, weights={}, source="emptied", now=NOW)

    services.install_directory([shipped], now=NOW)

    assert Instrument.objects.get().weights == {}


def test_staff_edit_weights_in_the_back_office_and_are_told_what_is_wrong(browser_of, db):
    root = factories.make_user("root@example.test", is_staff=True, is_superuser=True)
    instrument = factories.make_instrument("ACME")
    address = reverse("admin:marketdata_instrument_change", args=[instrument.pk])
    form = {
        "symbol": "ACME",
        "name": "Acme",
        "isin": "",
        "mic": "XNAS",
        "asset_class": "stock",
        "is_active": "on",
        "weights_source": "its report",
    }
    browser = browser_of(root)

    refused = browser.post(address, form | {"weights": '{"sector": {"magic": "1"}}'})
    saved = browser.post(address, form | {"weights": '{"sector": {"energy": "0.40"}}'})

    assert "is no sector" in refused.content.decode()
    assert saved.status_code == 302
    assert Instrument.objects.get(pk=instrument.pk).weights == ENERGY


class TestOwnInstruments:
    """What people say of instruments that only they see, over the service and the API."""

    @pytest.fixture
    def house(self, ada):
        return factories.make_instrument("HOUSE", owner=ada, mic="")

    @pytest.fixture
    def api(self, program_of, ada):
        return program_of(ada)

    def test_only_what_is_ones_own_is_classified(self, ada, bo, house):
        shared = factories.make_instrument("ACME")
        before = stored.everything()
        asked = {"weights": ENERGY, "source": "", "now": NOW}

        with pytest.raises(selectors.InstrumentNotFound):
            services.classify_own_instrument(house.pk, owner_id=bo.pk, **asked)
        with pytest.raises(selectors.NotYourInstrument):
            services.classify_own_instrument(shared.pk, owner_id=ada.pk, **asked)

        assert stored.everything() == before

    def test_programs_read_and_replace_them(self, api, house):
        at = reverse("api-weights", args=[house.pk])
        wanted = {"country": {"DE": "0.60", "AT": "0.4"}}

        first = api.get(at).json()
        put = api.put(at, {"weights": ENERGY, "source": "a guess"}, format="json").json()
        again = api.put(at, {"weights": wanted}, format="json").json()

        assert first == {"weights": {}, "source": ""}
        assert put == {"weights": ENERGY, "source": "a guess"}
        assert again == {"weights": {"country": {"DE": "0.6", "AT": "0.4"}}, "source": ""}
        assert api.get(at).json() == again

    def test_everybody_reads_those_of_a_shared_one_and_nobody_writes_them(self, api):
        shared = factories.make_instrument("ACME", weights=ENERGY, weights_source="its report")
        at = reverse("api-weights", args=[shared.pk])

        assert api.get(at).json() == {"weights": ENERGY, "source": "its report"}
        assert api.put(at, {"weights": {}}, format="json").status_code == 409

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "weights"),
            ({"weights": ["energy"]}, "weights"),
            ({"weights": {"sector": {"magic": "1"}}}, "weights.sector"),
            ({"weights": {"sector": {"energy": "0.6", "materials": "0.5"}}}, "weights.sector"),
            ({"weights": {"sector": {"energy": 0.4}}}, "weights.sector"),
            ({"weights": {"taste": {"sweet": "1"}}}, "weights.taste"),
            ({"weights": {}, "source": "x" * 161}, "source"),
            ({"weights": {}, "source": "a\u202eb"}, "source"),
            ({"weights": {}, "sum": "1"}, "sum"),
        ],
    )
    def test_what_cannot_be_is_refused_by_its_field(self, api, house, body, field):
        before = stored.everything()

        answer = api.put(reverse("api-weights", args=[house.pk]), body, format="json")

        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
        assert stored.everything() == before
