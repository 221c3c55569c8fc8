"""Who gets in where: every address, every kind of visitor, every method; and what is refused."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from brokers.services import intake, reading
from marketdata import services as market
from marketdata.adapters.base import DailyClose
from portfolios.domain.alerts import AlertKind, Rule
from portfolios.domain.policy import Policy
from portfolios.services import alerts, ledger, recalculation, watchlists
from tests import factories, stored
from tests.factories import NOW, TODAY, buy, draft

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: Who may come: anybody, whoever is signed in, or only the owner of what the address names.
EVERYBODY, SIGNED_IN, OWNER = "everybody", "signed in", "owner"


@dataclass(frozen=True)
class Route:
    """Who may come, what they are answered, and what is sent."""

    admits: str
    answers: dict[str, int]
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)


def a_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("rows.csv", b"date,type,amount,currency\n2026-01-05,deposit,5,USD\n")


_PORTFOLIO = "portfolios/<object_id:portfolio_id>/"
_ROW = f"{_PORTFOLIO}transactions/<object_id:transaction_id>/"
_RUN = f"{_PORTFOLIO}imports/<object_id:run_id>/"
_CONNECTION = f"{_PORTFOLIO}connections/<object_id:connection_id>/"
_INSTRUMENT = "instruments/<object_id:instrument_id>/"
_WATCHLIST = "watchlists/<object_id:watchlist_id>/"
_ENTRY = f"{_WATCHLIST}entries/<object_id:instrument_id>/"
_ALERT = "alerts/<object_id:alert_id>/"
_DEPOSIT = {"kind": "deposit", "trade_date": "2026-01-05", "amount": "7", "currency": "USD"}
_BOAT = {"symbol": "BOAT", "name": "A boat", "currency": "EUR", "asset_class": "other"}
_PRICE = {"date": "2026-01-06", "close": "5"}
_WEIGHTS = {"weights": {"sector": {"real_estate": "1"}}}
_ALL = dict.fromkeys(METHODS, 302)
_NEW = {"name": "New", "base_currency": "EUR"}
_CHANGE = {"name": "Other", "tracks_cash": "true"}
_POLICY = asdict(Policy()) | {"cost_method": "lifo"}

ROUTES = {
    "": Route(EVERYBODY, _ALL),
    "theme/": Route(EVERYBODY, {"POST": 302}),
    "methods/": Route(EVERYBODY, {"GET": 200}),
    "glossary/": Route(EVERYBODY, {"GET": 200}),
    "accounts/preferences/": Route(SIGNED_IN, {"GET": 200, "POST": 422}),
    "overview/": Route(SIGNED_IN, {"GET": 200}),
    "portfolios/new/": Route(SIGNED_IN, {"GET": 200, "POST": 302}, {"POST": _NEW}),
    _PORTFOLIO: Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}positions/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}positions/<object_id:instrument_id>/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}positions/<object_id:instrument_id>/lots/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}settings/": Route(OWNER, {"GET": 200, "POST": 302}, {"POST": _CHANGE}),
    f"{_PORTFOLIO}settings/policy/": Route(OWNER, {"POST": 302}, {"POST": _POLICY}),
    f"{_PORTFOLIO}delete/": Route(OWNER, {"POST": 302}, {"POST": {"name": "Long term"}}),
    f"{_PORTFOLIO}performance/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}forecast/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}anomalies/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}anomalies/<slug:finding>/dismiss/": Route(OWNER, {"POST": 302}),
    f"{_PORTFOLIO}why/<slug:figure>/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}gains/": Route(OWNER, {"GET": 200}),
    # A deposit sells nothing.
    f"{_PORTFOLIO}gains/<object_id:transaction_id>/": Route(OWNER, {"GET": 404}),
    f"{_PORTFOLIO}allocation/": Route(OWNER, {"GET": 200}),
    f"{_PORTFOLIO}allocation/targets/": Route(OWNER, {"POST": 302}, {"POST": {"by": "holding"}}),
    f"{_PORTFOLIO}allocation/limits/": Route(OWNER, {"POST": 302}, {"POST": {"limit_fees": "2"}}),
    f"{_PORTFOLIO}transactions/": Route(OWNER, {"GET": 200, "POST": 302}, {"POST": _DEPOSIT}),
    _ROW: Route(OWNER, {"GET": 200, "POST": 302}, {"POST": _DEPOSIT | {"revision": "1"}}),
    f"{_ROW}void/": Route(OWNER, {"POST": 302}, {"POST": {"revision": "1"}}),
    f"{_ROW}restore/": Route(OWNER, {"POST": 302}, {"POST": {"revision": "1"}}),
    f"{_ROW}history/": Route(OWNER, {"GET": 200}),
    "instruments/": Route(SIGNED_IN, {"GET": 200}),
    "instruments/new/": Route(SIGNED_IN, {"GET": 200, "POST": 302}, {"POST": _BOAT}),
    f"{_INSTRUMENT}edit/": Route(
        OWNER, {"GET": 200, "POST": 302}, {"POST": {"name": "Other", "asset_class": "other"}}
    ),
    f"{_INSTRUMENT}weights/": Route(OWNER, {"POST": 302}, {"POST": {"source": "a letter"}}),
    _INSTRUMENT: Route(OWNER, {"GET": 200, "POST": 302}, {"POST": _PRICE}),
    f"{_INSTRUMENT}prices/<day:day>/delete/": Route(OWNER, {"POST": 302}),
    f"{_INSTRUMENT}prices/paste/": Route(
        OWNER, {"GET": 200, "POST": 200}, {"POST": {"table": "2026-01-06,5"}}
    ),
    f"{_INSTRUMENT}watch/": Route(OWNER, {"POST": 302}),
    "watchlists/": Route(SIGNED_IN, {"GET": 200, "POST": 302}, {"POST": {"name": "Other"}}),
    _WATCHLIST: Route(OWNER, {"GET": 200, "POST": 302}, {"POST": {"symbol": "HOUSE"}}),
    f"{_WATCHLIST}rename/": Route(OWNER, {"POST": 302}, {"POST": {"name": "Chips"}}),
    f"{_WATCHLIST}delete/": Route(OWNER, {"POST": 302}),
    f"{_ENTRY}move/": Route(OWNER, {"POST": 302}, {"POST": {"place": "0"}}),
    f"{_ENTRY}remove/": Route(OWNER, {"POST": 302}),
    "alerts/": Route(SIGNED_IN, {"GET": 200, "POST": 422}),
    _ALERT: Route(OWNER, {"GET": 200, "POST": 302}, {"POST": {"limit": "12"}}),
    f"{_ALERT}pause/": Route(OWNER, {"POST": 302}),
    f"{_ALERT}delete/": Route(OWNER, {"POST": 302}),
    "inbox/": Route(SIGNED_IN, {"GET": 200, "POST": 302}),
    f"{_PORTFOLIO}imports/": Route(OWNER, {"GET": 200, "POST": 302}, {"POST": {"file": a_file}}),
    _RUN: Route(OWNER, {"GET": 200}),
    f"{_RUN}commit/": Route(OWNER, {"POST": 302}),
    f"{_RUN}undo/": Route(OWNER, {"POST": 302}),
    f"{_RUN}discard/": Route(OWNER, {"POST": 302}),
    f"{_PORTFOLIO}connections/": Route(
        OWNER, {"GET": 200, "POST": 422}, {"POST": {"broker": "alpaca"}}
    ),
    _CONNECTION: Route(OWNER, {"GET": 200}),
    f"{_CONNECTION}sync/": Route(OWNER, {"POST": 302}),
    f"{_CONNECTION}test/": Route(OWNER, {"POST": 302}),
    f"{_CONNECTION}pause/": Route(OWNER, {"POST": 302}),
    f"{_CONNECTION}resume/": Route(OWNER, {"POST": 302}),
    f"{_CONNECTION}key/": Route(OWNER, {"POST": 422}),
    f"{_CONNECTION}disconnect/": Route(OWNER, {"POST": 302}, {"POST": {"ledger": "keep"}}),
    "api/v1/auth/token/": Route(EVERYBODY, {"POST": 422}),
    "api/v1/auth/token/refresh/": Route(EVERYBODY, {"POST": 422}),
    "api/v1/auth/token/verify/": Route(EVERYBODY, {"POST": 422}),
    "api/v1/schema/": Route(EVERYBODY, {"GET": 200}),
    "api/v1/me/": Route(SIGNED_IN, {"GET": 200, "PATCH": 200}),
    "api/v1/stream-tickets/": Route(SIGNED_IN, {"POST": 201}),
    "api/v1/instruments/search/": Route(SIGNED_IN, {"GET": 200}, queries={"GET": "q=a"}),
    "api/v1/instruments/": Route(
        SIGNED_IN,
        {"GET": 200, "POST": 201},
        {"POST": _BOAT},
    ),
    f"api/v1/{_INSTRUMENT}": Route(OWNER, {"GET": 200, "PATCH": 200}, {"PATCH": {"name": "Other"}}),
    f"api/v1/{_INSTRUMENT}weights/": Route(OWNER, {"GET": 200, "PUT": 200}, {"PUT": _WEIGHTS}),
    f"api/v1/{_INSTRUMENT}prices/": Route(
        OWNER, {"GET": 200, "POST": 201}, {"POST": {"prices": [_PRICE]}}
    ),
    f"api/v1/{_INSTRUMENT}prices/<day:day>/": Route(OWNER, {"DELETE": 204}),
    f"api/v1/{_INSTRUMENT}bars/": Route(OWNER, {"GET": 200}),
    "api/v1/quotes/": Route(SIGNED_IN, {"GET": 200}, queries={"GET": f"ids={'0' * 24}"}),
    "api/v1/portfolios/": Route(SIGNED_IN, {"GET": 200, "POST": 201}, {"POST": _NEW}),
    f"api/v1/{_PORTFOLIO}": Route(OWNER, {"GET": 200, "PUT": 200, "DELETE": 204}, {"PUT": _CHANGE}),
    f"api/v1/{_PORTFOLIO}policy/": Route(
        OWNER, {"GET": 200, "PUT": 200}, {"PUT": {"cost_method": "lifo"}}
    ),
    f"api/v1/{_PORTFOLIO}summary/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}values/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}values/intraday/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}positions/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}positions/<object_id:instrument_id>/values/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}positions/<object_id:instrument_id>/lots/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}performance/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}forecast/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}anomalies/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}anomalies/<slug:finding>/dismissal/": Route(
        OWNER, {"PUT": 204, "DELETE": 204}
    ),
    f"api/v1/{_PORTFOLIO}risk/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}returns/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}attribution/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}positions/<object_id:instrument_id>/what-if/": Route(
        OWNER, {"GET": 200}, queries={"GET": "quantity=1&price=2"}
    ),
    f"api/v1/{_PORTFOLIO}disposals/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}disposals/years/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}disposals/export/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}allocation/": Route(OWNER, {"GET": 200}, queries={"GET": "by=sector"}),
    f"api/v1/{_PORTFOLIO}checks/": Route(OWNER, {"GET": 200, "PUT": 200}, {"PUT": {"limits": {}}}),
    f"api/v1/{_PORTFOLIO}targets/": Route(
        OWNER, {"GET": 200, "PUT": 200}, {"PUT": {"by": "holding", "targets": []}}
    ),
    f"api/v1/{_PORTFOLIO}rebalancing/": Route(OWNER, {"POST": 200}),
    f"api/v1/{_PORTFOLIO}export/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}transactions/": Route(
        OWNER, {"GET": 200, "POST": 201}, {"POST": _DEPOSIT}
    ),
    f"api/v1/{_ROW}": Route(
        OWNER,
        {"GET": 200, "PUT": 200, "DELETE": 204},
        {"PUT": _DEPOSIT | {"revision": 1}},
        # The edit has made it the second revision.
        {"DELETE": "revision=2"},
    ),
    # What counts can't be restored.
    f"api/v1/{_ROW}restorations/": Route(OWNER, {"POST": 404}, {"POST": {"revision": 1}}),
    f"api/v1/{_ROW}history/": Route(OWNER, {"GET": 200}),
    "api/v1/watchlists/": Route(SIGNED_IN, {"GET": 200, "POST": 201}, {"POST": {"name": "Other"}}),
    f"api/v1/{_WATCHLIST}": Route(
        OWNER, {"GET": 200, "PATCH": 200, "DELETE": 204}, {"PATCH": {"name": "Other"}}
    ),
    f"api/v1/{_ENTRY}": Route(OWNER, {"PUT": 200, "DELETE": 204}, {"PUT": {"note": "a note"}}),
    # The kind lacks what it is about.
    "api/v1/alerts/": Route(
        SIGNED_IN, {"GET": 200, "POST": 422}, {"POST": {"kind": "drift", "limit": "0.1"}}
    ),
    f"api/v1/{_ALERT}": Route(
        OWNER, {"GET": 200, "PATCH": 200, "DELETE": 204}, {"PATCH": {"is_paused": True}}
    ),
    "api/v1/inbox/": Route(SIGNED_IN, {"GET": 200}),
    "api/v1/inbox/readings/": Route(SIGNED_IN, {"POST": 200}),
    f"api/v1/{_PORTFOLIO}imports/": Route(
        OWNER, {"GET": 200, "POST": 202}, {"POST": {"file": a_file}}
    ),
    f"api/v1/{_RUN}": Route(OWNER, {"GET": 200, "DELETE": 204}),
    f"api/v1/{_RUN}rows/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_RUN}commits/": Route(OWNER, {"POST": 202}),
    # What was not committed can't be undone.
    f"api/v1/{_RUN}undos/": Route(OWNER, {"POST": 409}),
    "api/v1/brokers/": Route(SIGNED_IN, {"GET": 200}),
    f"api/v1/{_PORTFOLIO}connections/": Route(OWNER, {"GET": 200, "POST": 422}),
    f"api/v1/{_CONNECTION}": Route(
        OWNER,
        {"GET": 200, "PATCH": 200, "DELETE": 200},
        {"PATCH": {"is_paused": False}},
        {"DELETE": "ledger=keep"},
    ),
    # Its secret can't be opened, and it is paused.
    f"api/v1/{_CONNECTION}checks/": Route(OWNER, {"POST": 503}),
    f"api/v1/{_CONNECTION}credentials/": Route(
        OWNER, {"PUT": 422}, {"PUT": {"credentials": {"key_id": "K"}}}
    ),
    f"api/v1/{_CONNECTION}syncs/": Route(OWNER, {"GET": 200, "POST": 409}),
    f"api/v1/{_CONNECTION}syncs/<object_id:sync_id>/": Route(OWNER, {"GET": 200}),
    f"api/v1/{_CONNECTION}unbooked/": Route(OWNER, {"GET": 200}),
}
#: Pages of allauth that are made for visitors; all its others send them to the sign-in.
ENTRANCES = {
    "accounts/signup/",
    "accounts/login/",
    "accounts/logout/",
    "accounts/inactive/",
    "accounts/confirm-email/",
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$",
    "accounts/login/code/confirm/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    "accounts/password/reset/key/done/",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
    "admin/logout/",
}
BEHIND_SIGN_IN = {
    "accounts/reauthenticate/",
    "accounts/email/",
    "accounts/password/change/",
    "accounts/password/set/",
}


def routes_of(resolver: URLResolver, start: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = start + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from routes_of(entry, route)


SERVED = set(routes_of(get_resolver()))
BACK_OFFICE = sorted(route for route in SERVED - ENTRANCES if route.startswith("admin/"))


def test_every_address_is_in_a_table():
    assert {*ROUTES, *ENTRANCES, *BEHIND_SIGN_IN, *BACK_OFFICE} == SERVED


@dataclass(frozen=True)
class World:
    """Something of Ada's under each name that an address may hold."""

    portfolio_id: str
    transaction_id: str
    instrument_id: str
    run_id: str
    watchlist_id: str
    alert_id: str
    connection_id: str
    sync_id: str
    day: str = "2026-01-05"
    figure: str = "total"
    finding: str = "return-portfolio-2026-01-05"

    def address(self, route: str) -> str:
        return "/" + re.sub(r"<\w+:(\w+)>", lambda match: getattr(self, match[1]), route)


