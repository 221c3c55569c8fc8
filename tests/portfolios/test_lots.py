"""The open lots of a position: what they cost, what they are worth, and why."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from portfolios.domain.explaining import lots as explaining
from tests import factories
from tests.factories import buy, draft
from tests.portfolios.browsing import assert_shows, page, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db
NAMES = ("cost", "cost_base", "value_base", "unrealized_base")


@pytest.fixture
def euro():
    """An instrument in euros, which cost 1.25 dollars in 2026, and costs 8 now."""
    days = {"2026-01-05": "1.25", "2026-01-06": "1.25", "2026-02-27": "1.50"}
    factories.make_closes(factories.make_pair(), days)
    instrument = factories.make_instrument("EURO", currency="EUR")
    factories.make_closes(instrument, {"2026-02-27": "8"})
    return instrument


@pytest.fixture
def portfolio(ada, euro):
    return computed(
        ada,
        buy(euro, "10", "5", "2026-01-05", fee="2", fx_rate="1.2"),
        buy(euro, "10", "7", "2026-01-06"),
        factories.sell(euro, "4", "9", "2026-01-07"),
        draft("transfer_in", "2026-01-08", instrument=euro, quantity="3"),
    )


@pytest.fixture
def ask(api, portfolio, euro):
    def asked(**query):
        return api.get(reverse("api-lots", args=[portfolio.pk, euro.pk]), query).json()

    return asked


def test_each_lot_and_all_together_are_worth_what_the_newest_price_says(ask):
    answer = ask()

    first, second, delivered = answer["lots"]
    assert (first["opened_on"], first["quantity"]) == ("2026-01-05", "6")
    # 6 × 8 × 1.50, less six tenths of 52 × 1.20.
    assert [first[name] for name in NAMES] == ["31.2", "37.44", "72", "34.56"]
    assert (second["value_base"], second["unrealized_base"]) == ("120", "32.5")
    assert (delivered["cost_base"], delivered["value_base"]) == (None, "36")
    total = answer["total"]
    assert (total["quantity"], total["value_base"], total["cost_base"]) == ("19", "228", None)
    assert "explain" not in answer


def test_every_figure_is_told_by_the_rows_prices_and_rates(ask):
    answer = ask(explain="1")

    trees = answer["explain"]
    for name in NAMES:
        assert trees[name]["value"] == answer["total"][name]
        for place, lot in enumerate(answer["lots"]):
            value = trees["lots"][f"{place}"][name]["value"]
            assert (value and Decimal(value)) == (lot[name] and Decimal(lot[name]))
    found = set()

    def walk(tree):
        found.add((tree["label"], tree["value"]))
        for each in tree["inputs"]:
            walk(each)

    walk(trees["lots"]["0"]["unrealized_base"])
    assert found >= {
        ("Quantity", "6"),
        ("Price of EURO", "8"),
        ("USD for one EUR", "1.5"),
        ("Price", "5"),
        ("Fee", "2"),
        ("Of this lot", "6"),
        ("Of all", "10"),
        ("USD for one EUR then", "1.2"),
    }


def test_each_figure_of_the_page_opens_its_tree(browser, portfolio, euro):
    shown = page(browser, "lots", portfolio.pk, euro.pk)

    links = [
        link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*/why/lots[^"]*)"', shown)
    ]
    assert len(links) == 4 * 4
    for link in links:
        assert browser.get(link).status_code == 200, link
    assert_shows(shown, "All together", "228.00", "31.20", "+34.56")
    assert_shows(text_of(browser.get(links[0])), "Cost of EURO, lot of 2026-01-05", "37.44")


@pytest.mark.parametrize(
    "query",
    [{"instrument": "x"}, {"instrument": "0" * 24}, {"lot": "3"}, {"lot": "x"}],
)
def test_what_is_not_held_has_no_tree(browser, portfolio, euro, query):
    address = reverse("why", args=[portfolio.pk, "lots.cost"])

    assert browser.get(address, {"instrument": euro.pk, **query}).status_code == 404


def test_of_many_lots_one_can_be_asked_for(ask, browser, portfolio, euro, monkeypatch):
    monkeypatch.setattr(explaining, "MOST_LOTS", 2)
    address = reverse("why", args=[portfolio.pk, "lots.cost"])

    text = text_of(browser.get(address, {"instrument": euro.pk, "lot": "1"}))

    assert ask(explain="1")["explain"]["lots"] == {}
    assert_shows(text, "Cost of EURO, lot of 2026-01-06", "Price", "7.00")
