"""What single sales brought, down to the rows that opened and closed their lots."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from portfolios.domain.explaining import disposals
from portfolios.services import recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, draft, sell
from tests.portfolios.browsing import assert_shows, page, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db
NAMES = ("proceeds", "cost", "gain", "proceeds_base", "cost_base", "gain_base")
PARTS = ("price_gain_base", "currency_gain_base", "charges_base")


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME")
    factories.make_closes(instrument, {"2026-02-27": "12"})
    return instrument


@pytest.fixture
def euro():
    """An instrument in euros, of which one is 1.25 dollars in 2025 and 1.50 since."""
    days = {f"2025-01-{day:02}": "1.25" for day in range(1, 15)}
    factories.make_closes(factories.make_pair(), days | {"2026-02-01": "1.50"})
    return factories.make_instrument("EURO", currency="EUR")


@pytest.fixture
def portfolio(ada, acme, euro):
    return computed(
        ada,
        buy(acme, "10", "5", "2024-12-02", fee="2"),
        draft("split", "2025-02-01", instrument=acme, ratio="2"),
        sell(acme, "4", "6", "2025-03-03", tax="1"),
        draft("sell_short", "2025-04-01", instrument=euro, quantity="4", price="10", fx_rate="1.1"),
        draft("buy_to_cover", "2025-05-02", instrument=euro, quantity="4", price="9", fx_rate="1"),
        buy(euro, "10", "4", "2025-06-02", fx_rate="1.2"),
        buy(euro, "10", "6", "2025-06-03", fx_rate="1.3"),
        sell(euro, "15", "8", "2026-02-03", fee="3"),
        draft("transfer_in", "2026-01-07", instrument=acme, quantity="5"),
        sell(acme, "18", "9", "2026-02-05"),
        draft("return_of_capital", "2026-02-06", instrument=euro, amount="500"),
    )


def ask(api, portfolio):
    """Return the trees of all sales by their day, and what is shown of them."""
    answer = api.get(reverse("api-disposals", args=[portfolio.pk]), {"explain": "1"}).json()
    return {
        each["date"]: (answer["explain"][f"{each['transaction_id']}-{each['place']}"], each)
        for each in answer["results"]
    }


def walk(tree):
    yield tree
    for each in tree["inputs"]:
        yield from walk(each)


def labels_of(tree):
    return {each["label"] for each in walk(tree)}


def assert_comes_to(tree, value):
    assert (tree["value"] is None) == (value is None), tree
    if value is not None:
        assert Decimal(tree["value"]) == pytest.approx(Decimal(value), abs=Decimal("1e-8"))


def test_every_sale_and_lot_comes_to_what_is_shown(api, portfolio):
    found = ask(api, portfolio)

    assert len(found) == 5
    for trees, shown in found.values():
        assert_comes_to(trees["return_rate"], shown["return_rate"])
        for name in (*NAMES, *PARTS):
            assert_comes_to(trees[name], shown[name])
        assert len(trees["lots"]) == len(shown["lots"])
        for place, lot in enumerate(shown["lots"]):
            for name in NAMES:
                assert_comes_to(trees["lots"][f"{place}"][name], lot[name])


def test_a_sale_is_told_by_the_rows_that_bought_and_sold(api, portfolio):
    trees, _ = ask(api, portfolio)["2026-02-03"]

    gain = trees["gain_base"]
    assert gain["formula"] == "difference"
    leaves = {(each["label"], each["value"]) for each in walk(gain) if not each["inputs"]}
    assert leaves >= {
        ("Price", "8"),
        ("Fee", "3"),
        ("Price", "4"),
        ("Price", "6"),
        # What was booked with a row, and else what its day knew.
        ("USD for one EUR then", "1.2"),
        ("USD for one EUR then", "1.5"),
        ("Of this lot", "5"),
        ("Of all", "15"),
    }
    assert "USD for one EUR then" not in labels_of(trees["gain"])


def test_what_price_and_rate_made_of_a_gain_is_told_by_the_same_rows(api, portfolio):
    trees, shown = ask(api, portfolio)["2026-02-03"]

    # (15 × 8 − 10 × 4 − 5 × 6) EUR at 1.5, and what was paid at 1.2 and 1.3 is worth more.
    assert Decimal(shown["price_gain_base"]) == 75
    assert [each["value"] for each in trees["price_gain_base"]["inputs"]] == ["50", "1.5"]
    assert Decimal(shown["currency_gain_base"]) == 180 - (48 + 39) - 75
    labels = [each["label"] for each in trees["currency_gain_base"]["inputs"]]
    assert labels == ["Gain before charges, in USD", "Price"]
    assert {"Fee"} <= labels_of(trees["charges_base"])


def test_what_a_split_changed_is_told_as_it_came(api, portfolio):
    trees, _ = ask(api, portfolio)["2025-03-03"]

    assert "Tax" in labels_of(trees["proceeds"])
    assert (trees["cost"]["inputs"], trees["cost"]["value"]) == ([], "10.4")
    assert trees["cost"]["note"].startswith("As it came here")


def test_a_short_sale_is_told_by_what_it_brought_and_what_covered_it(api, portfolio):
    trees, shown = ask(api, portfolio)["2025-05-02"]

    assert shown["is_short"]
    assert [each["value"] for each in trees["proceeds_base"]["inputs"]] == ["40", "1.1"]
    assert trees["return_rate"]["inputs"][1]["value"] == shown["proceeds_base"] == "44"


def test_what_a_payment_realized_says_so(api, portfolio):
    trees, shown = ask(api, portfolio)["2026-02-06"]

    assert (trees["lots"], trees["return_rate"]["value"]) == ({}, None)
    assert trees["proceeds"]["note"] == "A payment realized it, without any units going."
    assert trees["gain"]["value"] == shown["gain"]


def test_what_is_not_known_says_so(api, portfolio):
    trees, shown = ask(api, portfolio)["2026-02-05"]

    assert shown["gain"] is None
    assert [each["value"] for each in trees["cost"]["inputs"]].count(None) == 1


def test_of_many_lots_each_is_told_by_its_amount_unless_it_is_asked_for(
    browser, api, portfolio, monkeypatch
):
    monkeypatch.setattr(disposals, "MOST_LOTS", 1)

    trees, shown = ask(api, portfolio)["2026-02-03"]

    for name in (*NAMES, *PARTS):
        assert_comes_to(trees[name], shown[name])
    assert [each["inputs"] for each in trees["cost"]["inputs"]] == [[], []]
    assert (trees["lots"], trees["charges_base"]["note"]) == ({}, "It has more than 1 lots.")
    address = reverse("why", args=[portfolio.pk, "lot.gain"])
    query = {"transaction": shown["transaction_id"], "place": "0", "lot": "1"}
    assert_shows(text_of(browser.get(address, query)), "What was traded on 2025-06-03")


def test_charges_that_count_apart_are_not_in_it(api, ada, portfolio):
    address = reverse("api-policy", args=[portfolio.pk])
    policy = {"fees": "separate", "taxes": "separate"}
    assert api.put(address, policy, format="json").status_code == 200
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    trees, shown = ask(api, portfolio)["2026-02-03"]

    assert "Fee" not in labels_of(trees["gain"])
    assert_comes_to(trees["gain"], shown["gain"])


def test_each_figure_of_a_sale_and_of_its_lots_opens_its_tree(browser, api, portfolio):
    texts = [page(browser, "gains", portfolio.pk, year="all")]
    texts += [
        page(browser, "gains-lots", portfolio.pk, shown["transaction_id"])
        for _, shown in ask(api, portfolio).values()
        if shown["lots"]
    ]

    links = {link for text in texts for link in re.findall(r'href="([^"]*/why/[^"]*)"', text)}

    wanted = {f"disposal.{name}" for name in (*NAMES, "return_rate")}
    wanted |= {f"lot.{name}" for name in NAMES}
    assert wanted <= {link.split("/why/")[1].partition("/")[0] for link in links}
    for link in links:
        assert browser.get(link).status_code == 200, link
    sale = next(link for link in links if "disposal.gain_base" in link)
    assert_shows(text_of(browser.get(sale)), "Gain of", "As of", "Proceeds of")


@pytest.mark.parametrize(
    ("figure", "more"),
    [
        ("disposal.gain", {"transaction": "x", "place": "0"}),
        ("disposal.gain", {"transaction": "0" * 24, "place": "0"}),
        ("disposal.gain", {"place": "7"}),
        ("disposal.luck", {"place": "0"}),
        ("lot.gain", {"place": "0", "lot": "9"}),
    ],
)
def test_what_was_not_sold_is_not_found(browser, api, portfolio, figure, more):
    _, sale = ask(api, portfolio)["2026-02-03"]
    query = {"transaction": sale["transaction_id"], **more}

    address = reverse("why", args=[portfolio.pk, figure])
    assert browser.get(address, query).status_code == 404


def test_the_sums_of_a_year_are_told_by_currency_as_well(browser, api, portfolio):
    answer = api.get(reverse("api-tax-years", args=[portfolio.pk]), {"explain": "1"}).json()

    for year in answer["years"]:
        trees = answer["explain"][f"{year['year']}"]["by_currency"]
        assert trees.keys() == {each["currency"] for each in year["by_currency"]}
        for each in year["by_currency"]:
            for name, tree in trees[each["currency"]].items():
                assert_comes_to(tree, each[name])
    address = reverse("why", args=[portfolio.pk, "sales.gain"])
    shown = text_of(browser.get(address, {"year": "2026", "currency": "EUR"}))
    assert_shows(shown, "Gain of 2026, in EUR", "EURO on 2026-02-03")
    assert browser.get(address, {"year": "2026", "currency": "CHF"}).status_code == 404


def test_what_sales_of_some_days_realized_is_told_by_each(browser, portfolio):
    address = reverse("why", args=[portfolio.pk, "attribution.realized_tax_basis"])

    text = text_of(browser.get(address, {"start": "2026-02-01", "end": "2026-02-04"}))

    assert_shows(text, "Realized by sales", "EURO on 2026-02-03")
    assert "ACME on" not in text
