"""What is worth a look: found on the real database, put aside, and taken up again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from common import clock
from portfolios.models import Dismissal
from portfolios.selectors.anomalies import FindingId, FindingNotFound
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import buy, draft
from tests.portfolios.browsing import assert_shows, page

pytestmark = pytest.mark.django_db

CRASHED_AGO = 5


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


def day(back):
    return (clock.now().date() - timedelta(days=back)).isoformat()


def make(owner, instrument, prices):
    """Make a portfolio of 100 units with a price on each of the last days, the oldest first."""
    dates = [day(back) for back in range(len(prices), 0, -1)]
    factories.make_closes(instrument, dict(zip(dates, prices, strict=True)))
    made = factories.make_portfolio(owner)
    for each in (
        draft("deposit", dates[0], amount="10000"),
        buy(instrument, "100", "100", dates[0]),
    ):
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculation.recalculate(made.pk, today=clock.now().date(), now=clock.now())
    return made


def wavering(days, *, crash_ago=None, crashed="80"):
    """Prices that waver around 100, with one that crashed."""
    prices = [("100", "100.6", "99.8", "100.3", "99.5")[place % 5] for place in range(days)]
    if crash_ago is not None:
        prices[-crash_ago] = crashed
    return prices


@pytest.fixture
def portfolio(ada, acme):
    return make(ada, acme, wavering(90, crash_ago=CRASHED_AGO))


@pytest.fixture
def api(program_of, ada):
    return program_of(ada)


def findings(api, portfolio):
    return api.get(reverse("api-anomalies", args=[portfolio.pk])).json()["findings"]


def kinds(found):
    return {each["kind"] for each in found}


def test_a_crash_stands_out_in_the_return_and_in_the_price(api, portfolio, acme):
    found = findings(api, portfolio)

    crash = [each for each in found if each["date"] == day(CRASHED_AGO)]
    assert {(each["kind"], each["instrument_id"]) for each in crash} >= {("price", str(acme.pk))}
    price = next(each for each in crash if each["kind"] == "price")
    assert float(price["value"]) < -0.19
    assert float(price["usual_low"]) > -0.06
    assert "The price of ACME changed by" in price["sentence"]


def test_without_anything_unusual_there_is_nothing(api, ada, acme):
    assert findings(api, make(ada, acme, wavering(90))) == []


def test_a_price_in_another_unit_is_hinted_at(api, ada, acme):
    made = make(ada, acme, wavering(90, crash_ago=CRASHED_AGO, crashed="10100"))

    assert "unit" in kinds(findings(api, made))


def test_a_price_that_repeats_is_stale_unless_people_set_it(api, ada, acme):
    house = factories.make_instrument("HOUSE", owner=ada, mic="")

    assert "stale" in kinds(findings(api, make(ada, acme, ["100"] * 40)))
    ada.portfolios.all().delete()
    assert "stale" not in kinds(findings(api, make(ada, house, ["100"] * 40)))


def test_a_purchase_with_a_digit_too_many_stands_out(api, ada, acme):
    made = make(ada, acme, wavering(90))
    for back, units in ((70, "10"), (60, "11"), (50, "9"), (40, "4"), (40, "6"), (30, "10")):
        ledger.record_transaction(
            made.pk, draft=buy(acme, units, "100", day(back)), now=clock.now()
        )
    ledger.record_transaction(made.pk, draft=buy(acme, "100", "100", day(2)), now=clock.now())

    (found,) = [each for each in findings(api, made) if each["kind"] == "purchase"]

    assert (found["date"], found["instrument_id"]) == (day(2), str(acme.pk))
    assert float(found["value"]) == 10_000
    assert found["sentence"].startswith("ACME was bought for 10,000.00 USD")


def test_too_short_a_history_says_so(api, ada):
    empty = factories.make_portfolio(ada)
    found = api.get(reverse("api-anomalies", args=[empty.pk])).json()

    assert (found["status"], found["checked"], found["findings"]) == ("unavailable", 0, [])


def test_a_finding_is_put_aside_and_stays_so_after_a_recalculation(api, portfolio, acme):
    finding = findings(api, portfolio)[0]["id"]
    address = reverse("api-dismissal", args=[portfolio.pk, finding])

    assert [api.put(address).status_code for _ in range(2)] == [204, 204]
    ledger.record_transaction(portfolio.pk, draft=buy(acme, "1", "100", day(1)), now=clock.now())
    recalculation.recalculate(portfolio.pk, today=clock.now().date(), now=clock.now())

    assert [each["id"] for each in findings(api, portfolio) if each["is_dismissed"]] == [finding]
    assert Dismissal.objects.count() == 1

    assert [api.delete(address).status_code for _ in range(2)] == [204, 204]
    assert not any(each["is_dismissed"] for each in findings(api, portfolio))


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "return-portfolio",
        "return-portfolio-2026-02-30",
        "return-portfolio-20260105",
        "luck-portfolio-2026-01-05",
        "return-nobody-2026-01-05",
    ],
)
def test_what_no_finding_is_called_is_not_found(api, portfolio, text):
    answer = api.put(reverse("api-dismissal", args=[portfolio.pk, text]))

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/finding-not-found")
    with pytest.raises(FindingNotFound):
        FindingId.parse(text)


def test_the_page_lists_findings_and_puts_them_aside(browser_of, ada, api, portfolio):
    browser = browser_of(ada)
    finding = findings(api, portfolio)[0]

    assert_shows(
        page(browser, "anomalies", portfolio.pk), finding["id"], "Transactions of that day"
    )
    address = reverse("anomaly-dismiss", args=[portfolio.pk, finding["id"]])
    assert browser.post(address).status_code == 302
    assert_shows(page(browser, "anomalies", portfolio.pk), "Put aside (1)", "Take up again")
    browser.post(address, {"undo": "1"})
    assert "Take up again" not in page(browser, "anomalies", portfolio.pk)


def test_the_page_says_when_nothing_stands_out(browser_of, ada, acme):
    text = page(browser_of(ada), "anomalies", make(ada, acme, wavering(90)).pk)

    assert_shows(text, "Nothing stands out", "Every return, price and purchase lies where")
