"""Instruments that people make for themselves, on the pages: making, changing, classifying."""

from decimal import Decimal

import pytest
from django.urls import reverse

from marketdata.models import Instrument
from portfolios.domain.allocation import By
from portfolios.selectors.allocation import Spread
from tests import factories, stored
from tests.factories import NOW, buy
from tests.portfolios.browsing import assert_shows, errors_of, page, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db

HOUSE = {"symbol": "house", "name": "House at the lake", "currency": "EUR", "asset_class": "other"}


@pytest.fixture
def house(ada):
    return factories.make_instrument("HOUSE", owner=ada, mic="", currency="EUR")


def make(browser, **changed):
    return browser.post(reverse("instrument-new"), HOUSE | changed)


def edit(browser, instrument, **typed):
    known = {"name": "House", "asset_class": "other", "multiplier": "1", "is_active": "on"}
    return browser.post(reverse("instrument-edit", args=[instrument.pk]), known | typed)


def classify(browser, instrument, **typed):
    """Send percentages of parts by dimension: `sector=[("energy", "40")]`."""
    body = {"source": typed.pop("source", "")} | typed.pop("more", {})
    for dimension, parts in typed.items():
        for number, (key, percent) in enumerate(parts):
            body |= {f"{dimension}_{number}": key, f"{dimension}_{number}_percent": percent}
    return browser.post(reverse("instrument-weights", args=[instrument.pk]), body)


def weights_of(instrument):
    return Instrument.objects.get(pk=instrument.pk).weights


class TestMaking:
    """An instrument that no market lists."""

    def test_it_is_made_and_only_its_owner_sees_it(self, browser, browser_of, bo, ada):
        answer = make(browser, multiplier="0.01")

        made = Instrument.objects.get()
        assert answer["Location"] == reverse("instrument", args=[made.pk])
        assert (made.symbol, made.owner_id, made.currency) == ("HOUSE", ada.pk, "EUR")
        assert (made.asset_class, made.multiplier) == ("other", Decimal("0.01"))
        assert_shows(page(browser, "own-instruments"), "House at the lake", "Record a price")
        assert "House at the lake" not in page(browser_of(bo), "own-instruments")
        assert browser_of(bo).get(answer["Location"]).status_code == 404

    @pytest.mark.parametrize(
        ("changed", "field", "said"),
        [
            ({"symbol": ""}, "symbol", "This field is required."),
            ({"symbol": "a\u202eb"}, "symbol", "invisible character"),
            ({"name": ""}, "name", "This field is required."),
            ({"currency": "XXX"}, "currency", "Select a valid choice"),
            ({"asset_class": "currency"}, "asset_class", "Select a valid choice"),
            ({"isin": "US0378331006"}, "isin", "check digit"),
            ({"multiplier": "0"}, "multiplier", "above 0"),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field(self, browser, changed, field, said):
        assert said in errors_of(make(browser, **changed))[field][0]
        assert not Instrument.objects.exists()

    def test_a_second_one_of_the_same_symbol_and_currency_is_refused(self, browser, house):
        assert "You already have" in errors_of(make(browser))["symbol"][0]

    def test_forms_that_know_no_such_symbol_lead_there(self, browser, portfolio):
        watchlist = browser.post("/watchlists/", {"name": "Mine"})["Location"]
        bought = {"kind": "buy", "trade_date": "2026-01-05", "quantity": "1", "price": "5"}
        link = '/instruments/new/?symbol=MY+HOUSE%3C" target="_blank"'

        ledger = browser.post(
            reverse("transactions", args=[portfolio.pk]), bought | {"instrument": "my house<"}
        )
        watched = browser.post(watchlist, {"symbol": "my house<"})
        alert = browser.post("/alerts/", {"kind": "price_above", "limit": "1", "symbol": "house"})

        for answer in (ledger, watched):
            assert answer.status_code == 422
            assert link in answer.content.decode()
            assert "MY HOUSE&lt; is not known here" in answer.content.decode()
        assert "/instruments/new/?symbol=HOUSE" in alert.content.decode()
        assert 'value="MY HOUSE"' in page(browser, "instrument-new", symbol="my house")


class TestChanging:
    """What may be changed later."""

    def test_it_is_changed(self, browser, house):
        edit(
            browser,
            house,
            name=" Boat house ",
            asset_class="fund",
            multiplier="2",
            isin="us0378331005",
        )

        found = Instrument.objects.get()
        assert found.isin == "US0378331005"
        assert (found.name, found.asset_class, found.multiplier) == ("Boat house", "fund", 2)
        assert found.is_active

    def test_what_is_out_of_use_is_no_longer_suggested_but_stays_listed(self, browser, house):
        answer = browser.post(
            reverse("instrument-edit", args=[house.pk]), {"name": "House", "asset_class": "other"}
        )

        assert answer.status_code == 302
        assert_shows(page(browser, "own-instruments"), "not suggested")
        assert not Instrument.objects.get().is_active

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "a\u202eb"}, "name"),
            ({"multiplier": "-1"}, "multiplier"),
            ({"isin": "US0378331006"}, "isin"),
        ],
    )
    def test_what_cannot_be_is_refused(self, browser, house, typed, field):
        before = stored.everything()

        assert field in errors_of(edit(browser, house, **typed))
        assert stored.everything() == before

    def test_what_everybody_sees_is_nobodys_to_change(self, browser, acme):
        assert browser.get(reverse("instrument-edit", args=[acme.pk])).status_code == 409
        assert edit(browser, acme).status_code == 409
        assert classify(browser, acme).status_code == 409


