"""What the API of portfolios refuses, by name and without any change."""

from urllib.parse import urlencode

import pytest

from tests import factories, junk, stored
from tests.portfolios.calling import (
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


DATES = {"1969-12-31", "2999-01-01", "0001-01-01", "2026-02-30", "today", "2026-01-05T00:00:00Z"}


FAR_AWAY = {"2026-01-03T23:59:59Z", "2026-01-07T00:00:00Z"}


WITHOUT_OFFSET = {"2026-01-05T10:00:00", "2026-01-05 10:00", "2026-01-05"}


EXTREMES = {"0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-05 25:00Z"}


MOMENTS = FAR_AWAY | WITHOUT_OFFSET | EXTREMES


COUNTS = {"below zero": -1, "too much": 2**31, "half": 0.5, "endless": int("9" * 300)}


BAD_FIELDS = {
    "quantity": junk.ANYWHERE | junk.NUMBERS,
    "price": junk.ANYWHERE | junk.NUMBERS,
    "fee": junk.ANYWHERE | junk.NUMBERS,
    "tax": junk.ANYWHERE | junk.NUMBERS,
    "fx_rate": junk.ANYWHERE | junk.NUMBERS,
    "amount": junk.NUMBERS,
    "ratio": junk.NUMBERS,
    "trade_date": junk.ANYWHERE | {day: day for day in DATES},
    "executed_at": junk.ANYWHERE | {moment: moment for moment in MOMENTS},
    "kind": junk.ANYWHERE | {"unknown": "bribe"},
    "currency": junk.ANYWHERE | {"unknown": "XXX"},
    "instrument_id": junk.ANYWHERE | junk.IDS,
    "accrued": junk.ANYWHERE | junk.NUMBERS,
    "cost_share": junk.NUMBERS,
    "to_amount": junk.NUMBERS,
    "to_currency": junk.ANYWHERE | {"unknown": "XXX", "no use": "EUR"},
    "to_instrument_id": junk.ANYWHERE | junk.IDS,
    "lots": {name: value for name, value in junk.ANYWHERE.items() if not isinstance(value, list)},
    "to_account": junk.TEXTS,
    "note": junk.TEXTS,
    "account": junk.TEXTS,
    "sequence": junk.ANYWHERE | COUNTS,
}


def assert_all_refused(api, address, good, field, values):
    """Send a good body with each bad value in turn; expect the field's name and no change."""
    before = stored.everything()
    for name, value in values.items():
        content = junk.as_json(good | {field: value})
        answer = api.post(address, content, content_type="application/json")
        assert answer.status_code == 422, f"{name}: {answer.content}"
        assert_refused(answer, field=field)
    assert stored.everything() == before


@pytest.mark.parametrize("field", BAD_FIELDS)
def test_a_bad_field_is_named_and_nothing_changes(api, portfolio, acme, field):
    good = body_of("buy", acme)

    assert_all_refused(api, at("transactions", portfolio.pk), good, field, BAD_FIELDS[field])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("quantity", junk.in_arabic("12"), "Write numbers with the digits 0 to 9."),
        ("trade_date", junk.in_arabic("2026-01-05"), "Write numbers with the digits 0 to 9."),
        ("sequence", junk.in_arabic("3"), "Write numbers with the digits 0 to 9."),
        (
            "executed_at",
            "2026-01-05T10:00:00",
            "The offset from UTC is missing, as in 2026-01-31T14:30:05Z or …+01:00.",
        ),
        (
            "executed_at",
            "2026-01-07T00:00:00Z",
            "Time must be on 2026-01-05, give or take a day for the time zone.",
        ),
        ("quantiy", "5", "There is no such field here."),
    ],
)
def test_a_refusal_says_what_to_do(api, portfolio, acme, field, value, message):
    answer = post(api, at("transactions", portfolio.pk), body_of("buy", acme) | {field: value})

    assert answer.status_code == 422
    assert answer.json()["errors"] == {field: [message]}


