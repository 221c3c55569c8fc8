"""Splits that a source has told and a ledger says nothing of."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from portfolios.models import Portfolio, Position, Transaction
from portfolios.selectors.splits import SplitNotFound, list_unrecorded_splits
from portfolios.services import recalculation, splits
from tests import factories, stored
from tests.factories import NOW, TODAY, buy, draft, sell
from tests.portfolios.browsing import assert_shows, page
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


def told(portfolio, today=TODAY):
    found = list_unrecorded_splits(portfolio, today=today)
    return [(each.symbol, each.date.isoformat(), each.words, each.accounts) for each in found]


def record(portfolio, action):
    return splits.record_split(portfolio.pk, action_id=action.pk, today=TODAY, now=NOW)


def units(portfolio):
    return Position.objects.get(portfolio=portfolio).quantity


class TestOffering:
    """When there is something to be recorded."""

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            ("2026-02-10", [("ACME", "2026-02-10", "2 for 1", ("",))]),
            ("2026-01-05", []),
            ("2026-03-10", []),
        ],
        ids=["while it was held", "before it was bought", "not yet"],
    )
    def test_it_is_offered_for_what_was_held(self, ada, acme, day, expected):
        portfolio = computed(ada, buy(acme, "10", "100", "2026-01-05"))
        factories.make_split(acme, "2", day)

        assert told(portfolio) == expected

    @pytest.mark.parametrize("day", ["2026-02-05", "2026-02-10", "2026-02-18"])
    def test_what_a_broker_booked_a_few_days_off_is_recorded(self, ada, acme, day):
        row = draft("split", day, instrument=acme, ratio="2")
        portfolio = computed(ada, buy(acme, "10", "100"), row)
        factories.make_split(acme, "2", "2026-02-10")

        assert told(portfolio) == []

    def test_nothing_is_offered_for_what_was_sold_or_withdrawn(self, ada, acme):
        other = factories.make_instrument("OTHER")
        portfolio = computed(ada, buy(acme, "10", "1"), sell(acme, "10", "2"), buy(other, "1", "1"))
        factories.make_split(acme, "2", "2026-02-10")
        factories.make_split(other, "2", "2026-02-10", state="withdrawn")

        assert told(portfolio) == []
        assert told(factories.make_portfolio(ada, name="Empty")) == []

    def test_each_account_that_holds_some_gets_a_row(self, ada, acme):
        rows = [
            buy(acme, "1", "1", account="A"),
            buy(acme, "1", "1", account="B"),
            buy(acme, "1", "1", account="C"),
            sell(acme, "1", "1", "2026-01-06", account="C"),
        ]
        portfolio = computed(ada, *rows)
        factories.make_split(acme, "0.1", "2026-02-10")

        assert told(portfolio) == [("ACME", "2026-02-10", "1 for 10", ("A", "B"))]


class TestRecording:
    """One click, one row an account, once."""

    @pytest.mark.parametrize("scope", ["portfolio", "account"])
    @pytest.mark.parametrize("accounts", [("",), ("A",), ("A", "B"), ("", "A")])
    def test_units_are_multiplied_once(self, ada, acme, accounts, scope):
        rows = [buy(acme, "10", "100", account=account) for account in accounts]
        portfolio = computed(ada, *rows)
        Portfolio.objects.filter(pk=portfolio.pk).update(policy={"pool_scope": scope})
        action = factories.make_split(acme, "2", "2026-02-10")

        made = record(portfolio, action)
        recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

        assert units(portfolio) == 20 * len(accounts)
        assert {row.note for row in made} == {"2 for 1, as told by test"}
        portfolio.refresh_from_db()
        assert told(portfolio) == []

    def test_a_second_click_records_nothing(self, ada, bo, acme):
        portfolio = computed(ada, buy(acme, "10", "100"))
        action = factories.make_split(acme, "2", "2026-02-10")
        record(portfolio, action)
        before = stored.everything()

        with pytest.raises(SplitNotFound):
            record(portfolio, action)
        assert stored.everything() == before

    def test_what_is_put_aside_is_offered_no_more(self, ada, acme):
        portfolio = computed(ada, buy(acme, "10", "100"))
        action = factories.make_split(acme, "2", "2026-02-10")

        splits.dismiss_split(portfolio.pk, action_id=action.pk, today=TODAY, now=NOW)

        assert told(portfolio) == []
        assert told(portfolio, TODAY + timedelta(days=30)) == []


def test_it_is_recorded_on_the_page(browser, ada, acme):
    portfolio = computed(ada, buy(acme, "10", "100"))
    first = factories.make_split(acme, "2", "2026-02-10")
    second = factories.make_split(acme, "3", "2026-02-27")
    assert_shows(page(browser, "portfolio", portfolio.pk), "was split 2 for 1", "Record it")

    browser.post(reverse("split-record", args=[portfolio.pk, first.pk]))
    browser.post(reverse("split-dismiss", args=[portfolio.pk, second.pk]))

    row = Transaction.objects.get(kind="split")
    assert (row.ratio, row.instrument_id, row.currency) == (Decimal(2), acme.pk, "USD")
    assert units(portfolio) == 20
    assert "was split" not in page(browser, "portfolio", portfolio.pk)


def test_a_program_lists_records_and_puts_aside(api, ada, acme):
    portfolio = computed(ada, buy(acme, "10", "100"))
    first = factories.make_split(acme, "2", "2026-01-20")
    second = factories.make_split(acme, "3", "2026-02-27")

    def listed():
        found = api.get(reverse("api-splits", args=[portfolio.pk])).json()["splits"]
        return [(each["action_id"], each["ratio"], each["accounts"]) for each in found]

    assert listed() == [(str(first.pk), "2", [""]), (str(second.pk), "3", [""])]
    made = api.post(reverse("api-split", args=[portfolio.pk, first.pk]), {}, format="json")
    gone = api.delete(reverse("api-split", args=[portfolio.pk, second.pk]))

    assert (made.status_code, gone.status_code) == (201, 204)
    assert made.json()["transactions"][0]["ratio"] == "2"
    assert listed() == []
