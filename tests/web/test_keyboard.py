"""The page without a mouse: everything has a name, and a case is opened and left with keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import LAMPS, District
from tests.web.test_views import go

NAMELESS = """() => [...document.querySelectorAll("button, a[href], input, select, textarea")]
  .filter((one) => one.checkVisibility() && !one.hidden)
  .filter((one) => {
    const labels = [...(one.labels ?? [])].map((label) => label.innerText);
    return ![one.ariaLabel, one.textContent, ...labels].some((said) => said?.trim());
  })
  .map((one) => one.outerHTML.slice(0, 200))"""

VIEWS = ("值守", "登记", "督办", "指标", "计划", "规则", "审计", "账户")


@pytest.mark.parametrize("view", VIEWS)
def test_whatever_can_be_used_has_a_name(district: District, page: Page, view: str) -> None:
    district.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    page.locator(".row").click()
    expect(page.locator(".detail")).to_contain_text("有灯不亮路段")
    go(page, view)
    page.locator("main:visible :is(button, select)").first.wait_for()
    assert page.evaluate(NAMELESS) == []


def test_a_case_is_opened_and_closed_with_keys(district: District, page: Page) -> None:
    district.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    page.locator(".row").focus()
    page.keyboard.press("Enter")
    detail = page.locator(".detail")
    expect(detail).to_contain_text("经过")
    page.keyboard.press("Escape")
    expect(detail).not_to_contain_text("经过")
