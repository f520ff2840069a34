"""Signing in on the page, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cases.people.audit import By
from tests.api.people import PASSWORD, name_of
from tests.web.conftest import District

BY = By("test", 0)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def stranger(context: BrowserContext, district: District) -> Page:
    """The page, as somebody sees it who is not signed in."""
    page = context.new_page()
    page.goto(district.url)
    expect(page.get_by_role("dialog", name="登录")).to_be_visible()
    return page


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def test_nobody_sees_anything_before_signing_in(stranger: Page) -> None:
    expect(stranger.locator(".room")).to_have_count(0)
    stranger.get_by_role("button", name="登录").click()
    expect(stranger.get_by_role("alert")).to_contain_text("请填写")
    sign_in(stranger, name_of("dispatcher"), "wrong")
    expect(stranger.get_by_role("alert")).to_contain_text("用户名或密码不正确")
    sign_in(stranger, name_of("dispatcher"))
    expect(stranger.get_by_text("实时", exact=True)).to_be_visible()
    expect(stranger.locator(".person")).to_contain_text("a-dispatcher 派遣员")


def test_signing_out_leaves_nothing_on_the_screen(stranger: Page, context: BrowserContext) -> None:
    sign_in(stranger, name_of("viewer"))
    stranger.get_by_role("button", name="English").click()
    stranger.get_by_role("button", name="Sign out").click()
    expect(stranger.get_by_role("dialog", name="Sign in")).to_be_visible()
    expect(stranger.locator(".room")).to_have_count(0)
    assert context.cookies() == []


def test_a_session_that_ends_asks_again_and_keeps_the_page(page: Page, district: District) -> None:
    district.opens("C1", "cover.displaced", "cover:M1", "M1", cause="tilt")
    page.locator(".row").click()
    page.evaluate("window.notReloaded = true")
    name = name_of("admin")
    district.access.accounts.set_password(name, "something else entirely", BY)
    # The page asks for something, whether or not it has been told already that the session is over.
    page.locator(".row").dispatch_event("click")
    dialog = page.get_by_role("dialog", name="登录")
    expect(dialog).to_contain_text("页面内容仍在", timeout=15_000)
    expect(page.get_by_label("用户名")).to_have_value(name)
    sign_in(page, name, "something else entirely")
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("实时", exact=True)).to_be_visible()
    expect(page.locator(".detail")).to_contain_text("井盖移位")
    district.opens("C2", "cover.rattle", "cover:M1", "M1", cause="impacts")
    expect(page.locator(".row")).to_have_count(2)
    assert page.evaluate("window.notReloaded")


def test_a_link_signs_in_once_and_does_not_stay_in_the_address(
    context: BrowserContext, browser: Browser, district: District
) -> None:
    link = f"{district.url}/#key={district.access.make_once(name_of('operator'))}"
    page = context.new_page()
    page.goto(link)
    expect(page.locator(".person")).to_contain_text("受理员")
    assert page.url == f"{district.url}/"
    other = browser.new_context()
    second = other.new_page()
    second.goto(link)
    expect(second.get_by_role("alert")).to_contain_text("已使用")
    other.close()
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(".person")).to_contain_text("受理员")