@pytest.fixture
def world(ada) -> World:
    portfolio = factories.make_portfolio(ada)
    row = ledger.record_transaction(portfolio.pk, draft=draft("deposit", amount="5"), now=NOW)
    instrument = factories.make_instrument("HOUSE", owner=ada, mic="")
    ledger.record_transaction(portfolio.pk, draft=buy(instrument, "1", "9"), now=NOW)
    price = DailyClose(date=date(2026, 1, 5), close=Decimal(5))
    market.record_price(instrument.pk, owner_id=ada.pk, price=price, now=NOW)
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)
    run = intake.open_import(
        portfolio.pk,
        owner_id=ada.pk,
        file_name="rows.csv",
        chunks=[a_file().read()],
        creates_instruments=False,
        now=NOW,
    )
    reading.read(run.pk, row_limit=10, clock=lambda: NOW)
    watchlist = watchlists.create_watchlist(ada.pk, name="Tech", now=NOW)
    rule = Rule(AlertKind.PRICE_ABOVE, Decimal(9))
    wanted = alerts.Wanted(rule=rule, instrument_id=instrument.pk)
    alert = alerts.create_alert(ada.pk, wanted=wanted, now=NOW)
    connection = factories.make_connection(portfolio, state="paused")
    sync = factories.make_sync(connection)
    made = (portfolio, row, instrument, run, watchlist, alert, connection, sync)
    return World(*(str(each.pk) for each in made))


