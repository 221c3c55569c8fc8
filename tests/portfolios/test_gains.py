"""Gains of sales: in the API, as CSV and on the page, from the real database."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from common import clock
from portfolios.models import CheckpointPart, Disposal
from portfolios.services import recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, draft, sell
from tests.portfolios.browsing import assert_shows, page, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME", isin="US0000000001")
    factories.make_closes(instrument, {"2026-02-27": "12"})
    return instrument


@pytest.fixture
def euro():
    """An instrument in euros, of which one is 1.25 dollars in 2025 and 1.50 since."""
    instrument = factories.make_instrument("EURO", currency="EUR", name="=EURO()")
    pair = factories.make_pair()
    days = {f"2025-01-{day:02}": "1.25" for day in range(1, 15)}
    factories.make_closes(pair, days | {"2026-02-01": "1.50", "2026-02-27": "1.50"})
    return instrument


@pytest.fixture
def portfolio(ada, acme, euro):
    """A sale in 2025, and three in 2026, of which one took two lots in another currency."""
    return computed(
        ada,
        buy(acme, "10", "5", "2024-12-02"),
        sell(acme, "2", "6", "2025-03-03"),
        sell(acme, "1", "8", "2026-01-05"),
        buy(euro, "10", "4", "2025-01-02"),
        buy(euro, "10", "6", "2025-01-10"),
        sell(euro, "15", "8", "2026-02-03", fee="3"),
        draft("transfer_in", "2026-01-07", instrument=acme, quantity="5"),
        sell(acme, "12", "9", "2026-02-05"),
    )


def at(name, portfolio, query=""):
    return reverse(f"api-{name}", args=[portfolio.pk]) + query


def test_each_sale_is_listed_with_the_lots_it_closed(api, portfolio, euro):
    answer = api.get(at("disposals", portfolio, f"?year=2026&instrument_id={euro.pk}")).json()

    (sale,) = answer["results"]
    assert (answer["base_currency"], answer["policy"]["cost_method"]) == ("USD", "fifo")
    assert (sale["quantity"], sale["currency"], sale["is_short"]) == ("15", "EUR", False)
    assert (sale["proceeds"], sale["cost"], sale["gain"]) == ("117", "70", "47")
    assert (sale["proceeds_base"], sale["cost_base"], sale["gain_base"]) == ("175.5", "87.5", "88")
    assert sale["return_rate"] == "1.0057142857"
    assert [
        (lot["opened_on"], lot["held_days"], lot["quantity"], lot["gain"], lot["gain_base"])
        for lot in sale["lots"]
    ] == [("2025-01-02", 397, "10", "38", "67"), ("2025-01-10", 389, "5", "9", "21")]


def test_years_say_what_is_short_term_and_what_long_term(api, portfolio):
    answer = api.get(at("tax-years", portfolio)).json()

    newer, older = answer["years"]
    assert answer["long_term_rule"] == "Long-term is what was held for more than 365 days."
    assert (older["year"], older["disposals"], older["gain"], older["status"]) == (
        2025,
        1,
        "2",
        "complete",
    )
    assert (older["short_term"], older["long_term"]) == ("2", "0")
    # Of the last sale's twelve, five had come from nowhere.
    assert (newer["disposals"], newer["status"]) == (3, "partial")
    assert newer["long_term"] == "119"
    assert {each["currency"]: each["gain"] for each in newer["by_currency"]} == {
        "EUR": "47",
        "USD": "3",
    }


def test_filters_and_pages_lead_through_all_sales(api, portfolio):
    first = api.get(at("disposals", portfolio, "?limit=3")).json()
    rest = api.get(first["next"]).json()

    assert [each["date"] for each in first["results"] + rest["results"]] == [
        "2026-02-05",
        "2026-02-03",
        "2026-01-05",
        "2025-03-03",
    ]
    assert len(api.get(at("disposals", portfolio, "?year=2025")).json()["results"]) == 1
    assert api.get(at("disposals", portfolio, "?year=2024")).json()["results"] == []


def test_a_page_goes_on_where_the_one_before_it_ended_after_a_recalculation(api, portfolio):
    first = api.get(at("disposals", portfolio, "?limit=2")).json()
    before = set(Disposal.objects.values_list("pk", flat=True))
    # As if they had been lost: all of them are written anew, from the beginning.
    Disposal.objects.all().delete()
    CheckpointPart.objects.all().delete()
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW, extend=True)

    rest = api.get(first["next"]).json()

    assert before.isdisjoint(Disposal.objects.values_list("pk", flat=True))
    assert [each["date"] for each in rest["results"]] == ["2026-01-05", "2025-03-03"]


@pytest.mark.parametrize("name", ["disposals", "disposals-export"])
def test_a_year_that_is_none_is_refused_by_its_name(api, portfolio, name):
    for year in ("0", "9999", "MMXXV", "2025.5", "٢٠٢٥", "1e3"):
        answer = api.get(at(name, portfolio, f"?year={year}"))

        assert (answer.status_code, {*answer.json()["errors"]}) == (422, {"year"}), year


def test_a_year_is_exported_with_one_line_for_each_lot(api, portfolio):
    answer = api.get(at("disposals-export", portfolio, "?year=2026"))

    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="livefolio-long-term-gains-2026.csv"' in answer["Content-Disposition"]
    assert [(each["symbol"], each["opened_on"], each["quantity"]) for each in lines] == [
        ("ACME", "2024-12-02", "7"),
        ("ACME", "2026-01-07", "5"),
        ("EURO", "2025-01-02", "10"),
        ("EURO", "2025-01-10", "5"),
        ("ACME", "2024-12-02", "1"),
    ]
    euros = lines[2]
    assert (euros["closed_on"], euros["held_days"], euros["term"]) == ("2026-02-03", "397", "long")
    assert (euros["proceeds"], euros["cost"], euros["gain"]) == ("78", "40", "38")
    assert (euros["base_currency"], euros["gain_base"]) == ("USD", "67")
    assert lines[0]["isin"] == "US0000000001"
    # What is unknown is empty; what a spreadsheet would run isn't run.
    assert (lines[1]["cost"], lines[1]["gain_base"]) == ("", "")
    assert euros["name"] == "'=EURO()"


def test_the_page_shows_the_latest_year_unless_told(browser, portfolio):
    latest = page(browser, "gains", portfolio.pk)
    earlier = page(browser, "gains", portfolio.pk, year="2025")
    everything = page(browser, "gains", portfolio.pk, year="all")

    assert_shows(latest, 'href="?year=2025"', "3 sales", "+88.00", "+47.00", "Incomplete")
    assert_shows(latest, "/disposals/export/?year=2026", "389 to 397 days", "+100.57%")
    assert_shows(earlier, "Mar 3, 2025", "+2.00")
    assert "+88.00" not in earlier
    assert_shows(everything, "Mar 3, 2025", "+88.00")
    assert page(browser, "gains", portfolio.pk, year="junk").count("Mar 3, 2025") == 0


def test_each_sale_opens_its_lots_as_a_page_or_a_part(browser, portfolio, euro):
    sale = Disposal.objects.get(instrument=euro)
    address = reverse("gains-lots", args=[portfolio.pk, sale.transaction_id])

    whole, part = browser.get(address), browser.get(address, headers={"hx-request": "true"})

    assert f'href="{address}"' in page(browser, "gains", portfolio.pk)
    wanted = ("EURO", "Jan 2, 2025", "397", "+67.00", "+38.00")
    assert_shows(text_of(whole), "<h1>Lots sold</h1>", *wanted)
    assert_shows(text_of(part), *wanted)
    assert "<h1>" not in text_of(part)


def test_a_transaction_that_sold_nothing_has_no_lots(browser, portfolio):
    for name in ("0" * 24, str(portfolio.pk)):
        assert browser.get(reverse("gains-lots", args=[portfolio.pk, name])).status_code == 404


def test_a_portfolio_without_sales_says_so(browser, ada):
    empty = factories.make_portfolio(ada, name="Empty")

    assert_shows(page(browser, "gains", empty.pk), "Nothing was sold yet")


def test_the_attribution_of_a_range_starts_from_what_everything_was_worth(browser, api, portfolio):
    text = page(browser, "gains", portfolio.pk, start="2026-01-01", end="2026-01-31", year="2025")

    said = api.get(at("attribution", portfolio, "?start=2026-01-01&end=2026-01-31")).json()
    assert_shows(text, "From the close of Dec 31, 2025 to the close of Jan 31, 2026")
    assert_shows(text, "Worth at the start", "(period basis)", "Other days")
    assert "since the first transaction" not in text.lower()
    assert said["basis"] == "period"
    # The other choice of the page is kept, both ways.
    assert '<input type="hidden" name="year" value="2025">' in text
    assert "?range=ytd&year=2025" in text
    assert "?year=2026&start=2026-01-01&end=2026-01-31" in text


def test_a_named_range_of_the_attribution_ends_with_the_last_day_that_is_over(
    browser, portfolio, ada
):
    answer = browser.get(reverse("gains", args=[portfolio.pk]), {"range": "1m"})

    yesterday = ada.day_of(clock.now()) - timedelta(days=1)
    assert answer.context["attribution"]["end"] == yesterday
    assert re.search(r'\?range=1m" aria-current="true">1M<', text_of(answer))


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"start": "2099-01-01"}, "Give a day that has ended."),
        ({"start": "2026-01-02", "end": "2026-01-01"}, "The last day is before the first."),
        ({"end": "1990-01-01"}, "No day of the portfolio is over in this range."),
        ({"range": "2y"}, ""),
        ({"start": "\x00"}, "Enter a valid date."),
    ],
)
def test_days_that_cannot_be_attributed_leave_the_whole_and_say_why(browser, portfolio, query, why):
    text = page(browser, "gains", portfolio.pk, **query)

    assert_shows(text, "Since the first transaction", why)


def test_the_attribution_of_an_empty_portfolio_has_no_days(browser, ada):
    empty = factories.make_portfolio(ada, name="Empty")

    text = page(browser, "gains", empty.pk, range="ytd")

    assert_shows(text, "No day of the portfolio is over in this range.")
