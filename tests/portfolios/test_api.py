"""The API of portfolios, through its real addresses and on the real database."""

import pytest
from rest_framework.test import APIClient

from portfolios import selectors
from portfolios.api.serializers import TransactionEdit
from portfolios.domain.kinds import Kind
from tests import factories, stored
from tests.portfolios.calling import (
    BRINGS_ANOTHER,
    KINDS,
    assert_refused,
    at,
    body_of,
    post,
    recorded,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def portfolio(ada):
    return factories.make_portfolio(ada)


def test_a_token_leads_from_an_empty_account_to_a_live_summary(ada, acme):
    program = APIClient()
    password = {"email": ada.email, "password": "correct horse battery staple"}
    access = post(program, at("token"), password).json()["access"]
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")

    made = post(program, at("portfolios"), {"name": "First", "base_currency": "usd"}).json()
    post(program, at("transactions", made["id"]), body_of("deposit"))
    post(program, at("transactions", made["id"]), body_of("buy", acme))
    summary = program.get(at("summary", made["id"])).json()

    assert made["base_currency"] == "USD"
    assert (summary["status"], summary["revision"], summary["is_recalculating"]) == (
        "complete",
        2,
        False,
    )
    assert summary["cash"] == {"USD": "944"}
    assert (summary["total"], summary["holdings_value"]) == ("1064", "120")
    (position,) = summary["positions"]
    assert position["symbol"] == "ACME"
    assert (position["quantity"], position["cost"], position["average_cost"]) == ("10", "56", "5.6")
    assert (position["price"], position["price_source"]) == ("12", "last close")
    assert position["unrealized_base"] == "64"
    lots = program.get(at("lots", made["id"], position["instrument_id"])).json()["lots"]
    assert position["lots_count"] == 1
    cost = {"cost": "56", "cost_base": "56"}
    worth = {"value_base": "120", "unrealized_base": "64"}
    assert lots == [{"opened_on": "2026-01-05", "quantity": "10", **cost, **worth}]


def test_a_browser_that_is_signed_in_may_look_around(browser_of, ada, portfolio, acme):
    browser = browser_of(ada)

    listed = browser.get(at("portfolios"), headers={"accept": "text/html"})
    missing = browser.get(at("portfolio", "0" * 24), headers={"accept": "text/html"})

    assert listed.status_code == 200
    assert "Long term" in listed.content.decode()
    assert missing.status_code == 404
    assert "portfolio-not-found" in missing.content.decode()


def test_a_browser_changes_nothing_without_the_csrf_token(ada, portfolio):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    before = stored.everything()

    assert_refused(browser.delete(at("portfolio", portfolio.pk)), status=403)

    assert stored.everything() == before


def test_portfolios_are_made_listed_changed_and_deleted(api, ada):
    made = post(api, at("portfolios"), {"name": "  Long   term ", "base_currency": "EUR"}).json()
    post(api, at("portfolios"), {"name": "Crypto", "base_currency": "USDT", "tracks_cash": False})
    one = at("portfolio", made["id"])

    listed = api.get(at("portfolios")).json()
    changed = api.put(one, {"name": "Pension", "tracks_cash": False}, format="json").json()

    assert [each["name"] for each in listed["results"]] == ["Crypto", "Long term"]
    assert (changed["name"], changed["tracks_cash"], changed["base_currency"]) == (
        "Pension",
        False,
        "EUR",
    )
    assert api.get(one).json() == changed
    assert api.delete(one).status_code == 204
    assert_refused(api.get(one), status=404)


def test_a_name_is_taken_once(api, portfolio):
    answer = post(api, at("portfolios"), {"name": portfolio.name, "base_currency": "EUR"})

    assert_refused(answer, field="name", status=409)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_recorded_and_read_back_as_it_was_sent(api, portfolio, acme, kind):
    more = {"note": "a note", "account": "Depot", "sequence": 3}
    if kind in BRINGS_ANOTHER:
        more["to_instrument_id"] = str(factories.make_instrument("NEXT").pk)
    sent = body_of(kind, acme, executed_at="2026-01-05T15:30:00.123456+01:00", **more)

    made = post(api, at("transactions", portfolio.pk), sent)

    assert made.status_code == 201, made.content
    row = made.json()
    # Cut to milliseconds, which is what is stored.
    assert {name: row[name] for name in sent} == sent | {
        "executed_at": "2026-01-05T14:30:00.123000Z"
    }
    assert api.get(at("transaction", portfolio.pk, row["id"])).json() == row
    assert api.get(at("portfolio", portfolio.pk)).json()["computed_revision"] == 1


def test_every_kind_can_be_recorded():
    assert set(KINDS) == {kind.value for kind in Kind}


def test_a_sale_names_the_lots_that_it_takes(api, portfolio, acme):
    lots = [
        {"transaction_id": recorded(api, portfolio, "buy", acme)["id"], "quantity": quantity}
        for quantity in ("1.5", "2.5")
    ]

    sold = recorded(api, portfolio, "sell", acme, lots=lots)
    one = at("transaction", portfolio.pk, sold["id"])
    again = api.put(one, body_of("sell", acme, lots=sold["lots"], revision=1), format="json")

    assert sold["lots"] == api.get(one).json()["lots"] == again.json()["lots"] == lots
    assert recorded(api, portfolio, "sell", acme)["lots"] == []
    for field, wrong in (
        ("lots", lots[:1]),
        ("lots.0", ["all"]),
        ("lots.1.quantity", [lots[0], lots[1] | {"quantity": "NaN"}]),
        ("lots.0.transaction_id", [{"transaction_id": "newest", "quantity": "4"}]),
    ):
        body = body_of("sell", acme, lots=wrong)
        assert_refused(post(api, at("transactions", portfolio.pk), body), field=field)


def test_what_a_row_answers_can_be_sent_back(api, portfolio, acme):
    row = recorded(api, portfolio, "buy", acme)
    sent = {name: row[name] for name in TransactionEdit().fields}

    edited = api.put(at("transaction", portfolio.pk, row["id"]), sent, format="json")

    assert edited.json() == row | {"revision": 2, "updated_at": edited.json()["updated_at"]}


def test_a_number_is_kept_to_its_last_digit(api, portfolio, acme):
    exact = {"quantity": "0.1234567891", "price": "123456789.0123456789"}

    row = recorded(api, portfolio, "buy", acme, **exact)

    assert {name: row[name] for name in exact} == exact


FILTERS = (
    ({}, ["buy", "dividend", "deposit"]),
    ({"kind": "dividend"}, ["dividend"]),
    ({"start": "2026-01-06"}, ["buy", "dividend"]),
    ({"end": "2026-01-06"}, ["dividend", "deposit"]),
    ({"start": "2026-01-06", "end": "2026-01-06", "kind": "dividend"}, ["dividend"]),
    ({"text": "SALARY"}, ["deposit"]),
    ({"text": "depot"}, ["buy"]),
    ({"text": ".*"}, []),
    ({"instrument_id": "0" * 24}, []),
)


def test_a_ledger_is_filtered(api, portfolio, acme):
    recorded(api, portfolio, "deposit", note="Salary of May")
    recorded(api, portfolio, "dividend", acme, trade_date="2026-01-06")
    recorded(api, portfolio, "buy", acme, trade_date="2026-01-07", account="Depot 1")

    for query, kinds in (*FILTERS, ({"instrument_id": str(acme.pk)}, ["buy", "dividend"])):
        listed = api.get(at("transactions", portfolio.pk), query).json()
        assert [row["kind"] for row in listed["results"]] == kinds, query


def test_pages_lead_through_a_ledger_and_back(api, portfolio):
    for day in range(1, 6):
        recorded(api, portfolio, "deposit", trade_date=f"2026-01-0{day}")

    def days(page):
        return [int(row["trade_date"][-2:]) for row in page["results"]]

    first = api.get(at("transactions", portfolio.pk), {"limit": 2, "kind": "deposit"}).json()
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    assert (days(first), days(second), days(third)) == ([5, 4], [3, 2], [1])
    assert (first["previous"], third["next"]) == (None, None)
    # A row that comes in between moves nothing that has been seen.
    recorded(api, portfolio, "deposit", trade_date="2026-01-09")
    assert days(api.get(third["previous"]).json()) == [3, 2]


def test_an_edit_replaces_the_row_and_keeps_its_history(api, portfolio, acme):
    row = recorded(api, portfolio, "buy", acme, fee="1")
    one = at("transaction", portfolio.pk, row["id"])

    edited = api.put(one, body_of("buy", acme, quantity="12", revision=1), format="json").json()
    late = api.put(one, body_of("buy", acme, quantity="13", revision=1), format="json")
    history = api.get(at("transaction-history", portfolio.pk, row["id"])).json()["revisions"]

    assert (edited["quantity"], edited["revision"]) == ("12", 2)
    assert_refused(late, field="quantity", status=409)
    (before,) = history
    assert (before["revision"], before["reason"]) == (1, "edited")
    assert before["changed_by"] == "ada@example.test"
    assert (before["state"]["quantity"], before["state"]["kind"]) == ("10", "buy")
    assert api.get(at("summary", portfolio.pk)).json()["positions"][0]["quantity"] == "12"


def test_a_voided_row_leaves_the_list_and_stays_readable(api, portfolio, acme):
    row = recorded(api, portfolio, "buy", acme)
    one = at("transaction", portfolio.pk, row["id"])

    assert_refused(api.delete(one), field="revision")
    assert_refused(api.delete(f"{one}?revision=7"), status=409)
    assert api.delete(f"{one}?revision=1").status_code == 204

    assert api.get(at("transactions", portfolio.pk)).json()["results"] == []
    assert api.get(one).json()["is_void"] is True
    assert api.get(at("summary", portfolio.pk)).json()["positions"] == []
    assert_refused(api.delete(f"{one}?revision=1"), status=404)


def test_cash_that_is_not_tracked_is_no_figure_anywhere(ada, api, acme):
    quiet = factories.make_portfolio(ada, "Quiet", tracks_cash=False)
    post(api, at("transactions", quiet.pk), body_of("buy", acme))

    summary = api.get(at("summary", quiet.pk)).json()
    days = api.get(at("values", quiet.pk), {"start": "2026-01-05"}).json()["values"]
    live = selectors.live_holdings(str(quiet.pk))

    assert (summary["cash"], summary["cash_value"], live.cash) == (None, None, None)
    assert summary["positions"]
    assert {day["cash"] for day in days} == {None}


def test_a_voided_row_is_restored(api, portfolio, acme):
    row = recorded(api, portfolio, "buy", acme)
    api.delete(f"{at('transaction', portfolio.pk, row['id'])}?revision=1")
    address = at("transaction-restorations", portfolio.pk, row["id"])

    assert_refused(post(api, address, {}), field="revision")
    assert_refused(post(api, address, {"revision": 1}), status=409)
    restored = post(api, address, {"revision": 2})

    assert restored.status_code == 201
    assert (restored.json()["is_void"], restored.json()["revision"]) == (False, 3)
    assert len(api.get(at("transactions", portfolio.pk)).json()["results"]) == 1
    assert_refused(post(api, address, {"revision": 3}), status=404)


def test_an_instrument_without_a_price_makes_the_summary_partial(api, portfolio, acme):
    dark = factories.make_instrument("DARK")
    recorded(api, portfolio, "deposit")
    recorded(api, portfolio, "buy", acme)
    recorded(api, portfolio, "buy", dark)

    summary = api.get(at("summary", portfolio.pk)).json()

    assert (summary["status"], summary["missing"]) == ("partial", [str(dark.pk)])
    unknown = next(each for each in summary["positions"] if each["symbol"] == "DARK")
    assert (unknown["value"], unknown["value_base"], unknown["unrealized_base"]) == (None,) * 3


def test_daily_values_are_listed_oldest_first(api, portfolio):
    recorded(api, portfolio, "deposit", trade_date="2026-01-05")
    recorded(api, portfolio, "deposit", trade_date="2026-01-07", amount="0.5")

    found = api.get(at("values", portfolio.pk), {"start": "2026-01-06"}).json()

    assert found["currency"] == "USD"
    assert [(each["date"], each["value"], each["inflow"]) for each in found["values"][:3]] == [
        ("2026-01-06", "1000", "0"),
        ("2026-01-07", "1000.5", "0.5"),
        ("2026-01-08", "1000.5", "0"),
    ]


def test_an_instrument_of_somebody_else_is_as_unknown_as_none(api, portfolio, acme, bo):
    foreign = factories.make_instrument("HOUSE", owner=bo, mic="")
    before = stored.everything()

    for instrument_id in (str(foreign.pk), "f" * 24):
        body = body_of("buy", foreign) | {"instrument_id": instrument_id}
        assert_refused(post(api, at("transactions", portfolio.pk), body), field="instrument_id")
        body = body_of("spin_off", acme, to_instrument_id=instrument_id)
        assert_refused(post(api, at("transactions", portfolio.pk), body), field="to_instrument_id")

    assert stored.everything() == before
