"""The whole platform, started the way a newcomer does, and a real browser to look at it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.platform import EMAIL, PASSWORD, Platform

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# On a busy machine a page may take its time; what it must not take long for says so itself.
expect.set_options(timeout=30_000)
#: The browser looks nothing up by itself, and needs no screen and no sandbox of its own.
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def platform(tmp_path_factory) -> Iterator[Platform]:
    """One demo for all tests of this folder: starting it takes most of a minute."""
    running = Platform(tmp_path_factory.mktemp("platform"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def _fresh_token(platform) -> None:
    platform.forget_token()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, without a window.

    It goes with its module: while it is open an event loop runs in this thread, under which no
    other test could ask the database.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"No browser: none of {', '.join(BROWSERS)} is installed.")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser, platform) -> Iterator[Callable[..., Page]]:
    """Open pages of the platform; whatever a page complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(**options) -> Page:
        context = browser.new_context(base_url=platform.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda said: _note(said, complaints))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _note(said, complaints: list[str]) -> None:
    url = said.location.get("url", "")
    if said.type != "error" or "ERR_CONNECTION" in said.text or "WebSocket" in said.text:
        # A server that is down on purpose is none of the page's faults.
        return
    if "Failed to load resource" in said.text and "/static/" not in url:
        # So is a page that answers 404 or 422 on purpose.
        return
    complaints.append(f"{url}: {said.text}")


@pytest.fixture
def signed_in(open_page) -> Callable[..., Page]:
    """Open a page and sign the demo's user in."""

    def opened(**options) -> Page:
        page = open_page(**options)
        page.goto("/accounts/login/")
        page.fill("input[name=login]", EMAIL)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/overview/")
        return page

    return opened


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go, to be looked at."""
    folder = Path(".data") / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
