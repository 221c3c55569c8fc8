"""What is worth a look: found on the real database, put aside, and taken up again."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from common import clock
from portfolios.models import Dismissal
from portfolios.selectors import flag_explanations
from portfolios.selectors.anomalies import FindingId, FindingNotFound
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import buy, draft
from tests.portfolios.browsing import assert_shows, page, text_of

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


def walk(tree):
    yield tree
    for each in tree["inputs"]:
        yield from walk(each)


def explained(api, portfolio, **query):
    answer = api.get(reverse("api-anomalies", args=[portfolio.pk]), {"explain": "1", **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


def assert_comes_to(trees, finding):
    for name, tree in trees.items():
        assert (tree is None) == (finding[name] is None), name
        if tree is not None:
            assert float(tree["value"]) == pytest.approx(float(finding[name]), abs=1e-6)


def test_every_finding_is_explained_down_to_closes_and_returns(api, portfolio):
    answer = explained(api, portfolio)

    lists = answer["explain"].pop("lists")
    assert answer["explain"].keys() == {each["id"] for each in answer["findings"]} != set()
    assert answer["findings"] == findings(api, portfolio)
    for finding in answer["findings"]:
        assert_comes_to(answer["explain"][finding["id"]], finding)
    closes = lists[f"Changes of ACME before {day(CRASHED_AGO)}"]
    assert len(closes) == 90 - CRASHED_AGO - 1
    assert {each["inputs"][0]["unit"] for each in closes} == {"USD"}
    returns = lists[f"Returns of {portfolio.name} before {day(CRASHED_AGO)}"]
    assert returns[0]["ask"]["figure"] == "time_weighted"


def test_the_return_that_stands_out_leads_to_its_days(api, portfolio):
    answer = explained(api, portfolio)
    finding = next(each for each in answer["findings"] if each["kind"] == "return")
    asked = answer["explain"][finding["id"]]["value"]["ask"]

    address = reverse("api-performance", args=[portfolio.pk])
    found = api.get(address, {"start": asked["start"], "end": asked["end"]}).json()

    shown = found["figures"][asked["figure"]]["value"]
    assert float(shown) == pytest.approx(float(finding["value"]), abs=1e-6)


def test_only_the_newest_are_explained_and_each_other_by_its_name(api, portfolio, monkeypatch):
    monkeypatch.setattr(flag_explanations, "MOST_EXPLAINED", 1)
    newest, *others = (each["id"] for each in findings(api, portfolio))

    assert explained(api, portfolio)["explain"].keys() - {"lists"} == {newest}
    assert explained(api, portfolio, finding=others[-1])["explain"].keys() - {"lists"} == {
        others[-1]
    }
    missing = api.get(
        reverse("api-anomalies", args=[portfolio.pk]),
        {"explain": "1", "finding": "return-portfolio-2020-01-01"},
    )
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/finding-not-found")


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
    trees = explained(api, made, finding=found["id"])["explain"][found["id"]]
    assert_comes_to(trees, found)
    (trade,) = trees["value"]["inputs"]
    assert [each["value"] for each in trade["inputs"]] == ["100", "100"]
    assert "e to the power of it" in {each["formula"] for each in walk(trees["usual_low"])}


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


def test_each_finding_opens_what_its_numbers_are_made_of(browser_of, ada, portfolio):
    browser = browser_of(ada)

    links = set(re.findall(r'href="([^"]*/why/[^"]*)"', page(browser, "anomalies", portfolio.pk)))

    assert {link.split("/why/")[1].partition("/")[0] for link in links} == {
        "flag.score",
        "flag.usual_low",
        "flag.usual_high",
    }
    for link in links:
        text = text_of(browser.get(link, headers={"hx-request": "true"}))
        assert_shows(text, "</details>", "Median")
    for query in ({}, {"finding": "return-portfolio-2020-01-01"}, {"finding": "x"}):
        address = reverse("why", args=[portfolio.pk, "flag.score"])
        assert browser.get(address, query).status_code == 404


def test_the_page_says_when_nothing_stands_out(browser_of, ada, acme):
    text = page(browser_of(ada), "anomalies", make(ada, acme, wavering(90)).pk)

    assert_shows(text, "Nothing stands out", "Every return, price and purchase lies where")