def test_a_body_of_a_thousand_unknown_fields_is_refused_briefly(api, portfolio):
    body = body_of("deposit") | {f"{number}" * 99: 1 for number in range(1_000)}

    answer = post(api, at("transactions", portfolio.pk), body)

    assert answer.status_code == 422
    assert len(answer.content) < 5_000


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", junk.TEXTS | {"nothing": "", "blanks": "   "}),
        ("base_currency", junk.ANYWHERE),
        ("tracks_cash", {"an operator": {"$ne": None}, "words": "perhaps", "a list": []}),
    ],
)
def test_a_bad_portfolio_is_refused_and_nothing_changes(api, portfolio, field, values):
    good = {"name": "New", "base_currency": "EUR"}

    assert_all_refused(api, at("portfolios"), good, field, values)


BODIES = (
    (b"{", "application/json", 400),
    (b"", "application/json", 422),
    (b"[]", "application/json", 422),
    (b"null", "application/json", 422),
    (b'"text"', "application/json", 422),
    (b"\xff\xfe", "application/json", 400),
    (b"NaN", "application/json", 400),
    (b"[" * 100_000, "application/json", 400),
    (b'{"a":' * 100_000, "application/json", 400),
    (b"9" * 5_000, "application/json", 400),
    (b'{"quantity": 1e400}', "application/json", 422),
    (b"kind=buy", "text/plain", 415),
    (b"<kind>buy</kind>", "application/xml", 415),
    (b"kind=buy", "application/x-www-form-urlencoded", 415),
    (b'{"kind": "buy"}', "multipart/form-data; boundary=x", 415),
    (b"x" * 1_048_577, "application/json", 413),
)


def test_a_body_that_is_no_transaction_is_refused_whole(api, portfolio, acme):
    before = stored.everything()

    for content, kind, status in BODIES:
        answer = api.post(at("transactions", portfolio.pk), content, content_type=kind)
        assert answer.status_code == status, (content[:20], answer.content)
        assert_refused(answer, status=status)

    assert stored.everything() == before


def test_an_id_that_is_none_leads_nowhere(api):
    for text in ("zzz", "abcdefghijkl", "A" * 24, "0" * 23, "0" * 24, "0" * 25, "%24ne", "%00"):
        for path in ("", "summary/", "transactions/", "values/"):
            assert_refused(api.get(f"/api/v1/portfolios/{text}/{path}"), status=404)


def test_a_bad_query_is_refused_by_its_name(api, portfolio):
    for name, query, field in (
        ("transactions", {"kind": "bribe"}, "kind"),
        ("transactions", {"kind[$ne]": "buy", "start": "then"}, "start"),
        ("transactions", {"end": "2026-13-01"}, "end"),
        ("transactions", {"instrument_id": "zzz"}, "instrument_id"),
        ("transactions", {"text": "x" * 81}, "text"),
        ("transactions", {"text": "a\x00b"}, "text"),
        ("transactions", {"cursor": "made up"}, "cursor"),
        ("transactions", {"limit": "all"}, "limit"),
        ("values", {"start": "then"}, "start"),
        ("values", {"start": junk.in_arabic("2026-01-05")}, "start"),
    ):
        assert_refused(api.get(at(name, portfolio.pk), query), field=field)


def test_revisions_that_are_no_numbers_are_refused(api, portfolio, acme):
    row = recorded(api, portfolio, "buy", acme)
    one = at("transaction", portfolio.pk, row["id"])

    for revision in ("0", "-1", "1.5", "NaN", "9" * 300, "1\x00", "٣٣٣٣٣٣٣٣٣٣٣"):
        query = urlencode({"revision": revision})
        assert_refused(api.delete(f"{one}?{query}"), field="revision")
    for revision in (None, {"$gt": 0}, "", 2**31, int("9" * 300)):
        body = body_of("buy", acme, revision=revision)
        assert_refused(api.put(one, body, format="json"), field="revision")


def test_a_correct_draft_for_the_wrong_kind_names_the_field(api, portfolio, acme):
    body = body_of("deposit") | {"quantity": "5"}

    assert_refused(post(api, at("transactions", portfolio.pk), body), field="quantity")