@pytest.fixture
def root(db):
    return factories.make_user("root@example.test", is_staff=True, is_superuser=True)


def send(client: Client, method: str, address: str, route: Route) -> int:
    body = {
        name: value() if callable(value) else value
        for name, value in route.bodies.get(method, {}).items()
    }
    options: dict[str, Any] = {}
    if isinstance(client, APIClient):
        has_file = any(isinstance(value, SimpleUploadedFile) for value in body.values())
        options["format"] = "multipart" if has_file else "json"
    if query := route.queries.get(method):
        address = f"{address}?{query}"
    data = {} if method == "GET" else {"data": body}
    return getattr(client, method.lower())(address, **data, **options).status_code


def answers(client: Client, address: str, route: Route) -> dict[str, int]:
    # Otherwise the limit on sign-ins would answer the second visitor.
    cache.clear()
    return {method: send(client, method, address, route) for method in METHODS}


def expected(route: Route, *, refused: int | None = None) -> dict[str, int]:
    """Return the answers to somebody who is let in, or refused."""
    served = route.answers if refused is None else dict.fromkeys(route.answers, refused)
    return dict.fromkeys(METHODS, 405) | served


@pytest.mark.parametrize("name", ROUTES)
def test_only_those_who_may_get_in(name, world, ada, bo, root, browser_of, program_of):
    route, is_api = ROUTES[name], name.startswith("api/")
    client_of = program_of if is_api else browser_of
    address = world.address(name)
    before = stored.everything()

    if route.admits is not EVERYBODY:
        # Whether the address serves a method is said to those who are signed in.
        visitor = APIClient() if is_api else Client()
        shut = dict.fromkeys(METHODS, 401 if is_api else 302)
        assert answers(visitor, address, route) == shut
    if route.admits is OWNER:
        for stranger in (bo, root):
            assert answers(client_of(stranger), address, route) == expected(route, refused=404)
        assert stored.everything() == before
    assert answers(client_of(ada), address, route) == expected(route)


