"""Watchlists, alerts and the inbox, as people and as programs see them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from common import clock
from marketdata.adapters import quote_cache
from portfolios.domain.alerts import AlertKind
from portfolios.models import Alert, Firing, Watchlist
from portfolios.services import alerts, watchlists
from tests import factories
from tests.factories import NOW
from tests.portfolios.watching import make_alert, quote_of, see

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(db):
    return factories.make_instrument("ACME")


@pytest.fixture
def browser(browser_of, ada):
    return browser_of(ada)


@pytest.fixture
def program(program_of, ada):
    return program_of(ada)


@pytest.fixture
def tech(ada):
    return watchlists.create_watchlist(ada.pk, name="Tech", now=NOW)


def symbols_of(page):
    return [entry["instrument"]["symbol"] for entry in page.context["entries"]]


class TestWatchlistPages:
    """Lists that people keep."""

    @pytest.mark.parametrize(("seconds", "badge"), [(900, ">15 min late<"), (0, "hidden></span>")])
    def test_a_price_that_is_late_by_agreement_says_so(self, browser, acme, seconds, badge):
        quote_cache.write([replace(quote_of(acme, "110"), delay_seconds=seconds)])
        address = browser.post("/watchlists/", {"name": "Tech"})["Location"]
        browser.post(address, {"symbol": "ACME"})

        pages = [browser.get(address), browser.get(f"/instruments/{acme.pk}/")]

        for page in pages:
            _before, shown = page.content.decode().split(
                f'data-live="quote:{acme.pk}:delay_seconds"'
            )
            assert badge in shown[:80]

    def test_a_watchlist_is_made_filled_ordered_and_emptied(self, browser, acme):
        bolt = factories.make_instrument("BOLT")
        quote_cache.write([quote_of(acme, "110")])

        made = browser.post("/watchlists/", {"name": "Tech"})
        address = made["Location"]
        for symbol in ("acme", "BOLT"):
            browser.post(address, {"symbol": symbol, "note": f"my {symbol}"})
        shown = browser.get(address)
        browser.post(f"{address}entries/{bolt.pk}/move/", {"place": "0"})
        moved = browser.get(address)
        browser.post(f"{address}entries/{acme.pk}/remove/")
        removed = browser.get(address)

        text = shown.content.decode()
        assert symbols_of(shown) == ["ACME", "BOLT"]
        assert f'data-live="quote:{acme.pk}:price"' in text
        assert "110.00" in text
        assert "+10.00%" in text
        assert "my acme" in text
        assert "no price is known" in text
        assert symbols_of(moved) == ["BOLT", "ACME"]
        assert symbols_of(removed) == ["BOLT"]
        browser.post(f"{address}delete/")
        assert browser.get(address).status_code == 404

    def test_what_is_not_known_is_refused_and_what_was_typed_stays(self, browser, tech):
        answer = browser.post(f"/watchlists/{tech.pk}/", {"symbol": "NOPE", "note": "look"})

        assert answer.status_code == 422
        assert "NOPE is not known here" in answer.content.decode()
        assert 'value="NOPE"' in answer.content.decode()

    def test_two_lists_of_one_name_are_refused(self, browser, tech):
        answer = browser.post("/watchlists/", {"name": "Tech"})

        assert answer.status_code == 422
        assert "of this name already" in answer.content.decode()

    def test_a_list_is_renamed_but_not_to_what_another_is_called(self, browser, tech):
        browser.post("/watchlists/", {"name": "Chips"})
        address = f"/watchlists/{tech.pk}/"

        refused = browser.post(f"{address}rename/", {"name": "Chips"})
        empty = browser.post(f"{address}rename/", {"name": " "})
        renamed = browser.post(f"{address}rename/", {"name": "Makers"})

        assert (refused.status_code, empty.status_code) == (422, 422)
        assert "of this name already" in refused.content.decode()
        assert renamed["Location"] == address
        assert "<h1>Makers</h1>" in browser.get(address).content.decode()

    def test_a_place_that_is_none_is_refused(self, browser, tech, acme):
        answer = browser.post(f"/watchlists/{tech.pk}/entries/{acme.pk}/move/", {"place": "first"})

        assert answer.status_code == 422

    def test_the_page_of_an_instrument_leads_to_both(self, browser, acme, ada):
        page = browser.get(f"/instruments/{acme.pk}/").content.decode()
        browser.post(f"/instruments/{acme.pk}/watch/")
        browser.post(f"/instruments/{acme.pk}/watch/")

        assert f"/alerts/?instrument={acme.pk}" in page
        assert [each["instrument"] for each in Watchlist.objects.get().entries] == [str(acme.pk)]

    def test_a_list_has_an_end(self, ada, tech, acme, monkeypatch, browser):
        monkeypatch.setattr(watchlists, "MOST_ENTRIES", 1)
        factories.make_instrument("BOLT")
        browser.post(f"/watchlists/{tech.pk}/", {"symbol": "ACME"})

        answer = browser.post(f"/watchlists/{tech.pk}/", {"symbol": "BOLT"})

        assert answer.status_code == 422
        assert "can hold 1 instruments" in answer.content.decode()


class TestAlertPages:
    """Alerts that people make."""

    def test_an_alert_is_made_paused_resumed_and_deleted(self, browser, acme, ada):
        form = {"kind": "price_above", "limit": "200", "note": "sell", "by_email": "on"}
        made = browser.post(f"/alerts/?instrument={acme.pk}", form, follow=True)
        alert = Alert.objects.get()
        address = f"/alerts/{alert.pk}/"

        text = made.content.decode()
        browser.post(f"{address}pause/")
        paused = browser.get("/alerts/").context["alerts"][0]["state"]
        browser.post(f"{address}pause/", {"resume": "1"})
        resumed = browser.get("/alerts/").context["alerts"][0]["state"]
        browser.post(f"{address}delete/")

        assert "You will be told: ACME at or above 200 USD." in text
        assert (paused, resumed) == ("paused", "armed")
        assert (alert.instrument_id, alert.limit, alert.by_email) == (acme.pk, 200, True)
        assert not Alert.objects.exists()

    def test_percent_is_typed_and_a_fraction_is_kept(self, browser, ada):
        portfolio = factories.make_portfolio(ada)
        form = {"kind": "drawdown", "limit": "12.5", "portfolio": str(portfolio.pk)}

        browser.post("/alerts/", form | {"expires_on": "2090-01-31"})

        alert = Alert.objects.get()
        assert (alert.kind, alert.limit, alert.by_email) == ("drawdown", Decimal("0.125"), False)
        assert alert.expires_at.isoformat() == "2090-02-01T00:00:00+00:00"

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({"kind": "price_above", "limit": "200"}, "is about an instrument"),
            ({"kind": "drift", "limit": "5"}, "is about a portfolio"),
            ({"kind": "price_above", "limit": "-1", "symbol": "ACME"}, "a price above 0"),
            ({"kind": "move_from", "limit": "5", "symbol": "ACME"}, "the price it is measured"),
            (
                {
                    "kind": "price_above",
                    "limit": "5",
                    "symbol": "ACME",
                    "expires_on": "2020-01-01",
                },
                "still to come",
            ),
        ],
    )
    def test_what_makes_no_sense_is_said_beside_its_field(self, browser, acme, form, said):
        answer = browser.post("/alerts/", form)

        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert not Alert.objects.exists()


class TestChangingAlerts:
    """Alerts that people correct instead of making them anew."""

    def test_the_form_shows_what_is_and_takes_what_is_typed(self, browser, ada, acme):
        alert = make_alert(ada, instrument_id=acme.pk, kind="day_move", limit="-0.05", note="old")
        address = f"/alerts/{alert.pk}/"

        shown = browser.get(address).content.decode()
        answer = browser.post(
            address, {"limit": "-7.5", "note": "new", "expires_on": "2090-01-31"}, follow=True
        )

        alert.refresh_from_db()
        assert 'value="-5"' in shown
        assert 'value="old"' in shown
        assert 'name="reference"' not in shown
        assert (alert.limit, alert.note, alert.by_email) == (Decimal("-0.075"), "new", False)
        assert alert.expires_at.isoformat() == "2090-02-01T00:00:00+00:00"
        assert "You will be told: ACME" in answer.content.decode()
        assert f'href="{address}"' in answer.content.decode()

    def test_another_limit_arms_it_anew_and_another_note_does_not(self, ada, acme):
        alert = make_alert(ada, instrument_id=acme.pk)
        see(alert, "201")

        noted = alerts.change_alert(alert.pk, owner_id=ada.pk, note="sell", now=NOW)
        moved = alerts.change_alert(alert.pk, owner_id=ada.pk, limit=Decimal(300), now=NOW)
        see(alert, "301", minute=1)

        assert (noted.state, moved.state) == ("fired", "armed")
        numbers = Firing.objects.order_by("number").values_list("number", "detail")
        assert list(numbers) == [(1, "It is at 201 USD."), (2, "It is at 301 USD.")]

    def test_an_hour_that_a_program_set_stays_when_the_note_changes(self, browser, ada, acme):
        end = NOW.replace(year=2090)
        alert = make_alert(ada, instrument_id=acme.pk, expires_at=end)

        browser.post(f"/alerts/{alert.pk}/", {"limit": "200", "expires_on": "2090-03-02"})
        alert.refresh_from_db()

        assert alert.expires_at == end

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({"limit": "0"}, "a price above 0"),
            ({"limit": ""}, "This field is required."),
            ({"limit": "5", "expires_on": "2020-01-01"}, "still to come"),
        ],
    )
    def test_what_makes_no_sense_changes_nothing(self, browser, ada, acme, form, said):
        alert = make_alert(ada, instrument_id=acme.pk)

        answer = browser.post(f"/alerts/{alert.pk}/", form)

        alert.refresh_from_db()
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert (alert.limit, alert.expires_at) == (200, None)

    def test_a_program_changes_it_field_by_field(self, program, ada, acme):
        alert = make_alert(ada, instrument_id=acme.pk, note="keep")
        address = f"/api/v1/alerts/{alert.pk}/"
        end = "2090-01-31T12:00:00Z"

        changed = program.patch(
            address, {"limit": "250", "expires_at": end, "by_email": False}, format="json"
        ).json()
        endless = program.patch(address, {"expires_at": None}, format="json").json()
        refused = program.patch(address, {"limit": "0"}, format="json")
        kind = program.patch(address, {"kind": "price_below"}, format="json")

        assert (changed["limit"], changed["note"], changed["by_email"]) == ("250", "keep", False)
        assert changed["expires_at"] == end
        assert endless["expires_at"] is None
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["limit"])
        assert (kind.status_code, list(kind.json()["errors"])) == (422, ["kind"])


class TestInbox:
    """What alerts have told."""

    def test_the_inbox_shows_and_counts_what_is_new(self, browser, ada, acme):
        see(make_alert(ada, instrument_id=acme.pk, note="sell half"), "201")

        shown = browser.get("/inbox/").content.decode()
        elsewhere = browser.get("/overview/").content.decode()
        browser.post("/inbox/")
        later = browser.get("/inbox/").content.decode()

        assert "ACME at or above 200 USD" in shown
        assert "It is at 201 USD." in shown
        assert "sell half" in shown
        assert "data-unread >1</span>" in elsewhere
        assert "data-unread hidden>0</span>" in later

    def test_a_stranger_sees_nothing_of_it(self, browser_of, bo, ada, acme):
        see(make_alert(ada, instrument_id=acme.pk), "201")
        browser = browser_of(bo)

        assert "ACME" not in browser.get("/inbox/").content.decode()
        browser.post("/inbox/")
        assert not Firing.objects.get().is_read


class TestApi:
    """What programs can do."""

    def test_a_watchlist(self, program, acme):
        quote_cache.write([quote_of(acme, "110")])
        made = program.post("/api/v1/watchlists/", {"name": "Tech"}, format="json").json()
        address = f"/api/v1/watchlists/{made['id']}/"
        program.put(f"{address}entries/{acme.pk}/", {"note": "cheap"}, format="json")
        again = program.put(f"{address}entries/{acme.pk}/", {"place": 0}, format="json").json()
        renamed = program.patch(address, {"name": "Chips"}, format="json").json()
        listed = program.get("/api/v1/watchlists/").json()["results"]
        gone = program.delete(f"{address}entries/{acme.pk}/")

        assert (again["entries"][0]["note"], again["entries"][0]["quote"]["change_rate"]) == (
            "cheap",
            "0.1",
        )
        assert renamed["name"] == "Chips"
        assert listed == [{"id": made["id"], "name": "Chips", "count": 1}]
        assert gone.status_code == 204
        assert program.get(address).json()["entries"] == []

    def test_an_alert_and_what_it_tells(self, program, ada, acme):
        body = {"kind": "price_above", "limit": "200", "instrument_id": str(acme.pk)}
        made = program.post("/api/v1/alerts/", body, format="json").json()
        alerts.observe(
            Alert.objects.get().pk, value=Decimal(201), observed_at=clock.now(), now=clock.now()
        )
        told = program.get("/api/v1/inbox/").json()["results"]
        read = program.post("/api/v1/inbox/readings/", {"id": told[0]["id"]}, format="json")
        paused = program.patch(f"/api/v1/alerts/{made['id']}/", {"is_paused": True}, format="json")

        assert (made["title"], made["state"]) == ("ACME at or above 200 USD", "armed")
        assert (told[0]["alert_id"], told[0]["number"], told[0]["value"]) == (made["id"], 1, "201")
        assert read.json() == {"marked": 1, "unread": 0}
        assert (paused.json()["is_paused"], paused.json()["state"]) == (True, "fired")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"kind": "price_above", "limit": "200"}, "instrument_id"),
            ({"kind": "drift", "limit": "0.1"}, "portfolio_id"),
            ({"kind": "price_above", "limit": "0", "instrument_id": "acme"}, "limit"),
            ({"kind": "lunch", "limit": "1"}, "kind"),
        ],
    )
    def test_what_makes_no_sense_is_refused_by_its_field(self, program, acme, body, field):
        if "instrument_id" in body:
            body = body | {"instrument_id": str(acme.pk)}

        answer = program.post("/api/v1/alerts/", body, format="json")

        assert answer.status_code == 422
        assert field in answer.json()["errors"]

    def test_every_kind_has_a_name(self):
        assert all(kind.label for kind in AlertKind)
