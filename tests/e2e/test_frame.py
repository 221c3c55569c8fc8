"""What is around every page: signing in, and the tabs of a phone."""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.platform import EMAIL, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.chaos, pytest.mark.xdist_group("platform")]

#: Longer than it takes to connect.
QUIET_MS = 5_000
#: Where the words of each tab begin and end.
LABELS = """tabs => tabs.map(tab => {
    const words = document.createRange();
    words.selectNodeContents(tab);
    const { left, right } = words.getBoundingClientRect();
    return [left, right];
})"""


def loads_a_page(request):
    """Tell a page from the part of one that refreshes itself now and then."""
    return request.is_navigation_request() or "hx-boosted" in request.headers


@pytest.mark.parametrize("first", ["/accounts/login/", "/"])
def test_the_overview_is_loaded_once_after_signing_in(open_page, first):
    page = open_page()
    asked = []
    page.goto(first)
    page.on("request", lambda request: asked.append(request) if loads_a_page(request) else None)
    page.fill("input[name=login]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")

    expect(page.get_by_role("heading", name="All portfolios")).to_be_visible()
    expect(page.locator("[data-live-words]")).to_have_text("Live")
    page.wait_for_timeout(QUIET_MS)

    assert [urlsplit(each.url).path for each in asked].count("/overview/") == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tabs_of_a_phone_have_room_for_their_words(signed_in, pictures, theme):
    page = signed_in(viewport={"width": 390, "height": 844}, color_scheme=theme)
    page.get_by_role("link", name="World and Europe").first.click()
    tabs = page.get_by_role("navigation", name="Tabs")
    tabs.get_by_text("More").wait_for()

    edges = page.locator(".tabs > a, .tabs summary").evaluate_all(LABELS)

    assert len(edges) == 5
    assert edges[0][0] >= 4
    assert edges[-1][1] <= 390 - 4
    for (_, end), (begin, _) in pairwise(edges):
        assert begin - end >= 4

    tabs.get_by_text("More").click()
    page.screenshot(path=pictures / f"tabs-{theme}.png")
    tabs.get_by_role("link", name="Allocation").click()
    expect(page.get_by_role("heading", name="Allocation", level=1)).to_be_visible()
    expect(tabs.locator("summary[data-current]")).to_have_text("More")