WRITES = [
    (name, method)
    for name, route in ROUTES.items()
    if name.startswith("api/")
    for method in sorted(route.answers.keys() & {"POST", "PUT", "PATCH"})
]


@pytest.mark.parametrize(("name", "method"), WRITES)
def test_no_write_takes_a_field_that_it_does_not_know(name, method, world, ada, program_of):
    known = ROUTES[name].bodies.get(method, {})
    body = {key: value() if callable(value) else value for key, value in known.items()}
    before = stored.everything()

    answer = getattr(program_of(ada), method.lower())(
        world.address(name),
        body | {"surprise": "5"},
        format="multipart" if "file" in body else "json",
    )

    assert answer.status_code == 422
    assert answer.json()["errors"]["surprise"] == ["There is no such field here."]
    assert stored.everything() == before


@pytest.mark.parametrize(("name", "method"), WRITES)
def test_no_write_takes_another_form_of_body(name, method, world, ada, program_of):
    answer = getattr(program_of(ada), method.lower())(
        world.address(name), "name=New", content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 415
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/unsupported-type"


@pytest.mark.parametrize("route", sorted(BEHIND_SIGN_IN))
def test_pages_about_an_account_send_visitors_to_the_sign_in(route, client):
    answer = client.get(f"/{route}")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_the_back_office_lets_nobody_in_but_staff(world, ada, client, browser_of):
    for visitor in (client, browser_of(ada)):
        for route in BACK_OFFICE:
            address = "/" + re.sub(r"<\w+:\w+>|\(\?P<\w+>[^)]*\)", "1", route).replace("$", "")
            answer = visitor.get(address)
            assert answer.status_code in {302, 404} or address == "/admin/login/", address
            assert answer.status_code != 302 or "login" in answer["Location"], address
