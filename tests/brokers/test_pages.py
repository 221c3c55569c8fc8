"""The pages of imports, as a browser gets them."""

from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from brokers.domain.imports import RunState
from brokers.models import ImportRun
from portfolios.models import Transaction
from tests import factories, stored

pytestmark = pytest.mark.django_db

ROWS = (
    "date,type,symbol,quantity,price,fee,currency,note\n"
    "2026-01-05,buy,ACME,10,5.50,1,USD,first\n"
    "2026-02-05,sell,ACME,4,6,1,USD,\n"
    "2026-02-06,sell,NOPE,4,6,1,USD,\n"
)


@pytest.fixture
def portfolio(ada):
    factories.make_instrument("ACME")
    return factories.make_portfolio(ada)


@pytest.fixture
def browser(browser_of, ada):
    return browser_of(ada)


def upload(browser, portfolio, content=ROWS, *, name="rows.csv"):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    return browser.post(reverse("imports", args=[portfolio.pk]), {"file": file})


def previewed(browser, portfolio):
    """Upload a file; return its import."""
    answer = upload(browser, portfolio)
    assert answer.status_code == 302
    run = ImportRun.objects.get()
    assert answer["Location"] == reverse("import", args=[portfolio.pk, run.pk])
    return run


def page(browser, name, *ids, **query):
    answer = browser.get(reverse(name, args=ids), query)
    assert answer.status_code == 200
    return text_of(answer)


def text_of(answer):
    return " ".join(unescape(answer.content.decode()).split())


def act(browser, name, run):
    return browser.post(reverse(name, args=[run.portfolio_id, run.pk]), follow=True)


def test_a_file_is_checked_committed_and_undone_by_buttons(browser, portfolio):
    run = previewed(browser, portfolio)

    shown = page(browser, "import", portfolio.pk, run.pk)
    for wanted in ("rows.csv", "Ready to check", "ACME", "NOPE is not known here"):
        assert wanted in shown
    assert not Transaction.objects.exists()

    assert "Committed" in text_of(act(browser, "import-commit", run))
    assert Transaction.objects.filter(is_void=False).count() == 2
    assert "committed" in text_of(act(browser, "import-commit", run)).lower()
    assert "Undone" in text_of(act(browser, "import-undo", run))
    assert Transaction.objects.filter(is_void=False).count() == 0
    assert "rows.csv" in page(browser, "imports", portfolio.pk)


@pytest.mark.parametrize(("state", "count"), [("new", 2), ("error", 1), ("duplicate", 0), ("x", 3)])
def test_rows_are_shown_by_their_state(browser, portfolio, state, count):
    run = previewed(browser, portfolio)

    answer = browser.get(reverse("import", args=[portfolio.pk, run.pk]), {"state": state})

    assert len(answer.context["rows"]) == count


@pytest.mark.parametrize("state", RunState)
def test_an_import_is_shown_in_every_state(browser, portfolio, state):
    run = previewed(browser, portfolio)
    ImportRun.objects.filter(pk=run.pk).update(state=state.value, error="A reason.")

    assert "A reason." in page(browser, "import", portfolio.pk, run.pk)
    page(browser, "imports", portfolio.pk)


def test_a_preview_is_thrown_away_once(browser, portfolio):
    run = previewed(browser, portfolio)

    assert "thrown away" in text_of(act(browser, "import-discard", run))
    assert "discarded" in text_of(act(browser, "import-discard", run))
    assert "rows.csv" not in page(browser, "imports", portfolio.pk)


def test_a_preview_can_be_undone_no_more_than_committed_twice(browser, portfolio):
    run = previewed(browser, portfolio)

    assert "ready to check" in text_of(act(browser, "import-undo", run))


def test_a_file_that_is_none_is_refused_beside_the_field(browser, portfolio):
    address = reverse("imports", args=[portfolio.pk])

    for answer in (
        browser.post(address),
        browser.post(address, {"file": "text"}),
        upload(browser, portfolio, b""),
    ):
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["file"]
        assert 'id="id_file_error"' in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_file_that_cannot_be_read_says_why(browser, portfolio):
    answer = browser.get(upload(browser, portfolio, b"PK\x03\x04" + bytes(2_000))["Location"])

    run = ImportRun.objects.get()
    assert run.state == RunState.REFUSED.value
    assert run.error in text_of(answer)


def test_a_file_over_the_limit_is_answered_by_a_page(browser, portfolio, settings):
    settings.UPLOAD_MAX_BYTES = 1_000

    answer = upload(browser, portfolio, b"x" * 70_000)

    assert answer.status_code == 413
    assert answer["Content-Type"].startswith("text/html")


def test_an_export_is_downloaded_with_the_session(browser, portfolio):
    answer = browser.get(
        reverse("api-export", args=[portfolio.pk]), {"file": "csv"}, headers={"accept": "text/html"}
    )

    assert b"".join(answer.streaming_content).startswith(b"trade_date,")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("name", ["imports", "import-commit", "import-undo", "import-discard"])
def test_nothing_is_changed_without_the_csrf_token(ada, browser, portfolio, name):
    run = previewed(browser, portfolio)
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    before = stored.everything()
    ids = [portfolio.pk] if name == "imports" else [portfolio.pk, run.pk]

    answer = stranger.post(reverse(name, args=ids), {"file": SimpleUploadedFile("a.csv", b"a")})

    assert answer.status_code == 403
    assert stored.everything() == before
