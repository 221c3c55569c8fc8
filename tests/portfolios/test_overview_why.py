"""What all portfolios are worth together, from what each is worth."""

import re

import pytest
from django.urls import reverse

from tests import factories
from tests.factories import draft
from tests.portfolios.browsing import assert_shows, page, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db


@pytest.fixture
def portfolios(ada, bo):
    return [
        computed(ada, draft("deposit", amount="180"), name="First"),
        computed(ada, draft("deposit", amount="20"), name="Second"),
        computed(
            ada, draft("deposit", amount="7", currency="EUR"), name="Third", base_currency="EUR"
        ),
        computed(bo, draft("deposit", amount="1000"), name="Stranger"),
    ]


def test_a_sum_is_told_by_its_portfolios_and_leads_to_the_tree_of_each(browser, portfolios):
    shown = page(browser, "overview")

    (link,) = set(re.findall(r'href="(/overview/why/[^"]*USD)"', shown))
    text = text_of(browser.get(link))
    assert_shows(text, "All portfolios in USD", "200.00", "First", "180.00", "Second", "20.00")
    assert "Third" not in text
    assert "Stranger" not in text
    first, second = re.findall(r'href="(/portfolios/[^"]*/why/total/)"', text)
    assert str(portfolios[0].pk) in first
    assert_shows(text_of(browser.get(first)), "Total", "180.00")
    assert_shows(text_of(browser.get(second)), "20.00")


def test_each_figure_of_a_tile_opens_its_tree(browser, portfolios):
    shown = page(browser, "overview")

    links = set(re.findall(r'href="(/portfolios/[^"]*/why/[^"]*)"', shown))
    names = {link.rstrip("/").rpartition("/")[2] for link in links}
    assert (len(links), names) == (3 * 3, {"total", "day_change", "day_change_rate"})
    for link in links:
        assert browser.get(link).status_code == 200


def test_a_part_of_the_page_is_told_the_same(browser, portfolios):
    answer = browser.get(
        reverse("overview-why"), {"currency": "EUR"}, headers={"HX-Request": "true"}
    )

    assert_shows(text_of(answer), "All portfolios in EUR", "Third")
    assert "<html" not in text_of(answer)


def test_what_nobody_has_is_not_found(browser, portfolios):
    assert browser.get(reverse("overview-why"), {"currency": "CHF"}).status_code == 404
    assert browser.get(reverse("overview-why")).status_code == 404


def test_a_portfolio_of_unknown_worth_makes_the_sum_unknown(browser, ada, portfolios):
    dark = factories.make_instrument("DARK")
    computed(ada, factories.buy(dark, "1", "5"), name="Dark", tracks_cash=False)

    text = text_of(browser.get(reverse("overview-why"), {"currency": "USD"}))

    assert_shows(text, "Dark")
    assert "200.00" not in text
