"""How figures come about: in the API and beside them on the page."""

from decimal import Decimal

import pytest
from django.urls import reverse

from common import manual
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, draft, sell
from tests.portfolios.browsing import assert_shows, page, text_of

pytestmark = pytest.mark.django_db
FIGURES = (
    "total",
    "holdings_value",
    "cash",
    "day_change",
    "unrealized",
    "realized",
    "income",
    "fees",
    "taxes",
)


@pytest.fixture
def portfolio(ada):
    acme = factories.make_instrument("ACME")
    factories.make_closes(acme, {"2026-02-26": "11", "2026-02-27": "12"})
    euro = factories.make_instrument("EURO", currency="EUR")
    factories.make_closes(euro, {"2026-02-26": "7", "2026-02-27": "8"})
    factories.make_closes(factories.make_pair(), {"2026-01-01": "1.2", "2026-02-27": "1.25"})
    made = factories.make_portfolio(ada)
    for each in (
        draft("deposit", amount="1000"),
        buy(acme, "10", "5.5", fee="1"),
        buy(acme, "3", "6", "2026-01-06"),
        buy(euro, "3", "7", "2026-01-06", fx_rate="1.2"),
        sell(acme, "4", "9", tax="2"),
        draft("dividend", instrument=acme, amount="6"),
        draft("interest", amount="2"),
    ):
        ledger.record_transaction(made.pk, draft=each, now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return made


def anchors_of(tree):
    return {tree["method"]}.union(*(anchors_of(each) for each in tree["inputs"]))


def test_the_trees_end_in_the_figures_of_the_summary(program_of, ada, portfolio):
    api, address = program_of(ada), reverse("api-summary", args=[portfolio.pk])

    answer = api.get(address, {"explain": "1"}).json()

    trees = answer.pop("explain")
    plain = api.get(address).json()
    assert {**plain, "as_of": 0} == {**answer, "as_of": 0}
    shown = plain | {"cash": plain["cash_value"]}
    assert {name: trees[name]["value"] for name in FIGURES} == {
        name: shown[name] for name in FIGURES
    }
    for position in plain["positions"]:
        tree = trees["positions"][position["instrument_id"]]
        assert {
            "value_base": tree["value"]["value"],
            "cost_base": tree["cost"]["value"],
            "average_cost": tree["average_cost"]["value"],
            "unrealized_base": tree["unrealized"]["value"],
            "weight": tree["weight"]["value"],
        }.items() <= position.items()
    known = {each.anchor for each in manual.read("methods").headings}
    assert set().union(*(anchors_of(trees[name]) for name in FIGURES)) <= known


def test_a_product_is_told_by_its_factors(program_of, ada, portfolio):
    answer = program_of(ada).get(reverse("api-summary", args=[portfolio.pk]), {"explain": "1"})

    holdings = answer.json()["explain"]["holdings_value"]
    (euro,) = [each for each in holdings["inputs"] if each["label"] == "Value of EURO"]
    assert euro["formula"] == "product"
    assert [Decimal(each["value"]) for each in euro["inputs"]] == [3, 8, Decimal("1.25")]
    assert euro["value"] == "30"


@pytest.mark.parametrize("figure", FIGURES)
def test_each_figure_opens_what_it_is_made_of_as_a_page_or_a_part(
    browser_of, ada, portfolio, figure
):
    browser, address = browser_of(ada), reverse("why", args=[portfolio.pk, figure])

    whole, part = browser.get(address), browser.get(address, headers={"hx-request": "true"})

    assert f'href="{address}"' in page(browser, "portfolio", portfolio.pk)
    assert_shows(text_of(whole), "<h1>", "As of", 'href="/methods/#')
    assert text_of(part).startswith('<div class="why-tree">')


def test_what_is_no_figure_is_not_found(browser_of, ada, portfolio):
    untracked = factories.make_portfolio(ada, name="Other", tracks_cash=False)

    for owner, name in ((portfolio, "positions"), (portfolio, "secret"), (untracked, "cash")):
        address = reverse("why", args=[owner.pk, name])
        assert browser_of(ada).get(address).status_code == 404
