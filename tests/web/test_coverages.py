"""What the four full coverages lack, in a real browser over the real API."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.conftest import District
from tests.web.test_views import go


def test_a_share_leads_to_what_it_lacks_and_that_to_its_place(
    district: District, page: Page
) -> None:
    go(page, "指标")
    page.get_by_role("button", name="查看不在网格内的没有权属单位的设施").click()
    lacking = page.get_by_role("region", name="没有权属单位的设施")
    expect(lacking.get_by_role("row")).to_have_count(1 + 9)
    expect(lacking).to_be_in_viewport(ratio=0.9)
    lacking.get_by_role("button", name="花园路雨水井").click()
    detail = page.locator(".detail")
    expect(detail.get_by_role("heading", level=2)).to_have_text("花园路雨水井")
    expect(detail).to_contain_text("没有权属单位")
    expect(page.locator(".maplibregl-marker")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".maplibregl-marker")).to_have_count(0)


def test_cases_without_a_unit_are_opened_from_there(district: District, page: Page) -> None:
    district.opens("C1", "cover.rattle", "cover:M1", "M1")
    go(page, "指标")
    page.get_by_role("button", name="查看不在网格内的没有责任单位的案件").click()
    page.get_by_role("region", name="没有责任单位的案件").get_by_role("button").click()
    expect(page.locator(".detail").get_by_role("heading", level=2)).to_have_text("井盖跳响")
