"""The choices that results depend on: in the API, on the page, and what follows from them."""

from dataclasses import asdict, fields
from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from portfolios import selectors
from portfolios.domain.policy import CostMethod, Policy
from portfolios.models import Portfolio
from portfolios.services import portfolios, recalculation
from tests import factories, junk, stored
from tests.factories import NOW, buy, sell
from tests.portfolios.browsing import assert_shows, page, text_of
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db
DEFAULT = asdict(Policy())


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME")
    factories.make_closes(instrument, {"2026-02-27": "12"})
    return instrument


@pytest.fixture
def portfolio(ada, acme):
    """Three purchases and a sale that each cost method sees otherwise."""
    return computed(
        ada,
        buy(acme, "10", "5", "2026-01-05"),
        buy(acme, "10", "7", "2026-01-06"),
        buy(acme, "10", "6", "2026-01-07"),
        sell(acme, "10", "8", "2026-02-05"),
    )


def at(name, portfolio):
    return reverse(f"api-{name}", args=[portfolio.pk])


def put(api, portfolio, **choices):
    return api.put(at("policy", portfolio), choices, format="json")


def test_a_new_portfolio_has_the_usual_policy(api, portfolio):
    assert api.get(at("policy", portfolio)).json() == DEFAULT


@pytest.mark.parametrize(
    ("method", "realized"), [("fifo", "30"), ("lifo", "20"), ("hifo", "10"), ("average", "20")]
)
def test_another_cost_method_has_the_gains_computed_anew(api, portfolio, method, realized):
    answer = put(api, portfolio, cost_method=method)

    summary = api.get(at("summary", portfolio)).json()
    assert answer.json() == DEFAULT | {"cost_method": method}
    assert summary["realized"] == realized
    assert summary["policy"] == answer.json()
    assert summary["is_recalculating"] is False


def test_another_choice_is_due_from_the_first_row_on_until_it_is_computed(ada, portfolio):
    before = Portfolio.objects.get().ledger_revision

    for method in (CostMethod.LIFO, CostMethod.LIFO):
        portfolios.set_policy(
            portfolio.pk, policy=Policy(cost_method=method), changed_by=ada.pk, now=NOW
        )

    changed = Portfolio.objects.get()
    assert (changed.is_recalculating, changed.stale_from) == (True, date(2026, 1, 5))
    assert changed.ledger_revision == before + 1
    assert selectors.summarize(changed, now=NOW).policy == Policy()


def test_what_is_left_out_is_as_in_the_beginning(api, portfolio):
    put(api, portfolio, cost_method="lifo")

    assert put(api, portfolio, fees="separate").json() == DEFAULT | {"fees": "separate"}
    assert Portfolio.objects.get().policy == {"fees": "separate"}


@pytest.mark.parametrize("name", [each.name for each in fields(Policy)])
def test_a_choice_that_does_not_exist_is_refused_by_its_name(api, ada, name):
    portfolio = factories.make_portfolio(ada)
    before = stored.everything()

    for value in ("best", -1, 367, None, {"$ne": None}, junk.nested(80)):
        answer = put(api, portfolio, **{name: value})

        assert (answer.status_code, {*answer.json()["errors"]}) == (422, {name}), value
    assert stored.everything() == before


def test_a_day_is_valued_once_it_has_ended_where_the_portfolio_is(ada, portfolio):
    early = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)

    def last_day(zone):
        portfolios.set_policy(portfolio.pk, policy=Policy(zone=zone), changed_by=ada.pk, now=early)
        recalculation.recalculate(portfolio.pk, today=early.date(), now=early, extend=True)
        return selectors.last_daily_value(portfolio.pk).date

    assert last_day("America/New_York") == date(2026, 3, 1)
    assert last_day("Asia/Tokyo") == date(2026, 3, 2)


def test_each_choice_is_explained_and_set_on_the_page_of_settings(browser_of, ada, portfolio):
    browser = browser_of(ada)
    shown = page(browser, "portfolio-settings", portfolio.pk)
    address = reverse("portfolio-policy", args=[portfolio.pk])

    answer = browser.post(address, DEFAULT | {"cost_method": "lifo", "zone": "Europe/Berlin"})

    assert all(f'name="{name}"' in shown for name in DEFAULT)
    assert_shows(shown, "Last in, first out", "/methods/#cost-method", "/methods/#time-zone")
    assert answer.status_code == 302
    assert Portfolio.objects.get().policy == {"cost_method": "lifo", "zone": "Europe/Berlin"}


def test_a_form_with_a_choice_that_does_not_exist_says_so(browser_of, ada, portfolio):
    browser = browser_of(ada)
    address = reverse("portfolio-policy", args=[portfolio.pk])

    answer = browser.post(address, DEFAULT | {"cost_method": "best", "max_rate_age_days": "367"})

    assert answer.status_code == 422
    assert_shows(text_of(answer), "best is not one of the available choices", "less than or equal")
    assert Portfolio.objects.get().policy == {}
