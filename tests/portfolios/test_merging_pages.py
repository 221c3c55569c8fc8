"""Saying what an instrument really is, on the pages, over the API and in the back office."""

import pytest
from django.urls import reverse

from marketdata.models import Instrument, InstrumentMerge
from portfolios.models import Transaction
from tests import factories, stored
from tests.factories import buy
from tests.portfolios.browsing import assert_shows, page, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(ada):
    return factories.make_instrument("BERK", owner=ada, mic="", name="Berkshire")


@pytest.fixture
def listed():
    return factories.make_instrument("BRK.B")


@pytest.fixture
def portfolio(ada, own):
    return computed(ada, buy(own, "5", "110"))


def instruments_named():
    return set(Transaction.objects.values_list("instrument_id", flat=True))


class TestPages:
    """Of whoever made it."""

    def test_it_is_looked_up_merged_and_taken_back(self, browser, portfolio, own, listed):
        assert "Say what it really is" in page(browser, "instrument-edit", own.pk)
        shown = page(browser, "instrument-merge", own.pk, symbol="brk b")
        assert_shows(shown, "BRK.B Inc.", "1 transaction", "Merge them")

        answer = browser.post(reverse("instrument-merge", args=[own.pk]), {"into": listed.pk})

        assert answer["Location"] == reverse("instrument", args=[listed.pk])
        assert browser.get(reverse("instrument", args=[own.pk]))["Location"] == answer["Location"]
        assert instruments_named() == {listed.pk}
        assert_shows(page(browser, "own-instruments"), "What turned out to be others", "Take back")

        browser.post(reverse("instrument-merge-undo", args=[own.pk]))

        assert instruments_named() == {own.pk}
        assert "What turned out to be others" not in page(browser, "own-instruments")

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("nothing", "is not known here"),
            ("berk", "this very instrument"),
            ("euro", "priced in USD, the other in EUR"),
            ("", "This field is required."),
        ],
    )
    def test_what_it_cannot_be_is_said(self, browser, own, typed, said):
        factories.make_instrument("EURO", currency="EUR")
        before = stored.everything()

        answer = browser.get(reverse("instrument-merge", args=[own.pk]), {"symbol": typed})

        assert answer.status_code == 422
        assert_shows(text_of(answer), said)
        assert stored.everything() == before

    @pytest.mark.parametrize("into", ["", "zzz", "0" * 24])
    def test_nonsense_is_refused(self, browser, own, into):
        answer = browser.post(reverse("instrument-merge", args=[own.pk]), {"into": into})

        assert answer.status_code == 422

    def test_what_nothing_speaks_of_is_deleted(self, browser, own):
        assert "Nothing speaks of it" in page(browser, "instrument-edit", own.pk)

        browser.post(reverse("instrument-delete", args=[own.pk]))

        assert not Instrument.objects.exists()


def test_a_program_merges_looks_and_takes_back(api, portfolio, own, listed, bo, program_of):
    address = reverse("api-merge", args=[own.pk])
    bad = [{"into": "zzz"}, {}, {"into": str(own.pk)}]
    assert [api.post(address, body, format="json").status_code for body in bad] == [422] * 3

    merged = api.post(address, {"into": str(listed.pk)}, format="json")

    assert (merged.status_code, merged.json()["state"]) == (202, "moving")
    assert api.get(address).json() == {
        "instrument_id": str(own.pk),
        "into": str(listed.pk),
        "state": "done",
        "moved": 1,
        "returned": 0,
    }
    assert program_of(bo).get(address).status_code == 404
    assert api.get(reverse("api-instrument", args=[own.pk])).json()["id"] == str(listed.pk)
    late = {
        "kind": "buy", "trade_date": "2026-02-02", "instrument_id": str(own.pk),
        "quantity": "1", "price": "5", "currency": "USD",
    }  # fmt: skip
    rows = reverse("api-transactions", args=[portfolio.pk])
    assert api.post(rows, late, format="json").json()["instrument_id"] == str(listed.pk)

    assert api.delete(address).status_code == 202
    # What was recorded since stays with the survivor.
    assert instruments_named() == {own.pk, listed.pk}
    assert api.get(address).status_code == 404


class TestBackOffice:
    """Staff merge what everybody sees."""

    @pytest.fixture
    def staff(self, bo, browser_of):
        bo.is_staff = bo.is_superuser = True
        bo.save()
        return browser_of(bo)

    def act(self, staff, name, action, *rows, **more):
        body = {"action": action, "_selected_action": [str(row.pk) for row in rows]} | more
        return staff.post(reverse(f"admin:marketdata_{name}_changelist"), body, follow=True)

    def test_two_are_merged_after_a_question_and_taken_back(self, staff, portfolio, own, listed):
        asked = self.act(staff, "instrument", "merge", own, listed)
        assert_shows(text_of(asked), "1 transaction", "Merge them", "BERK", "BRK.B")
        # Others would not see somebody's own.
        assert "somebody's own" in text_of(asked)
        assert instruments_named() == {own.pk}

        done = self.act(staff, "instrument", "merge", own, listed, into=str(listed.pk))

        assert "the rest follows" in text_of(done)
        assert instruments_named() == {listed.pk}
        merge = InstrumentMerge.objects.get()
        assert (merge.state, merge.moved) == (InstrumentMerge.DONE, 1)

        self.act(staff, "instrumentmerge", "undo", merge)

        assert instruments_named() == {own.pk}

    def test_what_cannot_be_is_said(self, staff, own, listed):
        before = stored.everything()

        alone = self.act(staff, "instrument", "merge", own)
        wrong = self.act(staff, "instrument", "merge", own, listed, into=str(own.pk))
        other = self.act(staff, "instrument", "merge", own, listed, into="zzz")

        assert "Choose two instruments." in text_of(alone)
        assert "somebody's own" in text_of(wrong)
        assert "Choose the one that stays." in text_of(other)
        assert stored.everything() == before
