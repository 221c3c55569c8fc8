"""Who gets in where: every address, every kind of visitor, every method; and what is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
from portfolios.services import alerts, ledger, recalculation, watchlists
from tests import factories, stored
from tests.addresses import (
    BEHIND_SIGN_IN,
    ENTRANCES,
    EVERYBODY,
    METHODS,
    OWNER,
    ROUTES,
    Route,
    a_file,
)
from tests.factories import NOW, TODAY, buy, draft

pytestmark = pytest.mark.django_db


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
    discrepancy_id: str
    resync_id: str
    action_id: str
    missed_day_id: str
    day: str = "2026-01-05"
    broker: str = "kite"
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
    action = factories.make_split(instrument, "2", "2026-02-10")
    difference = factories.make_discrepancy(connection)
    resync = factories.make_resync(sync)
    missed = factories.make_missed_day(connection)
    made = (
        *(portfolio, row, instrument, run, watchlist, alert),
        *(connection, sync, difference, resync, action, missed),
    )
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
