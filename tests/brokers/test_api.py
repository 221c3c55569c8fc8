"""Imports and exports over HTTP, from the upload to the ledger and back."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from brokers.models import ImportRun
from tests import factories, stored

pytestmark = pytest.mark.django_db

ROWS = (
    "date,type,symbol,quantity,price,fee,currency,note\n"
    "2026-01-05,buy,ACME,10,5.50,1,USD,first\n"
    "2026-01-06,buy,ACME,10,5.50,1,USD,second\n"
    "2026-02-05,sell,ACME,4,6,1,USD,\n"
    "2026-02-06,sell,ACME,-4,6,1,USD,\n"
)


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


@pytest.fixture
def portfolio(ada):
    return factories.make_portfolio(ada)


@pytest.fixture
def api(program_of, ada):
    return program_of(ada)


def at(name, *ids):
    return reverse(f"api-{name}", args=ids)


def upload(api, portfolio, content=ROWS, *, name="rows.csv", **more):
    data = content if isinstance(content, bytes) else content.encode()
    body = {"file": SimpleUploadedFile(name, data)} | more
    return api.post(at("imports", portfolio.pk), body, format="multipart")


def opened(api, portfolio, *args, **more):
    """Upload a file; return the import's address parts."""
    answer = upload(api, portfolio, *args, **more)
    assert answer.status_code == 202, answer.content
    return portfolio.pk, answer.json()["id"]


def ledger_of(api, portfolio_id):
    """Return a ledger without what differs between two copies of it."""
    passing = {"id", "created_at", "updated_at", "revision"}
    rows = api.get(at("transactions", portfolio_id)).json()["results"]
    return sorted(
        json.dumps({key: value for key, value in row.items() if key not in passing}) for row in rows
    )


def test_a_file_goes_through_its_preview_into_the_ledger_and_out_again(api, portfolio, acme):
    where = opened(api, portfolio)

    preview = api.get(at("import", *where)).json()
    assert (preview["state"], preview["file_name"], preview["file_format"]) == (
        "preview",
        "rows.csv",
        "csv",
    )
    assert (preview["rows_total"], preview["rows_new"], preview["rows_error"]) == (4, 3, 1)
    assert ledger_of(api, portfolio.pk) == []

    (bad,) = api.get(at("import-rows", *where), {"state": "error"}).json()["results"]
    assert (bad["number"], bad["raw"]["quantity"]) == (5, "-4")
    assert [error["field"] for error in bad["errors"]] == ["quantity"]

    assert api.post(at("import-commits", *where)).status_code == 202
    done = api.get(at("import", *where)).json()
    assert (done["state"], done["rows_done"]) == ("committed", 3)
    summary = api.get(at("summary", portfolio.pk)).json()
    assert summary["positions"][0]["quantity"] == "16"

    assert api.post(at("import-commits", *where)).status_code == 409
    assert api.post(at("import-undos", *where)).status_code == 202
    assert api.get(at("import", *where)).json()["state"] == "undone"
    assert ledger_of(api, portfolio.pk) == []
    assert api.get(at("summary", portfolio.pk)).json()["positions"] == []


def test_rows_are_listed_page_by_page_in_the_order_of_the_file(api, portfolio, acme):
    where = opened(api, portfolio)

    first = api.get(at("import-rows", *where), {"limit": 3}).json()
    second = api.get(first["next"]).json()

    numbers = [[row["number"] for row in page["results"]] for page in (first, second)]
    assert numbers == [[2, 3, 4], [5]]


def test_imports_are_listed_newest_first_without_those_thrown_away(api, portfolio, acme):
    first, thrown, last = (opened(api, portfolio) for _ in range(3))

    assert api.delete(at("import", *thrown)).status_code == 204

    listed = api.get(at("imports", portfolio.pk)).json()["results"]
    assert [each["id"] for each in listed] == [last[1], first[1]]
    assert api.delete(at("import", *thrown)).status_code == 409


