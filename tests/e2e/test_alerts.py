"""Watching and being told, in a real browser, with the feed that is running."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.chaos, pytest.mark.xdist_group("platform")]


def look_at(page, picture):
    """Take a picture of a page, which is no wider than its window."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=picture, full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_what_is_watched_moves_and_an_alert_is_told_at_once(signed_in, pictures, width, theme):
    page = signed_in(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.goto("/watchlists/")
    page.get_by_label("Name").fill(f"Drinks {width} {theme}")
    page.get_by_role("button", name="Create watchlist").click()
    page.get_by_label("Symbol or ISIN").fill("BTC")
    page.get_by_label("Note").fill("around the clock")
    page.get_by_role("button", name="Add", exact=True).click()
    price = page.locator("[data-live$=':price']").first
    before = price.inner_text()
    expect(price).not_to_have_text(before, timeout=30_000)
    look_at(page, pictures / f"watchlist-{width}-{theme}.png")

    page.get_by_role("link", name=re.compile("New alert about")).click()
    page.get_by_label("Limit").fill("0.01")
    # One more page, for this one is being loaded anew while the alert is told.
    other = page.context.new_page()
    other.goto("/inbox/")
    read_all = other.get_by_role("button", name="Mark all as read")
    expect(read_all).to_be_hidden()
    expect(other.locator("[data-live-status]")).to_have_attribute("data-state", "live")
    page.get_by_role("button", name="Create alert").click()

    # It holds already: the feed's process hears of it and tells the pages by itself.
    expect(other.locator("#announcer")).to_contain_text("at or above 0.01", timeout=30_000)
    expect(other.locator("[data-unread]")).to_be_visible()
    expect(read_all).to_be_visible()
    expect(page.locator("[data-unread]")).to_be_visible()
    look_at(page, pictures / f"alerts-{width}-{theme}.png")
    page.locator("[data-inbox]").click()
    expect(page.get_by_role("table")).to_contain_text("at or above 0.01")
    look_at(page, pictures / f"inbox-{width}-{theme}.png")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("[data-unread]")).to_be_hidden()
    expect(other.locator("[data-unread]")).to_be_hidden()
