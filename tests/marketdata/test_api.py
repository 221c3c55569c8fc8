"""The API of instruments and prices, on the real database and the real Redis."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from marketdata.adapters import quote_cache
from marketdata.domain.quotes import MarketState, Quote
from marketdata.models import Instrument
from tests import factories, junk, stored
from tests.factories import NOW

pytestmark = pytest.mark.django_db

HOUSE = {"symbol": "house", "name": "My house", "currency": "eur", "asset_class": "other"}


@pytest.fixture
def acme():
    return factories.make_instrument("ACME", isin="US0378331005")


@pytest.fixture
def api(program_of, ada):
    return program_of(ada)


def at(name, *ids):
    return reverse(f"api-{name}", args=ids)


def symbols(answer):
    return [each["symbol"] for each in answer.json()["results"]]


def search(api, text):
    return api.get(at("instrument-search"), {"q": text}).json()["results"]


def make_own(api, **changes):
    return api.post(at("instruments"), HOUSE | changes, format="json")


def test_instruments_are_listed_by_symbol_page_by_page(api):
    for symbol in ("CCC", "AAA", "BBB"):
        factories.make_instrument(symbol)

    first = api.get(at("instruments"), {"limit": 2})
    second = api.get(first.json()["next"])

    assert (symbols(first), symbols(second)) == (["AAA", "BBB"], ["CCC"])
    assert symbols(api.get(second.json()["previous"])) == ["AAA", "BBB"]


def test_a_symbol_is_searched_by_how_it_begins(api):
    for symbol in ("ACME", "ACN", "AC🚀", "BACN"):
        factories.make_instrument(symbol)

    found = {
        text: symbols(api.get(at("instruments"), {"symbol": text})) for text in ("ac", "a.", "b")
    }

    assert found == {"ac": ["ACME", "ACN", "AC🚀"], "a.": [], "b": ["BACN"]}


def test_instruments_are_found_while_somebody_types(api, program_of, bo, acme):
    make_own(api, name="Acme tower")

    def found(client, **query):
        return symbols(client.get(at("instrument-search"), query))

    assert found(api, q="acm") == ["ACME", "HOUSE"]
    assert found(api, q="acm", limit=1) == ["ACME"]
    assert found(program_of(bo), q="acm") == ["ACME"]
    assert found(api, q="us0378331005") == ["ACME"]
    assert [found(api, q=text) for text in ("", ".*", "a" * 10_000, "🚀")] == [[], [], [], []]
    for wrong in ({}, {"q": "a", "limit": 51}, {"q": "a", "limit": "x"}):
        assert api.get(at("instrument-search"), wrong).status_code == 422


def test_an_instrument_of_ones_own_is_seen_by_nobody_else(api, program_of, bo, acme):
    made = make_own(api).json()

    assert (made["symbol"], made["currency"], made["is_own"]) == ("HOUSE", "EUR", True)
    assert symbols(api.get(at("instruments"))) == ["ACME", "HOUSE"]
    stranger = program_of(bo)
    assert symbols(stranger.get(at("instruments"))) == ["ACME"]
    for name in ("instrument", "bars"):
        assert stranger.get(at(name, made["id"])).status_code == 404
    assert stranger.get(at("quotes"), {"ids": made["id"]}).json() == {"quotes": []}


def test_an_option_of_ones_own_is_made_with_its_multiplier(api, acme):
    made = make_own(api, multiplier="100").json()

    assert (made["multiplier"], make_own(api, symbol="B").json()["multiplier"]) == ("100", "1")


def test_an_instrument_is_made_once(api):
    make_own(api)

    again = make_own(api, symbol=" House ")

    assert again.status_code == 409
    assert again.json()["type"] == "/problems/instrument-exists"
    assert Instrument.objects.count() == 1


def test_a_shared_instrument_is_shown_with_its_last_close(api, acme):
    factories.make_closes(acme, {"2026-02-27": "12.50"})

    shown = api.get(at("instrument", acme.pk)).json()

    assert (shown["isin"], shown["mic"], shown["is_own"]) == ("US0378331005", "XNAS", False)
    assert (shown["last_close"], shown["last_close_date"]) == ("12.5", "2026-02-27")


def test_daily_closes_are_listed_oldest_first(api, acme):
    factories.make_closes(acme, {"2026-02-25": "10", "2026-02-26": "11.25", "2026-02-27": "12"})

    def days(**query):
        bars = api.get(at("bars", acme.pk), query).json()["bars"]
        return [(bar["date"][-2:], bar["close"]) for bar in bars]

    assert days(start="2026-02-26", end="2026-02-27") == [("26", "11.25"), ("27", "12")]
    assert days(end="2026-02-25") == [("25", "10")]
    assert days(start="2026-03-01", end="2026-02-01") == []
    assert days(end="0001-01-01") == []


def test_quotes_are_live_where_there_is_a_feed_and_the_last_close_elsewhere(api, acme):
    quiet, dark = factories.make_instrument("QUIET"), factories.make_instrument("DARK")
    factories.make_closes(quiet, {"2026-02-27": "5"})
    quote_cache.write(
        [
            Quote(
                instrument_id=str(acme.pk),
                price=Decimal("12.34"),
                currency="USD",
                at=NOW - timedelta(seconds=1),
                source="simulated",
                previous_close=Decimal(10),
                market_state=MarketState.OPEN,
            )
        ]
    )

    ids = ", ".join(str(each.pk) for each in (acme, quiet, dark))
    quotes = api.get(at("quotes"), {"ids": ids}).json()["quotes"]

    live, closed = sorted(quotes, key=lambda quote: quote["source"], reverse=True)
    assert (live["price"], live["change"], live["change_rate"]) == ("12.34", "2.34", "0.234")
    assert (live["at"], live["market_state"]) == ("2026-03-02T11:59:59Z", "open")
    assert (closed["price"], closed["source"], closed["change"]) == ("5", "last close", None)


@pytest.mark.parametrize(
    "ids", ["", " ", "zzz", "0" * 23, "abcdefghijkl", "$ne", "a\x00", ",".join(["0" * 24] * 501)]
)
def test_quotes_of_nonsense_are_refused_by_name(api, ids):
    answer = api.get(at("quotes"), {"ids": ids})

    assert answer.status_code == 422
    assert "ids" in answer.json()["errors"]


def test_five_hundred_quotes_are_given(api):
    assert api.get(at("quotes"), {"ids": ",".join(["0" * 24] * 500)}).json() == {"quotes": []}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("symbol", junk.TEXTS | {"nothing": "", "blanks": "  "}),
        ("name", junk.TEXTS | {"nothing": ""}),
        ("currency", junk.ANYWHERE | {"unknown": "XXX"}),
        ("asset_class", junk.ANYWHERE),
        ("multiplier", junk.ANYWHERE | junk.NUMBERS | {"nothing": "0", "below": "-1"}),
        ("isin", junk.TEXTS | {"a wrong check digit": "US0378331006", "lower": "us0378331005"}),
    ],
)
def test_a_bad_instrument_is_refused_and_nothing_changes(api, field, values):
    before = stored.everything()

    for name, value in values.items():
        content = junk.as_json(HOUSE | {field: value})
        answer = api.post(at("instruments"), content, content_type="application/json")
        assert answer.status_code == 422, name
        assert field in answer.json()["errors"], name

    assert stored.everything() == before


@pytest.mark.parametrize(
    "query", [{"symbol": "x" * 33}, {"symbol": "a\x00"}, {"cursor": "made up"}]
)
def test_a_bad_search_is_refused_by_name(api, query):
    answer = api.get(at("instruments"), query)

    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == set(query)


def price(day="2026-02-27", close="5"):
    return {"date": day, "close": close}


@pytest.fixture
def house(ada):
    return factories.make_instrument("HOUSE", owner=ada, mic="", currency="EUR")


def record(api, house, *prices):
    return api.post(at("prices", house.pk), {"prices": list(prices)}, format="json")


def test_prices_of_an_own_instrument_are_recorded_listed_and_deleted(api, house):
    answer = record(api, house, price("2026-02-26", "250000.50"), price("2026-02-27", "-1"))

    assert (answer.status_code, answer.json()) == (201, {"recorded": 2})
    first = api.get(at("prices", house.pk), {"limit": 1}).json()
    second = api.get(first["next"]).json()
    (newest,), (oldest,) = first["results"], second["results"]
    assert (newest["date"], newest["close"], newest["source"]) == ("2026-02-27", "-1", "manual")
    assert (oldest["date"], oldest["close"]) == ("2026-02-26", "250000.5")

    assert api.delete(at("price", house.pk, date(2026, 2, 27))).status_code == 204
    assert api.delete(at("price", house.pk, date(2026, 2, 27))).status_code == 404
    shown = api.get(at("instrument", house.pk)).json()
    assert (shown["last_close"], shown["last_close_date"]) == ("250000.5", "2026-02-26")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("close", junk.ANYWHERE | {n: v for n, v in junk.NUMBERS.items() if n != "below zero"}),
        ("date", junk.ANYWHERE | {"before 1970": "1969-12-31", "far ahead": "9999-12-31"}),
    ],
)
def test_a_bad_price_is_refused_by_row_and_field_and_nothing_changes(api, house, field, values):
    before = stored.everything()

    for name, value in values.items():
        content = junk.as_json({"prices": [price("2026-01-05"), price() | {field: value}]})
        answer = api.post(at("prices", house.pk), content, content_type="application/json")
        assert answer.status_code == 422, name
        assert any(key.startswith(f"prices.1.{field}") for key in answer.json()["errors"]), name

    assert stored.everything() == before


@pytest.mark.parametrize(
    "prices", [[], None, "5", {}, [5], [price()] * 2, [price()] * 5_001], ids=lambda _: "bad"
)
def test_bad_lists_of_prices_are_refused(api, house, prices):
    answer = api.post(at("prices", house.pk), {"prices": prices}, format="json")

    assert answer.status_code == 422
    assert any(name.startswith("prices") for name in answer.json()["errors"])


def test_prices_and_names_of_shared_instruments_are_read_only_and_say_so(api, acme):
    factories.make_closes(acme, {"2026-02-27": "12.50"})

    refusals = [
        record(api, acme, price()),
        api.delete(at("price", acme.pk, date(2026, 2, 27))),
        api.patch(at("instrument", acme.pk), {"name": "Mine"}, format="json"),
    ]

    assert {each.status_code for each in refusals} == {409}
    assert {each.json()["type"] for each in refusals} == {"/problems/not-your-instrument"}
    assert api.get(at("prices", acme.pk)).json()["results"][0]["close"] == "12.5"


def test_an_own_instrument_is_changed_field_by_field(api, house):
    def change(**fields):
        return api.patch(at("instrument", house.pk), fields, format="json")

    assert change(name="The house", asset_class="commodity").json()["asset_class"] == "commodity"
    changed = change(is_active=False).json()
    assert (changed["name"], changed["is_active"]) == ("The house", False)
    assert changed["multiplier"] == "1"
    assert change(multiplier="0.01").json()["multiplier"] == "0.01"
    assert change(isin="US0378331005", is_active=True).json()["isin"] == "US0378331005"
    assert [each["id"] for each in search(api, "us0378331005")] == [str(house.pk)]
    assert change(isin="").json()["isin"] == ""
    bad = {"name": " ", "asset_class": "x", "is_active": None, "multiplier": "0", "isin": "US1"}
    for field, value in bad.items():
        answer = change(**{field: value})
        assert (answer.status_code, set(answer.json()["errors"])) == (422, {field})


@pytest.mark.parametrize("day", ["2026-02-30", "2026-2-3", "0000-00-00", "20260203", "today"])
def test_a_price_of_a_day_in_no_calendar_is_not_found(api, house, day):
    assert api.delete(f"/api/v1/instruments/{house.pk}/prices/{day}/").status_code == 404