def test_unknown_symbols_become_instruments_if_that_is_wanted(api, portfolio):
    where = opened(api, portfolio, creates_instruments="true")
    api.post(at("import-commits", *where))

    (made,) = api.get(at("instruments")).json()["results"]
    assert (made["symbol"], made["is_own"]) == ("ACME", True)


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_export_imports_again_to_the_same_ledger(api, ada, portfolio, acme, form):
    api.post(at("import-commits", *opened(api, portfolio)))
    copy = factories.make_portfolio(ada, name="Copy")

    export = api.get(at("export", portfolio.pk), {"file": form}, headers={"accept": "text/html"})
    content = b"".join(export.streaming_content)
    api.post(at("import-commits", *opened(api, copy, content, name=f"ledger.{form}")))

    assert export["Content-Disposition"] == f'attachment; filename="livefolio-long-term.{form}"'
    assert ledger_of(api, copy.pk) == ledger_of(api, portfolio.pk)
    assert len(ledger_of(api, copy.pk)) == 3


def test_an_export_in_a_form_that_there_is_none_of_is_refused(api, portfolio):
    answer = api.get(at("export", portfolio.pk), {"file": "xlsx"}, headers={"accept": "image/png"})

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert "file" in answer.json()["errors"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.csv", b"PK\x03\x04" + bytes(2_000)),
        ("half.json", b'{"meta": {}, "activities": [{"type": "BUY", "symbol": "AC'),
        ("deep.json", b"[" * 100_000),
        ("text.csv", b"just some text\nwithout columns\n"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(500)),
        ("../../etc/passwd", b"root:x:0:0\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole_with_the_reason(api, portfolio, name, content):
    refused = api.get(at("import", *opened(api, portfolio, content, name=name))).json()

    assert refused["state"] == "refused"
    assert refused["error"]
    assert "/" not in refused["file_name"]
    assert refused["rows_total"] == 0


def test_what_is_no_upload_is_refused_at_the_door(api, portfolio):
    before = stored.everything()
    address = at("imports", portfolio.pk)
    no_parts = "multipart/form-data; boundary=x"

    answers = {
        "an empty file": upload(api, portfolio, b""),
        "no file": api.post(address, {"creates_instruments": "true"}, format="multipart"),
        "a text": api.post(address, {"file": "rows"}, format="multipart"),
        "a long name": upload(api, portfolio, name="x" * 201 + ".csv"),
        "an odd choice": upload(api, portfolio, creates_instruments="perhaps"),
        "json": api.post(address, {"file": "rows"}, format="json"),
        "no parts": api.post(address, b"junk", content_type=no_parts),
        "no boundary": api.post(address, b"junk", content_type="multipart/form-data"),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "an empty file": 422,
        "no file": 422,
        "a text": 422,
        "a long name": 422,
        "an odd choice": 422,
        "json": 415,
        "no parts": 422,
        "no boundary": 400,
    }
    kinds = {answer["Content-Type"] for answer in answers.values()}
    assert kinds == {"application/problem+json"}
    assert stored.everything() == before


def test_a_file_over_the_limit_is_refused_before_it_is_kept(api, portfolio, settings):
    settings.UPLOAD_MAX_BYTES = 1_000

    answer = upload(api, portfolio, b"x" * 70_000)

    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"
    assert not ImportRun.objects.exists()


def test_an_import_is_found_below_its_own_portfolio_only(api, ada, portfolio, acme):
    other = factories.make_portfolio(ada, name="Other")
    _, run_id = opened(api, portfolio)

    for name in ("import", "import-rows"):
        assert api.get(at(name, other.pk, run_id)).status_code == 404
    assert api.post(at("import-commits", other.pk, run_id)).status_code == 404
    assert api.get(at("import-rows", portfolio.pk, run_id), {"state": "odd"}).status_code == 422
