"""The allocation page, as a browser gets it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from portfolios.selectors.allocation import get_plan
from portfolios.services import ledger, recalculation
from tests import factories, stored
from tests.factories import NOW, TODAY, buy, draft
from tests.portfolios.browsing import assert_shows, page, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME", weights={"sector": {"energy": "1"}})
    factories.make_closes(instrument, {"2026-02-27": "12"})
    return instrument


@pytest.fixture
def portfolio(ada, acme):
    """Ten shares worth 12 each, and cash of 80."""
    made = factories.make_portfolio(ada)
    for each in (draft("deposit", amount="180"), buy(acme, "10", "10")):
        ledger.record_transaction(made.pk, draft=each, now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return made


def send(browser, name, portfolio, **content):
    return browser.post(reverse(name, args=[portfolio.pk]), content)


def test_the_page_shows_slices_and_checks(browser, portfolio):
    shown = page(browser, "allocation", portfolio.pk)

    assert_shows(shown, "Energy", "120.00", "60.00%", "Stock", "Cash", "40.00%")
    assert_shows(shown, "ACME makes up 60.00 % of the portfolio", "Over the limit", "Can't be said")


def test_a_portfolio_without_anything_opens(browser, ada):
    empty = factories.make_portfolio(ada, name="Empty")

    assert_shows(page(browser, "allocation", empty.pk), "Nothing is held yet", "Set targets")


def test_what_has_no_price_is_said(browser, portfolio):
    dark = factories.make_instrument("DARK")
    ledger.record_transaction(portfolio.pk, draft=buy(dark, "1", "1"), now=NOW)
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    assert_shows(page(browser, "allocation", portfolio.pk), "no price or exchange rate", "DARK")


def test_targets_are_set_and_a_proposal_shown_without_changing_anything(browser, portfolio, acme):
    new = factories.make_instrument("NEW")
    factories.make_closes(new, {"2026-02-27": "6"})
    answer = send(
        browser,
        "allocation-targets",
        portfolio,
        by="holding",
        **{f"weight_{acme.pk}": "60", "new_instrument": "new", "new_weight": "40"},
        band_absolute="5",
        band_relative="25",
    )
    before = stored.everything()

    shown = page(browser, "allocation", portfolio.pk, mode="buy_only", new_cash="81", fee_fixed="1")

    assert answer["Location"].endswith("allocation/#targets")
    assert {each.key: str(each.weight) for each in get_plan(portfolio.pk).targets} == {
        str(acme.pk): "0.6",
        str(new.pk): "0.4",
    }
    assert_shows(shown, "Drifted", "Propose trades", "Off target now", "80.00", "Cash left")
    assert (
        browser.get(
            reverse("allocation", args=[portfolio.pk]), {"mode": "buy_only", "new_cash": "81"}
        ).context["proposal"]["trades"][0]["quantity"]
        == 13
    )
    assert stored.everything() == before


def test_each_figure_of_a_proposal_opens_its_tree(browser, portfolio, acme):
    new = factories.make_instrument("NEW")
    factories.make_closes(new, {"2026-02-27": "6"})
    weights = {f"weight_{acme.pk}": "60", "new_instrument": "new", "new_weight": "40"}
    bands = {"band_absolute": "5", "band_relative": "25"}
    send(browser, "allocation-targets", portfolio, by="holding", **weights, **bands)

    shown = page(browser, "allocation", portfolio.pk, mode="buy_only", new_cash="81", fee_fixed="1")

    links = {
        link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*/why/prop[^"]*)"', shown)
    }
    # One trade, two targets and five figures of all.
    assert len(links) == 4 + 2 * 4 + 5
    for link in links:
        assert browser.get(link).status_code == 200, link
    (quantity,) = (link for link in links if "proposal.quantity" in link)
    text = text_of(browser.get(quantity))
    assert_shows(text, "Buy NEW: quantity", "Steps that would meet it exactly", "come closest")
    (more,) = re.findall(r'href="([^"]*/why/proposal.whole/[^"]*)"', text)
    assert_shows(text_of(browser.get(more.replace("&amp;", "&"))), "What is to be divided", "81.00")
    address = reverse("why", args=[portfolio.pk, "proposal.fees"])
    assert browser.get(address, {"mode": "luck"}).status_code == 404
    # What isn't proposed, or not any more, says why.
    nothing = text_of(browser.get(address, {"mode": "buy_only"}))
    assert_shows(nothing, "There is no money to buy for")
    gone = {"mode": "buy_only", "new_cash": "81", "instrument": acme.pk}
    assert_shows(text_of(browser.get(address, gone)), "Prices have moved")


def test_targets_for_classes_are_set(browser, portfolio):
    shown = page(browser, "allocation", portfolio.pk, by="asset_class")
    answer = send(browser, "allocation-targets", portfolio, by="asset_class", weight_stock="100")

    assert_shows(shown, "weight_bond")
    assert answer.status_code == 302
    plan = get_plan(portfolio.pk)
    assert [(each.key, each.members) for each in plan.targets] == [("stock", ())]


def test_targets_that_cannot_be_say_why_and_keep_what_was_typed(browser, portfolio, acme):
    field = f"weight_{acme.pk}"
    wrong = [
        ({field: "90"}, "add up to 90 %"),
        ({field: "101"}, "less than or equal to 100"),
        ({field: "x"}, "Enter a number"),
        ({field: "50", "new_instrument": "NOPE", "new_weight": "50"}, "NOPE is not known here"),
    ]

    for typed, words in wrong:
        answer = send(browser, "allocation-targets", portfolio, by="holding", **typed)
        assert answer.status_code == 422
        assert_shows(text_of(answer), words, f'value="{typed[field]}"')
    assert get_plan(portfolio.pk).targets == ()


def test_limits_are_set_in_percent(browser, portfolio):
    answer = send(
        browser,
        "allocation-limits",
        portfolio,
        monthly_spending="40",
        **{"limit_largest-position": "60"},
    )

    assert answer["Location"].endswith("allocation/#checks")
    assert_shows(page(browser, "allocation", portfolio.pk), "lasts 2 months", "at most 60.00 %")


def test_limits_that_make_no_sense_say_so(browser, portfolio):
    answer = send(browser, "allocation-limits", portfolio, limit_sector="120")

    assert answer.status_code == 422
    assert_shows(text_of(answer), "less than or equal to 100")


def test_terms_that_make_no_sense_are_said_beside_their_field(browser, portfolio, acme):
    send(browser, "allocation-targets", portfolio, by="holding", **{f"weight_{acme.pk}": "100"})

    shown = page(browser, "allocation", portfolio.pk, mode="magic", new_cash="-5")

    assert_shows(shown, 'id="id_new_cash_error"', 'id="id_mode_error"')


@pytest.mark.parametrize("name", ["allocation-targets", "allocation-limits"])
def test_nothing_is_changed_without_the_csrf_token(ada, portfolio, name):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    before = stored.everything()

    assert send(browser, name, portfolio, by="holding").status_code == 403
    assert stored.everything() == before
