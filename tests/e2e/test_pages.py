"""Whole journeys in a real browser, on the platform as a newcomer starts it."""

from __future__ import annotations

import re
import signal

import pytest
from playwright.sync_api import expect

from tests.e2e.platform import eventually

pytestmark = [pytest.mark.browser, pytest.mark.chaos, pytest.mark.xdist_group("platform")]

ROWS = (
    "date,type,symbol,quantity,price,fee,currency,note\n"
    "2025-11-03,buy,KO,3,70.10,1,USD,from the browser\n"
    "2025-11-04,buy,NOBODYKNOWSIT,3,70.10,1,USD,\n"
    "2025-11-05,buy,V,-3,300,1,USD,\n"
)


def badge(page):
    """The words that say how the live connection stands."""
    return page.locator("[data-live-words]")


def follow(page, name, address):
    """Go where a link leads, until the page's scripts are there: before, links open no dialogs."""
    page.get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_url(address)
    expect(badge(page)).to_have_text(re.compile("Live"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_portfolio_moves_by_itself(signed_in, pictures, width, theme):
    page = signed_in(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.get_by_role("link", name="World and Europe").first.click()
    total = page.locator("[data-live$=':total']").first

    expect(badge(page)).to_have_text(re.compile("Live"))
    before = total.inner_text()

    expect(total).not_to_have_text(before, timeout=30_000)
    # No part of the page is wider than the screen.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=pictures / f"portfolio-{width}-{theme}.png", full_page=True)


def test_on_a_phone_the_name_of_the_page_is_whole_while_it_connects(signed_in, pictures):
    page = signed_in(viewport={"width": 390, "height": 800})
    # A server that takes the connection, and then says nothing.
    page.route_web_socket(re.compile("/ws/"), lambda _: None)
    page.get_by_role("link", name="World and Europe").first.click()

    expect(badge(page)).to_have_text("Connecting…")
    name = page.get_by_role("navigation", name="Breadcrumb").locator("[aria-current=page]")
    assert name.evaluate("each => each.scrollWidth <= each.clientWidth")
    page.screenshot(path=pictures / "connecting.png")


def test_lots_open_on_top_of_the_page_or_as_a_page_without_scripts(signed_in, pictures):
    page = signed_in()
    follow(page, "World and Europe", "**/portfolios/*/")
    link = page.get_by_role("link", name=re.compile(r"^\d+ lots$")).first
    here, target = page.url, link.get_attribute("href")

    link.click()
    lots = page.get_by_role("dialog", name="Lots")
    expect(lots.get_by_role("columnheader", name="Opened")).to_be_visible()
    assert page.url == here
    page.screenshot(path=pictures / "lots.png")
    lots.get_by_role("button", name="Close").click()
    expect(lots).to_be_hidden()

    plain = page.context.browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    unscripted = plain.new_page()
    unscripted.goto(here)
    unscripted.get_by_role("link", name=link.inner_text()).first.click()
    expect(unscripted.get_by_role("columnheader", name="Opened")).to_be_visible()
    assert unscripted.url.endswith(target)
    plain.close()


def test_lots_open_while_the_chart_is_still_on_its_way(signed_in):
    page = signed_in()
    # A line so slow that the chart never comes.
    page.route(re.compile("/value-chart"), lambda _: None)
    follow(page, "World and Europe", "**/portfolios/*/")

    page.get_by_role("link", name=re.compile(r"^\d+ lots$")).first.click()

    lots = page.get_by_role("dialog", name="Lots")
    expect(lots.get_by_role("columnheader", name="Opened")).to_be_visible(timeout=10_000)


def test_why_opens_on_top_of_the_lots_it_was_asked_from(signed_in, pictures):
    page = signed_in()
    follow(page, "World and Europe", "**/portfolios/*/")
    follow(page, "Gains", "**/gains/")
    page.get_by_role("link", name=re.compile(r"^\d+ lots?$")).first.click()
    lots, why = (page.get_by_role("dialog", name=name) for name in ("Lots", "Why"))
    here = page.url

    lots.get_by_role("cell").last.get_by_role("link").click()

    expect(why.get_by_text(re.compile("^Gain of "))).to_be_visible()
    why.get_by_text(re.compile("^Proceeds of ")).click()
    expect(why.get_by_text(re.compile("^What was traded on ")).first).to_be_visible()
    assert page.url == here
    page.screenshot(path=pictures / "why-of-a-lot.png")
    why.get_by_role("button", name="Close").click()
    expect(why).to_be_hidden()
    expect(lots).to_be_visible()


def test_a_recorded_transaction_reaches_the_holdings(signed_in, platform):
    page = signed_in()
    portfolio = platform.portfolio("US growth")["id"]
    page.goto(f"/portfolios/{portfolio}/transactions/")
    page.select_option("[name=kind]", "buy")
    page.fill("[name=trade_date]", "2025-11-10")
    page.fill("[name=instrument]", "XOM")
    page.fill("[name=quantity]", "7")
    page.fill("[name=price]", "101.50")
    expect(page.locator("[name=currency]")).to_have_value("USD")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("XOM").first).to_be_visible()

    page.goto(f"/portfolios/{portfolio}/")

    # The page refreshes its holdings by itself as soon as the new revision is in.
    expect(page.locator("main").get_by_text("XOM").first).to_be_visible(timeout=30_000)


def test_a_detail_stays_open_when_fresh_holdings_arrive(signed_in, platform):
    page = signed_in()
    portfolio = platform.portfolio("World and Europe")["id"]
    page.goto(f"/portfolios/{portfolio}/")
    expect(badge(page)).to_have_text(re.compile("Live"))
    held = []

    def hold(route):
        is_reload = route.request.headers.get("hx-target") == "holdings"
        held.append(route) if is_reload and not held else route.continue_()

    page.route("**/portfolios/*/", hold)
    note = "while lots are read"
    status, _ = platform.request(
        "POST",
        f"/api/v1/portfolios/{portfolio}/transactions/",
        {
            "kind": "deposit",
            "trade_date": "2025-12-22",
            "amount": "1.00",
            "currency": "EUR",
            "note": note,
        },
    )
    assert status == 201
    eventually(lambda: page.wait_for_timeout(50) or held)
    page.get_by_role("link", name=re.compile(r"^\d+ lots$")).first.click()
    lots = page.get_by_role("dialog", name="Lots")
    expect(lots).to_be_visible()

    with page.expect_response(held[0].request.url):
        held[0].continue_()
    page.wait_for_timeout(500)

    expect(lots.get_by_role("columnheader", name="Opened")).to_be_visible()
    lots.get_by_role("button", name="Close").click()
    expect(page.get_by_text(note)).to_be_visible()


def test_a_mistake_in_a_form_is_said_beside_the_field(signed_in, platform):
    page = signed_in()
    portfolio = platform.portfolio("US growth")["id"]
    page.goto(f"/portfolios/{portfolio}/transactions/")
    page.fill("[name=instrument]", "KO")
    page.fill("[name=quantity]", "-1")
    page.fill("[name=price]", "10")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.get_by_role("button", name="Record").click()

    assert answer.value.status == 422
    expect(page.get_by_text("Quantity must be more than 0.")).to_be_visible()


def test_a_file_is_checked_committed_and_undone(signed_in, platform):
    page = signed_in()
    portfolio = platform.portfolio("US growth")["id"]
    page.goto(f"/portfolios/{portfolio}/imports/")
    page.set_input_files(
        "input[type=file]", {"name": "rows.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
    )
    page.get_by_role("button", name="Upload and check").click()

    commit = page.get_by_role("button", name="Import 1 new row")
    expect(commit).to_be_visible(timeout=30_000)
    expect(page.get_by_text("NOBODYKNOWSIT is not known here")).to_be_visible()
    commit.click()
    undo = page.get_by_text("Undo the import")
    expect(undo).to_be_visible(timeout=30_000)
    assert _rows(platform, portfolio) == 1

    undo.click()
    page.get_by_role("button", name="Yes, take them out").click()
    expect(page.get_by_text("Undone", exact=True).first).to_be_visible(timeout=30_000)
    assert _rows(platform, portfolio) == 0


def _rows(platform, portfolio) -> int:
    _, page = platform.request(
        "GET",
        f"/api/v1/portfolios/{portfolio}/transactions/?text=from the browser".replace(" ", "%20"),
    )
    return len(page["results"])


def test_the_page_says_when_the_server_is_gone_and_recovers(signed_in, platform):
    page = signed_in()
    page.get_by_role("link", name="World and Europe").first.click()
    expect(badge(page)).to_have_text(re.compile("Live"))

    platform.kill("web")

    expect(badge(page)).to_have_text(re.compile("Reconnecting|Offline"), timeout=30_000)
    expect(badge(page)).to_have_text(re.compile("Live"), timeout=90_000)
    total = page.locator("[data-live$=':total']").first
    before = total.inner_text()
    expect(total).not_to_have_text(before, timeout=30_000)


def test_the_page_says_when_prices_are_stale(signed_in, platform):
    page = signed_in()
    page.get_by_role("link", name="World and Europe").first.click()
    expect(badge(page)).to_have_text(re.compile("Live"))
    feed = eventually(lambda: platform.find("feed"))

    feed.send_signal(signal.SIGSTOP)
    try:
        # Ten seconds are promised; a busy machine gets some more.
        expect(badge(page)).to_have_text(re.compile("Stale"), timeout=13_000)
    finally:
        feed.send_signal(signal.SIGCONT)

    expect(badge(page)).to_have_text(re.compile("Live"), timeout=60_000)


def test_the_page_says_by_itself_that_prices_are_stale_when_the_server_says_nothing(
    signed_in, platform
):
    page = signed_in()
    page.get_by_role("link", name="World and Europe").first.click()
    expect(badge(page)).to_have_text(re.compile("Live"))
    price = page.locator("[data-live^='quote:'][data-live$=':price']").first
    web = eventually(lambda: platform.find("web"))
    frozen = [web, *web.children(recursive=True)]

    for process in frozen:
        process.suspend()
    try:
        # Ten seconds are promised; the line itself would be given up after 45.
        expect(badge(page)).to_have_text(re.compile("Stale"), timeout=13_000)
        # A price may have been confirmed after the last sign of life, and is looked at each second.
        expect(price).to_have_attribute("data-stale", "", timeout=8_000)
    finally:
        for process in frozen:
            process.resume()

    expect(badge(page)).to_have_text(re.compile("Live"), timeout=60_000)
    expect(price).not_to_have_attribute("data-stale", "", timeout=30_000)


def test_prices_within_the_day_are_drawn_and_go_on(signed_in, platform, pictures):
    _, found = platform.request("GET", "/api/v1/instruments/search/?q=BTC")
    coin = next(each["id"] for each in found["results"] if each["symbol"] == "BTC")
    page = signed_in()
    page.goto(f"{platform.url}/instruments/{coin}/")

    def has_minutes():
        _, answer = platform.request("GET", f"/api/v1/instruments/{coin}/bars/intraday/")
        return len(answer["bars"]) >= 2

    # The feed keeps them while the page is open.
    eventually(has_minutes, seconds=240, every=2)
    page.get_by_role("link", name="1D", exact=True).click()
    expect(page.get_by_text("Prices of each minute")).to_be_visible()
    expect(page.locator("#chart canvas").first).to_be_visible()
    box = page.locator("#chart [data-chart]").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("[data-readout]")).to_have_text(
        re.compile(r" on \d{4}-\d\d-\d\d \d\d:\d\d$")
    )
    page.get_by_text("Show as table").click()
    row = page.locator("[data-chart-table] tbody tr").first
    expect(row).to_contain_text(re.compile(r"\d\d:\d\d"))
    page.screenshot(path=pictures / "within-the-day.png")


def test_the_page_follows_from_one_source_to_another_and_back(signed_in, platform):
    page = signed_in()
    page.get_by_role("link", name="World and Europe").first.click()
    price = page.locator("[data-live^='quote:'][data-live$=':price']").first
    instrument = price.get_attribute("data-live").split(":")[1]
    late = page.locator(f"[data-live='quote:{instrument}:delay_seconds']").first
    expect(badge(page)).to_have_text(re.compile("Live"))
    expect(late).to_be_hidden()
    feed = eventually(lambda: platform.find("feed"))

    def is_told() -> bool:
        platform.publish_quote(instrument, "4321.09", source="another", delay_seconds=900)
        return "321.09" in price.inner_text()

    feed.send_signal(signal.SIGSTOP)
    try:
        eventually(is_told)
        expect(late).to_have_text("15 min late")
    finally:
        feed.send_signal(signal.SIGCONT)

    expect(late).to_be_hidden(timeout=60_000)
    expect(price).not_to_contain_text("321.09")


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/nothing-here/",
    ],
)
def test_pages_for_everybody_open_without_complaints(open_page, path):
    page = open_page()

    page.goto(path)

    expect(page.locator("h1")).to_be_visible()


