"""Light and dark: as the system prefers, until somebody chooses."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import District


def ground(page: Page) -> str:
    said: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return said


def test_a_choice_is_kept_and_the_map_is_drawn_in_it(browser: Browser, district: District) -> None:
    context = browser.new_context(color_scheme="light")
    context.add_cookies([district.cookie()])
    page = context.new_page()
    page.goto(district.url)
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    light = ground(page)
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-theme", "dark")
    assert ground(page) != light

    page.get_by_role("button", name="浅色界面").click()
    expect(root).to_have_attribute("data-theme", "light")
    expect(page.locator(".canvas[data-ready=true]")).to_have_count(1, timeout=30_000)
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="深色界面").wait_for()
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="深色界面").click()
    expect(root).to_have_attribute("data-theme", "dark")
    context.close()
