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


def test_the_focus_goes_into_the_detail_and_back_to_its_row(district: District, page: Page) -> None:
    for number in (1, 2, 3):
        district.opens(f"C{number}", "streetlight.unlit", f"streetlight:L{number}", f"L{number}")
    row = page.locator("[data-id=C2] .row")
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".detail")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="关闭详情")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-id=C3] .row")).to_be_focused()


def test_on_a_phone_nothing_behind_the_detail_can_be_reached(
    district: District, page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    district.opens("C1", "streetlight.unlit", "streetlight:L1", "L1")
    page.locator(".row").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("经过")
    for _ in range(40):
        page.keyboard.press("Tab")
        held = page.evaluate("document.activeElement.closest('.detail, body').className")
        assert held == "" or "detail" in held
    page.keyboard.press("Escape")
    expect(page.locator(".row")).to_be_focused()


TABBABLE = """() => [...document.querySelectorAll("a, button, input, select, textarea, [tabindex]")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled)
  .filter((one) => one.tabIndex >= 0 && !one.closest("[inert]"))
  .filter((one) => one.type !== "radio" || one.checked)"""

# The little button inside of a field for a time has its own ring, which a page cannot ask of.
HELD = """() => {
  const held = document.activeElement;
  const shown = [held, held.closest("label"), held.parentElement].some((one) => {
    const style = one && getComputedStyle(one);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  });
  held.dataset.reached = "yes";
  return shown || held === document.body || held.type === "datetime-local" ? "" : held.outerHTML;
}"""


def test_all_is_reached_with_tab_and_seen_to_be(district: District, page: Page) -> None:
    district.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    page.locator(".row").wait_for()
    for view in VIEWS:
        go(page, view)
        page.locator("main:visible :is(button, select)").first.wait_for()
        page.evaluate("document.activeElement.blur()")
        missed = f"({TABBABLE})().filter((one) => !one.dataset.reached).map((one) => one.outerHTML)"
        # What a view has asked for comes while one goes through it: around again.
        for turn in range(400):
            page.keyboard.press("Tab")
            assert page.evaluate(HELD) == "", view
            if turn % 10 == 9 and not page.evaluate(missed):
                break
        assert page.evaluate(missed) == [], view