def test_what_only_you_own_has_a_value_as_soon_as_you_say_one(signed_in, platform):
    owned = {"symbol": "HOUSE", "name": "The house", "currency": "USD", "asset_class": "other"}
    _, house = platform.request("POST", "/api/v1/instruments/", owned)
    home = {"name": "Home", "base_currency": "USD", "tracks_cash": False}
    _, portfolio = platform.request("POST", "/api/v1/portfolios/", home)
    bought = {
        "kind": "buy",
        "trade_date": "2025-01-06",
        "instrument_id": house["id"],
        "quantity": "1",
        "price": "200000",
        "currency": "USD",
    }
    rows = f"/api/v1/portfolios/{portfolio['id']}/transactions/"
    assert platform.request("POST", rows, bought)[0] == 201
    watching = signed_in()
    watching.goto(f"/portfolios/{portfolio['id']}/")
    expect(badge(watching)).to_have_text(re.compile("Live"))

    page = watching.context.new_page()
    page.goto(f"/portfolios/{portfolio['id']}/")
    page.get_by_role("link", name="Record a price").click(timeout=30_000)
    page.fill("[name=date]", "2025-06-30")
    page.fill("[name=close]", "251000")
    page.get_by_role("button", name="Record the price").click()
    expect(page.locator("#prices")).to_contain_text("251,000.00")

    # The other page, which was open all the while, follows by itself.
    total = watching.locator(f"[data-live='portfolio:{portfolio['id']}:total']").first
    expect(total).to_contain_text("251,000.00", timeout=30_000)
