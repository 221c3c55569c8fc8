"""Prices that only one person records, on the page of an instrument."""

from datetime import date

import pytest
from django.urls import reverse

from tests import factories, stored
from tests.factories import buy
from tests.portfolios.browsing import assert_shows, page, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(ada):
    return factories.make_instrument("HOUSE", owner=ada, mic="", currency="USD")


@pytest.fixture
def home(ada, house):
    return computed(ada, buy(house, "1", "100"), name="Home", tracks_cash=False)


def price_of(browser, house, day="2026-02-27", close="125000.50"):
    return browser.post(reverse("instrument", args=[house.pk]), {"date": day, "close": close})


def test_what_only_you_own_says_why_it_has_no_value_and_how_to_price_it(browser, house, home):
    link = f"{reverse('instrument', args=[house.pk])}#prices"

    assert_shows(page(browser, "portfolio", home.pk), link, "Record a price")
    assert_shows(page(browser, "instrument", house.pk), "It has no value yet", "Record the price")


def test_a_price_is_recorded_seen_everywhere_and_deleted(browser, house, home):
    assert price_of(browser, house).status_code == 302

    assert_shows(page(browser, "instrument", house.pk), "125,000.50", "price of Feb 27, 2026")
    shown = page(browser, "portfolio", home.pk)
    assert_shows(shown, "125,000.50", "days old")
    assert "Record a price" not in shown

    answer = browser.post(reverse("price-delete", args=[house.pk, date(2026, 2, 27)]), follow=True)

    assert_shows(text_of(answer), "Deleted the price of 2026-02-27: 125000.5.", "no value yet")


@pytest.mark.parametrize(
    ("day", "close", "said"),
    [
        ("1969-12-31", "1", "Give a day from 1970-01-01 to today."),
        ("", "1", "This field is required."),
        ("2026-02-27", "NaN", "Enter a number."),
        ("2026-02-27", "1" * 19, "18 digits before the decimal point"),
        ("2026-02-27", "1,5", "Enter a number."),
    ],
)
def test_a_bad_price_is_refused_beside_its_field(browser, house, day, close, said):
    before = stored.everything()

    answer = price_of(browser, house, day, close)

    assert answer.status_code == 422
    assert_shows(text_of(answer), said)
    assert stored.everything() == before


def test_a_shared_instrument_offers_no_form_and_takes_no_price(browser, acme):
    assert "Record the price" not in page(browser, "instrument", acme.pk)
    assert price_of(browser, acme).status_code == 409


def test_the_latest_thirty_prices_are_listed(browser, house):
    factories.make_closes(house, {f"2026-01-{number:02}": "7" for number in range(1, 32)})

    shown = page(browser, "instrument", house.pk)

    assert shown.count("Delete the price of") == 30
    assert "Delete the price of Jan 1, 2026" not in shown
