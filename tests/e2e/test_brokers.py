"""A connected account in a real browser: it is synced, and the page follows by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.platform import eventually

pytestmark = [pytest.mark.browser, pytest.mark.chaos, pytest.mark.xdist_group("platform")]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_account_of_the_demo_syncs_and_equals_the_broker(signed_in, pictures, width):
    page = signed_in(viewport={"width": 1280, "height": 900})
    link = page.get_by_role("link", name="Alpaca (sandbox)").first

    def is_connected() -> bool:
        # That happens after the first page is there.
        page.reload()
        return link.is_visible()

    eventually(is_connected, every=1)
    link.click()
    page.get_by_role("link", name="Brokers").first.click()
    page.get_by_role("link", name=re.compile("^Alpaca PA")).click()
    page.set_viewport_size({"width": width, "height": 900})
    syncs = page.get_by_role("table", name="Syncs, newest first").get_by_role("row")
    # The page is there, and the first sync is over: a click would join a running one.
    expect(syncs.nth(1)).to_contain_text("Done")
    before = syncs.count()

    page.get_by_role("button", name="Sync now").click()

    expect(syncs).to_have_count(before + 1)
    expect(syncs.nth(1)).to_contain_text("Done")
    figures = page.get_by_role("table", name="Positions, what they cost, and cash")
    # Four positions, each with its cost, and cash.
    expect(figures.get_by_text("Equal")).to_have_count(9)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=pictures / f"connection-{width}.png", full_page=True)
