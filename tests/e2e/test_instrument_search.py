"""Finding an instrument while typing, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.e2e.platform import eventually

pytestmark = [pytest.mark.browser, pytest.mark.chaos, pytest.mark.xdist_group("platform")]


@pytest.mark.parametrize("width", [1280, 390])
def test_an_instrument_is_found_by_words_of_its_name_with_the_keys_alone(
    signed_in, pictures, width
):
    page = signed_in(viewport={"width": width, "height": 900})
    page.get_by_role("link", name="World and Europe").first.click()
    page.goto(page.url.split("?")[0] + "transactions/")
    field = page.get_by_role("combobox", name="Symbol or ISIN", exact=True)
    options = page.get_by_role("listbox", name="Instruments").get_by_role("option")

    field.press_sequentially("coca col")
    expect(options.first).to_contain_text("KO")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=pictures / f"search-{width}.png")
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "id_instrument-suggestions-0")
    field.press("Enter")

    expect(field).to_have_value("KO")
    expect(options).to_have_count(0)
    expect(page.get_by_label("Currency", exact=True)).to_have_value("USD")
    assert field.get_attribute("aria-expanded") == "false"


def test_whoever_types_before_the_search_is_loaded_loses_no_letter(signed_in):
    page = signed_in()
    waiting = []
    page.route("**/instrument-search*", lambda route: waiting.append(route))  # noqa: PLW0108
    page.goto("/alerts/")
    field = page.get_by_role("combobox", name="Symbol or ISIN")
    field.press_sequentially("coca")

    # Only now, while the field has the focus, does the search take it over.
    eventually(lambda: page.wait_for_timeout(50) or waiting)
    waiting[0].continue_()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.type(" col")

    expect(field).to_have_value("coca col")
    options = page.get_by_role("listbox", name="Instruments").get_by_role("option")
    expect(options.first).to_contain_text("KO")


def test_a_click_picks_escape_closes_and_strange_texts_do_no_harm(signed_in):
    page = signed_in()
    page.goto("/alerts/")
    field = page.get_by_role("combobox", name="Symbol or ISIN")
    options = page.get_by_role("option").filter(has_text="KO")

    field.fill("(.*+?🚀" + "x" * 3_000)
    expect(page.locator("#announcer")).to_have_text("No instruments found")
    field.fill("us19121610")
    expect(options).to_be_visible()
    field.press("Escape")
    expect(options).to_be_hidden()
    field.fill("ko")
    options.first.click()

    expect(field).to_have_value("KO")


def test_without_scripts_the_browser_suggests_symbols(signed_in):
    page = signed_in()
    plain = page.context.browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    quiet = plain.new_page()
    quiet.goto(page.url.split("/overview")[0] + "/alerts/")

    field = quiet.get_by_label("Symbol or ISIN")
    assert quiet.locator(f"#{field.get_attribute('list')} option[value=KO]").count() == 1
    plain.close()
