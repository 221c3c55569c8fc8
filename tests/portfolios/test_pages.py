"""The pages of portfolios, as a browser gets them."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from common import manual
from portfolios.models import Portfolio, Transaction
from portfolios.services import recalculation
from tests import factories, stored
from tests.factories import NOW, TODAY, buy, draft
from tests.portfolios.browsing import assert_shows, errors_of, page, text_of
from tests.portfolios.conftest import record

pytestmark = pytest.mark.django_db


#: Each label of a figure, and where in the methods it is explained.
METHODS = {
    "today": "day",
    "Time-weighted return": "time-weighted-return",
    "Incomplete": "incomplete",
    "Holdings": "holdings",
    "Cash": "cash",
    "Unrealized gain": "unrealized-gain",
    "Realized gain": "realized-gain",
    "Income": "income",
    "Fees and taxes": "fees-and-taxes",
    "Quantity": "quantity",
    "Price": "price",
    "Day": "day",
    "Value": "value",
    "Unrealized": "unrealized-gain",
    "Weight": "weight",
    "Lots": "lots",
    "What if some were sold?": "what-if",
    "Cost": "cost",
}


DEPOSIT = {"kind": "deposit", "trade_date": "2026-01-05", "amount": "1000", "currency": "USD"}


def test_the_overview_shows_every_portfolio_and_their_sum(browser, portfolio, ada):
    factories.make_portfolio(ada, name="Euros", base_currency="EUR")

    shown = page(browser, "overview")

    assert_shows(shown, "Long term", "Euros", "1,064.00", "USD", "EUR")


def test_the_overview_of_a_newcomer_says_how_to_begin(browser):
    assert_shows(page(browser, "overview"), "Start with a portfolio", reverse("portfolio-new"))


def test_a_portfolio_shows_what_it_holds_and_what_that_is_worth(browser, portfolio):
    shown = page(browser, "portfolio", portfolio.pk)

    assert_shows(shown, "Long term", "ACME", "1,064.00", "120.00", "+64.00", "944.00")
    assert "Incomplete" not in shown.split("hidden")[0]


@pytest.mark.parametrize("name", ["1d", "1w", "1m", "3m", "6m", "1y", "3y", "max", "junk", "\x00"])
def test_every_range_of_the_chart_opens(browser, portfolio, acme, name):
    page(browser, "portfolio", portfolio.pk, range=name)
    page(browser, "instrument", acme.pk, range=name)


def test_each_label_of_a_figure_leads_to_how_it_is_computed(browser, portfolio, acme):
    pages = [
        browser.get(reverse("portfolio", args=[portfolio.pk])),
        browser.get(reverse("lots", args=[portfolio.pk, acme.pk])),
    ]
    shown = "".join(page.content.decode() for page in pages)

    links = re.findall(r'<a class="method" href="/methods/#([^"]+)">([^<]+)</a>', shown)
    assert {label: anchor for anchor, label in links} == METHODS
    assert set(METHODS.values()) <= {each.anchor for each in manual.read("methods").headings}
    assert shown.count("<dt>") == shown.count('<dt><a class="method"')


def test_lots_are_a_page_of_their_own_and_a_part_for_the_page_that_links_there(
    browser, portfolio, acme
):
    record(portfolio, buy(acme, "3", "7", "2026-01-09"))
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)
    address = reverse("lots", args=[portfolio.pk, acme.pk])

    assert f'href="{address}"' in page(browser, "portfolio", portfolio.pk)
    whole, part = browser.get(address), browser.get(address, headers={"hx-request": "true"})

    wanted = (
        'Lots</a> of <span translate="no">ACME',
        "Jan 5, 2026",
        "56.00",
        "Jan 9, 2026",
        "21.00",
    )
    assert_shows(text_of(whole), "<h1>ACME Inc.</h1>", *wanted)
    assert_shows(text_of(part), *wanted)
    assert text_of(part).lstrip().startswith('<div class="table-scroll"')


def test_what_is_not_held_has_no_lots(browser, portfolio, acme):
    other = factories.make_instrument("OTHER")
    record(portfolio, factories.sell(acme, "10", "6"))
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    for instrument in (other, acme):
        assert browser.get(reverse("lots", args=[portfolio.pk, instrument.pk])).status_code == 404


def test_a_portfolio_without_anything_opens(browser, ada):
    empty = factories.make_portfolio(ada, name="Empty")

    assert_shows(page(browser, "portfolio", empty.pk), "Nothing here yet")


def test_a_change_that_is_not_counted_yet_is_said(browser, portfolio):
    record(portfolio, draft("deposit", amount="5"))

    marks = {
        name: browser.get(reverse(name, args=[portfolio.pk])).context["portfolio"]["recalculating"]
        for name in ("portfolio", "transactions", "portfolio-settings")
    }

    assert marks == {"portfolio": True, "transactions": True, "portfolio-settings": True}
    assert_shows(page(browser, "portfolio", portfolio.pk), "Recalculating")


def test_what_could_not_be_priced_or_counted_is_said(browser, portfolio, acme):
    dark = factories.make_instrument("DARK")
    record(portfolio, buy(dark, "1", "10"), factories.sell(acme, "99", "12"))
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    answer = browser.get(reverse("portfolio", args=[portfolio.pk]))

    assert answer.context["valuation"]["missing"] == ["DARK"]
    assert_shows(text_of(answer), "DARK", "cannot be had at the moment", "could not be counted")
    assert_shows(text_of(answer), ">ACME</span>: 99 went out, but only 10 were held")


def test_a_portfolio_is_made_by_a_form(browser):
    answer = browser.post(
        reverse("portfolio-new"), {"name": "New", "base_currency": "USDT", "tracks_cash": "on"}
    )

    made = Portfolio.objects.get()
    assert answer["Location"] == reverse("portfolio", args=[made.pk])
    assert (made.name, made.base_currency, made.tracks_cash) == ("New", "USDT", True)


def test_the_currencies_of_the_user_and_of_the_portfolio_are_offered_first(browser, ada, portfolio):
    ada.base_currency = "SEK"
    ada.save()

    new = browser.get(reverse("portfolio-new")).context["form"]
    recording = browser.get(reverse("transactions", args=[portfolio.pk])).context["form"]

    assert next(iter(new.fields["base_currency"].choices))[1][0][0] == "SEK"
    assert new["base_currency"].value() == "SEK"
    as_the_instrument, (_, first) = list(recording.fields["currency"].choices)[:2]
    assert (as_the_instrument[0], first[0][0]) == ("", "USD")


def test_a_portfolio_that_cannot_be_made_says_why(browser, portfolio):
    def refused(**fields):
        content = {"name": "New", "base_currency": "EUR"} | fields
        return set(errors_of(browser.post(reverse("portfolio-new"), content)))

    assert refused(name="") == {"name"}
    assert refused(name="x" * 81) == {"name"}
    assert refused(name="a\x00b") == {"name"}
    assert refused(name="a\u202eb") == {"name"}
    assert refused(name=" Long  term ") == {"name"}
    assert refused(base_currency="XXX") == {"base_currency"}
    assert Portfolio.objects.count() == 1


def test_settings_are_changed_by_a_form(browser, portfolio):
    assert_shows(page(browser, "portfolio-settings", portfolio.pk), "file=csv", "file=json")

    changed = browser.post(reverse("portfolio-settings", args=[portfolio.pk]), {"name": "Other"})

    assert changed.status_code == 302
    found = Portfolio.objects.get()
    assert (found.name, found.tracks_cash) == ("Other", False)
    # Without cash only what is held counts, at once.
    assert_shows(page(browser, "portfolio", portfolio.pk), "120.00")


def test_a_portfolio_is_deleted_only_by_its_name(browser, portfolio):
    address = reverse("portfolio-delete", args=[portfolio.pk])

    assert set(errors_of(browser.post(address, {"name": "long term"}))) == {"name"}
    assert Portfolio.objects.exists()
    assert browser.post(address, {"name": "Long term"}).status_code == 302
    assert not Portfolio.objects.exists()


def test_an_instrument_shows_its_price_and_what_is_held_of_it(browser, portfolio, acme):
    shown = page(browser, "instrument", acme.pk)

    assert_shows(shown, "ACME Inc.", "XNAS", "12.00", "Long term", "120.00")


@pytest.mark.parametrize(
    "name",
    [
        "portfolio-new",
        "portfolio-settings",
        "portfolio-delete",
        "transactions",
        "transaction",
        "transaction-void",
    ],
)
def test_nothing_is_changed_without_the_csrf_token(ada, portfolio, name):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    row = Transaction.objects.first()
    ids = {"portfolio-new": [], "transaction": [portfolio.pk, row.pk]}
    ids["transaction-void"] = ids["transaction"]
    before = stored.everything()

    answer = browser.post(
        reverse(name, args=ids.get(name, [portfolio.pk])),
        DEPOSIT | {"name": "Long term", "base_currency": "EUR", "revision": "1"},
    )

    assert answer.status_code == 403
    assert stored.everything() == before
