"""The performance page, as a browser gets it."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.urls import reverse

from common import clock, manual
from common.money import plain
from portfolios.models import DailyValue
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import buy, draft
from tests.portfolios.browsing import assert_shows, page, text_of

pytestmark = pytest.mark.django_db

METHODS = (Path(__file__).resolve().parents[2] / "docs" / "methods.md").read_text()


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


@pytest.fixture
def portfolio(ada, acme):
    """Sixty days of +1 % and −1 % in turn, with 500 paid in halfway."""
    today = clock.now().date()
    days = [(today - timedelta(days=back)).isoformat() for back in range(60, 0, -1)]
    factories.make_closes(
        acme, {day: "101" if place % 2 else "100" for place, day in enumerate(days)}
    )
    made = factories.make_portfolio(ada)
    rows = (
        draft("deposit", days[0], amount="1000"),
        buy(acme, "10", "100", days[0]),
        draft("deposit", days[30], amount="500"),
    )
    for each in rows:
        ledger.record_transaction(made.pk, draft=each, now=clock.now())
    recalculation.recalculate(made.pk, today=today, now=clock.now())
    return made


def shown(text, name):
    """Return what the page writes for a figure."""
    found = re.search(rf'data-figure="{re.escape(name)}".*?<(?:dd|td)[^>]*>(.*?)</(?:dd|td)>', text)
    assert found, name
    return re.sub(r"<[^>]*>", " ", found[1]).split()[0]


def written(figure):
    """Write a figure as the page does for somebody from the United States."""
    if figure["value"] is None:
        return "–"
    value = float(figure["value"])
    if figure["unit"] == "fraction":
        return f"{value:+.2%}".replace("-", "−")
    return f"{value:,.2f}".replace("-", "−")


def test_the_page_shows_what_the_api_says(browser, program_of, ada, portfolio, acme):
    query = {"range": "max", "benchmark": str(acme.pk)}
    text = page(browser, "performance", portfolio.pk, **query)

    api = program_of(ada)
    said = {
        name: api.get(reverse(f"api-{name}", args=[portfolio.pk]), query).json()
        for name in ("performance", "risk")
    }

    figures = said["performance"]["figures"] | said["risk"]["figures"]
    compared = {
        f"benchmark.{name}": each
        for answer in said.values()
        for name, each in answer["benchmark"].items()
        if isinstance(each, dict)
    }
    assert len(figures) == 19
    assert len(compared) == 8
    for name, each in (figures | compared).items():
        assert shown(text, name).lstrip("+") == written(each).lstrip("+"), name
    assert written(said["risk"]["drawdown"]["depth"]) in text


def test_each_figure_is_explained_where_its_label_leads(browser, portfolio, acme):
    text = page(browser, "performance", portfolio.pk, range="max", benchmark=str(acme.pk))
    sections = re.findall(r"^###? (.*?)\n(.*?)(?=^##|\Z)", METHODS, re.MULTILINE | re.DOTALL)
    parts = {manual.anchor_of(heading): content.lower() for heading, content in sections}

    links = re.findall(r'<a class="method" href="[^"#]*#([^"]*)">([^<]*)</a>', text)
    explained = {(unescape(label), anchor) for anchor, label in links}

    assert len(explained) == 26
    for label, anchor in sorted(explained):
        words = f"{anchor} {parts[anchor]}".replace("-", " ")
        assert all(word in words for word in label.lower().replace("-", " ").split()), label


def test_the_range_is_chosen_by_links_that_keep_the_benchmark(browser, portfolio, acme):
    text = page(browser, "performance", portfolio.pk, range="1m", benchmark=str(acme.pk))

    assert re.search(r'\?range=1m&benchmark=\w+" aria-current="true">1M<', text)
    assert f"?range=ytd&benchmark={acme.pk}" in text


def test_a_blend_goes_beside_a_portfolio_and_stays_when_the_range_changes(browser, portfolio, acme):
    other = factories.make_instrument("OTHER")
    query = {"benchmark": str(acme.pk), "weight": "60", "benchmark_2": str(other.pk)}

    answer = browser.get(
        reverse("performance", args=[portfolio.pk]), query | {"rebalancing": "never"}
    )

    text = text_of(answer)
    assert_shows(text, "Beside 60% ACME + 40% OTHER", "A blend, left alone since the start")
    kept = f"benchmark={acme.pk}&weight=60&benchmark_2={other.pk}&rebalancing=never"
    assert f"?range=ytd&{kept}" in text
    assert answer.context["form"].is_blended()


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        (("60", "30"), "The weights are above 0 and add up to 100."),
        (("100", ""), "The weights are above 0 and add up to 100."),
        (("", ""), "The weights are above 0 and add up to 100."),
        (("a lot", ""), "is not a number"),
        (("-1", "101"), "greater than or equal to 0"),
    ],
)
def test_a_blend_that_is_none_is_said_and_left_out(browser, portfolio, acme, weights, why):
    other = factories.make_instrument("OTHER")
    query = {"benchmark": str(acme.pk), "benchmark_2": str(other.pk)}

    text = page(
        browser, "performance", portfolio.pk, **query, weight=weights[0], weight_2=weights[1]
    )

    assert why in unescape(text)
    assert "Beside 60%" not in text


def test_an_instrument_is_in_a_blend_once(browser, portfolio, acme):
    query = {"benchmark": str(acme.pk), "weight": "50", "benchmark_2": str(acme.pk)}

    text = page(browser, "performance", portfolio.pk, **query)

    assert_shows(text, "Choose each instrument once.")


def test_own_days_are_chosen_by_a_form(browser, portfolio):
    start = clock.now().date() - timedelta(days=20)

    answer = browser.get(
        reverse("performance", args=[portfolio.pk]), {"range": "1y", "start": start.isoformat()}
    )

    assert answer.context["report"]["start"] == start.isoformat()
    assert answer.context["report"]["range"] is None


@pytest.mark.parametrize(
    "query",
    [
        {"range": "2y"},
        {"start": "2026-02-30"},
        {"start": "2026-02-02", "end": "2026-02-01"},
        {"benchmark": "x"},
        {"benchmark": "\x00"},
    ],
)
def test_what_cannot_be_chosen_leaves_the_last_year(browser, portfolio, query):
    answer = browser.get(reverse("performance", args=[portfolio.pk]), query)

    assert answer.status_code == 200
    assert answer.context["report"]["range"] == "1Y"
    assert answer.context["form"].errors


def test_months_are_listed_with_the_color_of_their_sign(browser, portfolio):
    text = page(browser, "performance", portfolio.pk, range="max")

    row = re.search(r'<table class="table return-grid">.*?</table>', text)[0]
    assert re.search(r'<th scope="row">\d{4}</th>', row)
    assert re.search(r'data-tone="(gain|loss|flat)"[^>]*><a [^>]*>[+−]?\d+\.\d\d%', row)


def test_days_that_are_unknown_are_said_with_what_they_make_unknown(browser, portfolio):
    day = clock.now().date() - timedelta(days=30)
    DailyValue.objects.filter(portfolio=portfolio, date=day).update(status="partial")

    text = page(browser, "performance", portfolio.pk, range="max")

    assert_shows(text, "Not everything had a price", "counts as unknown")


def test_a_portfolio_without_a_day_says_so(browser, ada):
    empty = factories.make_portfolio(ada, name="Empty")

    assert_shows(page(browser, "performance", empty.pk), "No day has been valued yet")


def test_the_page_of_the_portfolio_shows_the_return_of_its_chart(
    browser, program_of, ada, portfolio
):
    answer = browser.get(reverse("portfolio", args=[portfolio.pk]), {"range": "max"})

    url = reverse("api-performance", args=[portfolio.pk])
    said = program_of(ada).get(url, {"range": "max"}).json()["figures"]["time_weighted"]
    assert plain(answer.context["period_return"].value) == said["value"]
    assert_shows(text_of(answer), "Time-weighted return", written(said))
