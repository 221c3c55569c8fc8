"""Finding an instrument while typing, in a real browser."""

import pytest
from playwright.sync_api import expect

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
    expect(field).to_have_attribute("aria-activedescendant", "suggestions-1-0")
    field.press("Enter")

    expect(field).to_have_value("KO")
    expect(options).to_have_count(0)
    expect(page.get_by_label("Currency", exact=True)).to_have_value("USD")
    assert field.get_attribute("aria-expanded") == "false"


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
