"""Prices pasted on a page: looked at first, then recorded, each once."""

from decimal import Decimal

import pytest
from django.urls import reverse

from brokers.domain.price_tables import UnreadableTable
from brokers.services.price_tables import preview_prices, record_table
from marketdata import selectors, services
from marketdata.selectors import InstrumentNotFound, NotYourInstrument
from tests import factories, stored
from tests.factories import NOW, buy
from tests.portfolios.browsing import assert_shows, page, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db

TABLE = "Datum;Kurs\n31.01.2026;100,50\n28.02.2026;120\n32.02.2026;7\n01.01.1969;5"


@pytest.fixture
def house(ada):
    made = factories.make_instrument("HOUSE", owner=ada, mic="", currency="USD")
    factories.make_closes(made, {"2026-01-31": "99", "2026-02-28": "120"})
    return made


@pytest.fixture
def browser(browser_of, ada):
    return browser_of(ada)


def prices(house):
    return {str(each.date): each.close for each in selectors.list_prices(house.pk)}


def paste(browser, house, table=TABLE, **more):
    return browser.post(reverse("prices-paste", args=[house.pk]), {"table": table, **more})


def commit(browser, house, shown, table=TABLE):
    mark = shown.context["form"].data["checked"]
    return paste(browser, house, table, checked=mark, commit="1")


def test_a_preview_says_what_would_be_written_and_changes_nothing(house, ada):
    before = stored.everything()

    preview = preview_prices(house.pk, owner_id=ada.pk, text=TABLE, now=NOW)

    (pending,) = preview.pending
    assert (pending.number, str(pending.price.date), pending.before) == (2, "2026-01-31", 99)
    assert (pending.price.close, preview.same) == (Decimal("100.50"), 1)
    assert [line.number for line in preview.refused] == [4, 5]
    assert "1970-01-01" in preview.refused[1].error
    assert stored.everything() == before


def test_recording_it_twice_changes_nothing_more(house, ada):
    record_table(house.pk, owner_id=ada.pk, text=TABLE, now=NOW)
    once = stored.everything()

    again = record_table(house.pk, owner_id=ada.pk, text=TABLE, now=NOW)

    assert (again.pending, again.same) == ((), 2)
    assert prices(house) == {"2026-01-31": Decimal("100.5"), "2026-02-28": Decimal(120)}
    assert stored.everything() == once


def test_only_the_owner_pastes_and_only_of_what_is_their_own(house, ada, bo):
    shared = factories.make_instrument("ACME")

    with pytest.raises(InstrumentNotFound):
        record_table(house.pk, owner_id=bo.pk, text=TABLE, now=NOW)
    with pytest.raises(NotYourInstrument):
        record_table(shared.pk, owner_id=ada.pk, text=TABLE, now=NOW)


def test_more_lines_than_are_taken_at_once_are_refused(house, ada, monkeypatch):
    monkeypatch.setattr(services, "MOST_PRICES", 2)

    with pytest.raises(UnreadableTable, match="at most 2 lines"):
        preview_prices(house.pk, owner_id=ada.pk, text=TABLE, now=NOW)


class TestPage:
    """/instruments/<id>/prices/paste/"""

    def test_what_is_pasted_is_shown_by_line_then_recorded(self, browser, house, ada):
        home = computed(ada, buy(house, "1", "100"), name="Home", tracks_cash=False)
        assert_shows(
            page(browser, "instrument", house.pk), reverse("prices-paste", args=[house.pk])
        )
        table = TABLE + "\n02.03.2026;150"

        shown = paste(browser, house, table)
        untouched = prices(house)
        done = commit(browser, house, shown, table)

        text = text_of(shown)
        assert_shows(text, "Record 2 prices", "99.00", "150.00", "Left out: 2 lines")
        assert_shows(text, "32.02.2026;7", "the calendar doesn't have", "1 more is recorded")
        assert untouched == {"2026-01-31": 99, "2026-02-28": 120}
        assert done["Location"] == reverse("instrument", args=[house.pk])
        assert_shows(text_of(browser.get(done["Location"])), "2 prices recorded. 2 lines left out.")
        assert prices(house)["2026-03-02"] == 150
        assert "150.00" in page(browser, "portfolio", home.pk)

    def test_what_was_changed_after_the_look_is_shown_again_before_it_counts(self, browser, house):
        shown = paste(browser, house)

        again = commit(browser, house, shown, TABLE.replace("120", "12000"))

        assert again.status_code == 200
        assert_shows(text_of(again), "12,000.00", "Record 2 prices")
        assert prices(house)["2026-02-28"] == 120

    def test_line_ends_of_a_browser_are_no_change(self, browser, house):
        shown = paste(browser, house)

        assert commit(browser, house, shown, TABLE.replace("\n", "\r\n")).status_code == 302

    @pytest.mark.parametrize(
        ("table", "said"),
        [
            ("", "This field is required."),
            ("2026-01-31;1,234", "may be thousands or a fraction"),
            ("x" * 400_001, "at most 400000 characters"),
        ],
    )
    def test_no_table_is_refused_beside_the_field(self, browser, house, table, said):
        before = stored.everything()

        answer = paste(browser, house, table, commit="1")

        assert answer.status_code == 422
        assert_shows(text_of(answer), said)
        assert stored.everything() == before

    def test_nothing_new_is_said(self, browser, house):
        shown = paste(browser, house, "2026-02-28,120")

        assert_shows(text_of(shown), "Nothing: no line has a price that is not recorded already.")