class TestClassifying:
    """What it consists of, in percent."""

    def test_percentages_become_weights_and_divide_the_portfolio(self, browser, ada, house):
        factories.make_closes(house, {"2026-02-27": "200"})
        home = computed(ada, buy(house, "1", "100"), base_currency="EUR", tracks_cash=False)

        answer = classify(
            browser,
            house,
            sector=[("real_estate", "62.5"), ("", ""), ("energy", "12.5")],
            country=[("DE", "100")],
            source="its books",
        )

        assert answer.status_code == 302
        assert weights_of(house) == {
            "sector": {"real_estate": "0.625", "energy": "0.125"},
            "country": {"DE": "1"},
        }
        slices = Spread(home, now=NOW).allocation(By.SECTOR).slices
        assert {each.key: each.value for each in slices} == {
            "real_estate": 125,
            "energy": 25,
            "unknown": 50,
        }
        shown = page(browser, "instrument", house.pk)
        assert_shows(shown, "Real estate", "62.50%", "Unknown", "25.00%", "Germany", "its books")
        form = page(browser, "instrument-edit", house.pk)
        assert_shows(form, 'value="62.5"', 'value="its books"')

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"sector": [("energy", "60"), ("materials", "41")]}, "add up to more than 1"),
            ({"sector": [("energy", "0")]}, "above"),
            ({"sector": [("energy", "")]}, "Say how many percent."),
            ({"sector": [("", "5")]}, "Choose a part."),
            ({"sector": [("magic", "5")]}, "Select a valid choice"),
            ({"sector": [("energy", "x")]}, "is not a number"),
            ({"sector": [("energy", "1"), ("energy", "2")]}, "named twice"),
            ({"source": "x" * 161}, "at most 160"),
        ],
    )
    def test_what_cannot_be_is_refused_and_what_was_typed_stays(self, browser, house, typed, said):
        before = stored.everything()

        answer = classify(browser, house, **typed)

        assert answer.status_code == 422
        assert_shows(text_of(answer), said)
        assert stored.everything() == before

    def test_room_for_more_parts_keeps_what_was_typed_and_saves_nothing(self, browser, house):
        answer = classify(browser, house, country=[("DE", "40")], more={"more": "1"})

        assert answer.status_code == 200
        assert weights_of(house) is None
        text = text_of(answer)
        assert_shows(text, 'value="40"', '<option value="DE" selected>', 'name="country_3"')
        assert 'name="country_4"' not in text

    def test_emptying_everything_forgets_it(self, browser, house):
        classify(browser, house, country=[("DE", "40")])

        classify(browser, house, country=[("", "")])

        assert weights_of(house) == {}
