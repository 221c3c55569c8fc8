"""What a sale would realize: in the API and on the page of lots."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from portfolios.domain.kinds import Kind
from portfolios.domain.policy import Policy, PoolScope
from portfolios.domain.transactions import Draft
from portfolios.services import ledger, portfolios, recalculation
from tests import factories, stored
from tests.factories import NOW, TODAY, buy
from tests.portfolios.browsing import assert_shows, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME")
    factories.make_closes(instrument, {"2026-02-27": "8"})
    return instrument


@pytest.fixture
def portfolio(ada, acme):
    return computed(
        ada,
        buy(acme, "10", "5", "2024-01-05"),
        buy(acme, "10", "7", "2026-01-06"),
        buy(acme, "10", "6", "2026-01-07"),
    )


@pytest.fixture
def ask(program_of, ada, portfolio, acme):
    def asked(instrument=acme, **query):
        address = reverse("api-what-if", args=[portfolio.pk, instrument.pk])
        return program_of(ada).get(address, query)

    return asked


def test_each_method_s_gain_is_told_and_nothing_changes(ask, portfolio):
    before = stored.everything()

    answer = ask(quantity="10", fee="1").json()

    assert (answer["price"], answer["currency"], answer["fee"]) == ("8", "USD", "1")
    gains = {each["method"]: each["gain_base"] for each in answer["alternatives"]}
    assert gains == {"fifo": "29", "lifo": "19", "hifo": "9", "average": "19"}
    (chosen,) = [each for each in answer["alternatives"] if each["is_chosen"]]
    assert (chosen["method"], chosen["long_term"], chosen["short_term"]) == ("fifo", "29", "0")
    assert [lot["opened_on"] for lot in chosen["lots"]] == ["2024-01-05"]
    assert answer["policy"]["cost_method"] == "fifo"
    assert stored.everything() == before


def test_the_rate_of_now_turns_another_currency_into_the_portfolio_s(ask):
    factories.make_closes(factories.make_pair("EUR/USD"), {"2026-02-27": "1.25"})

    answer = ask(quantity="10", price="8", currency="EUR").json()

    assert answer["alternatives"][0]["proceeds_base"] == "100"


def test_lots_that_came_by_a_merger_are_found(ask, portfolio, acme, ada):
    new = factories.make_instrument("NEW")
    factories.make_closes(new, {"2026-02-27": "20"})
    turned = Draft(
        kind=Kind.MERGER,
        trade_date=TODAY,
        currency="USD",
        instrument_id=str(acme.pk),
        to_instrument_id=str(new.pk),
        ratio=factories.Decimal("0.5"),
    )
    ledger.record_transaction(portfolio.pk, draft=turned, now=NOW)
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    answer = ask(new, quantity="5").json()

    assert answer["alternatives"][0]["gain_base"] == "50"
    assert ask(quantity="1").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "30.5"}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": "1", "price": "-1"}, "price"),
        ({"quantity": "30", "price": "9" * 18}, "price"),
        ({"quantity": "1", "fee": "x"}, "fee"),
        ({"quantity": "1", "currency": "XXX"}, "currency"),
        ({"quantity": "1", "account": "x" * 81}, "account"),
    ],
)
def test_a_sale_that_cannot_be_is_refused_by_its_field(ask, query, field):
    answer = ask(**query)

    assert answer.status_code == 422, answer.content
    assert set(answer.json()["errors"]) == {field}


def test_without_any_price_one_must_be_given(ask, acme):
    acme.last_close = None
    acme.save()

    assert set(ask(quantity="1").json()["errors"]) == {"price"}
    assert ask(quantity="1", price="9").status_code == 200


def test_the_page_of_lots_shows_it_and_says_what_is_wrong(browser_of, ada, portfolio, acme):
    browser, address = browser_of(ada), reverse("lots", args=[portfolio.pk, acme.pk])

    asked = browser.get(address, {"quantity": "10"})
    refused = browser.get(address, {"quantity": "31", "price": "8"})

    assert_shows(text_of(browser.get(address)), "What if some were sold?", "Nothing is sold")
    assert_shows(text_of(asked), "First in, first out", "+30.00", "Highest cost first", "+10.00")
    assert refused.status_code == 422
    assert_shows(text_of(refused), "Only 30 are held there.")


def test_an_account_is_asked_for_where_each_has_its_own_lots(browser_of, ada, portfolio, acme):
    browser, address = browser_of(ada), reverse("lots", args=[portfolio.pk, acme.pk])
    before = text_of(browser.get(address))
    policy = Policy(pool_scope=PoolScope.ACCOUNT)

    portfolios.set_policy(portfolio.pk, policy=policy, changed_by=ada.pk, now=NOW)
    asked = browser.get(address, {"quantity": "10", "account": "elsewhere"})

    assert 'name="account"' not in before
    assert_shows(text_of(asked), 'name="account"', "Only 0 are held there.")


NAMES = ("proceeds", "cost", "gain", "proceeds_base", "cost_base", "gain_base")


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_what_each_method_makes_of_it_is_told_by_the_rows(ask, currency):
    factories.make_closes(factories.make_pair("EUR/USD"), {"2026-02-27": "1.25"})

    answer = ask(quantity="15", fee="1", price="8", currency=currency, explain="1").json()

    for each in answer["alternatives"]:
        trees = answer["explain"][each["method"]]
        for name in (*NAMES, "short_term", "long_term"):
            assert Decimal(trees[name]["value"]) == pytest.approx(Decimal(each[name])), name
        assert len(trees["lots"]) == len(each["lots"])
    fifo = answer["explain"]["fifo"]["cost_base"]
    assert [each["value"] for each in fifo["inputs"]] == ["50", "35"]
    assert "explain" not in ask(quantity="15").json()


def test_each_figure_of_it_opens_its_tree(browser_of, ada, portfolio, acme):
    browser, address = browser_of(ada), reverse("lots", args=[portfolio.pk, acme.pk])

    text = text_of(browser.get(address, {"quantity": "15", "price": "8", "fee": "1"}))

    links = re.findall(r'href="([^"]*/why/what-if[^"]*)"', text)
    assert len(links) == 4 * 4
    for link in links:
        assert browser.get(link.replace("&amp;", "&")).status_code == 200, link
    gain = next(link for link in links if "gain_base" in link and "lifo" in link)
    shown = text_of(browser.get(gain.replace("&amp;", "&")))
    assert_shows(shown, "Gain of ACME", "Fee", "Of this lot", "What was traded on 2026-01-06")


def test_a_tree_is_of_the_price_that_is_shown(browser_of, ada, portfolio, acme):
    browser, address = browser_of(ada), reverse("lots", args=[portfolio.pk, acme.pk])
    text = text_of(browser.get(address, {"quantity": "15"}))
    link = re.findall(r'href="([^"]*/why/what-if.gain_base[^"]*)"', text)[0]

    factories.make_closes(acme, {"2026-02-28": "9"})

    assert_shows(text_of(browser.get(link.replace("&amp;", "&"))), "Price", "8.00", "35.00")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"method": "luck"}, 404),
        ({"quantity": "x"}, 404),
        ({"instrument": "x"}, 404),
        ({"instrument": "0" * 24}, 404),
        ({"quantity": "31"}, 200),
    ],
)
def test_a_sale_that_cannot_be_has_no_tree(browser_of, ada, portfolio, acme, more, status):
    query = {"instrument": acme.pk, "quantity": "1", "price": "8", "method": "fifo"} | more

    answer = browser_of(ada).get(reverse("why", args=[portfolio.pk, "what-if.gain"]), query)

    assert answer.status_code == status
    if status == 200:
        assert_shows(text_of(answer), "Only 30 are held there.")
