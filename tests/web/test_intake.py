"""Taking down what a caller reports, in a real browser over the real API."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import LAMPS, District


@pytest.mark.parametrize("role", ["operator"])
def test_an_operator_sees_what_is_near_and_takes_the_report_down(
    filed: District, page: Page
) -> None:
    filed.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    page.get_by_role("button", name="登记").click()
    form = page.locator("form")
    form.get_by_role("button", name="登记").click()
    expect(form.get_by_role("alert")).to_contain_text("反映事项")
    form.get_by_label("反映事项").select_option("0137-out")
    form.get_by_label("设施编号、名称或道路").fill("L2")
    form.get_by_role("button", name="路灯 L2").click()
    near = page.get_by_role("region", name="附近在办案件")
    expect(near.get_by_role("button")).to_contain_text("有灯不亮路段")
    expect(near.get_by_role("button")).to_contain_text("同类")

    form.get_by_label("反映内容").fill("整条路都黑了")
    form.get_by_label("电话").fill("13812345678")
    # What was typed is still there after a look at the room.
    page.get_by_role("button", name="值守").click()
    page.get_by_role("button", name="登记", exact=True).click()
    expect(form.get_by_label("反映内容")).to_have_value("整条路都黑了")
    form.get_by_role("button", name="登记").click()

    done = page.get_by_role("status").filter(has_text="已登记")
    expect(done).to_contain_text("已并入在办案件")
    expect(done.get_by_role("link")).to_contain_text(f"{filed.url}/r/")
    done.get_by_role("button", name="查看案件").click()
    detail = page.locator(".detail")
    expect(detail).to_contain_text("整条路都黑了")
    expect(detail).not_to_contain_text("13812345678")
    detail.get_by_role("button", name="联系方式").click()
    expect(detail).to_contain_text("13812345678")


@pytest.mark.parametrize("role", ["dispatcher"])
def test_a_place_on_the_map_opens_a_case_of_its_own(filed: District, page: Page) -> None:
    page.goto(f"{filed.url}/#intake")
    page.reload()
    canvas = page.locator(".intake .canvas[data-ready=true] canvas")
    expect(canvas).to_be_visible(timeout=30_000)
    form = page.locator("form")
    form.get_by_label("反映事项").select_option("0137-out")
    canvas.click(position={"x": 200, "y": 200})
    expect(form.locator(".place")).to_contain_text("113.")
    form.get_by_role("button", name="登记").click()
    expect(page.get_by_role("status").filter(has_text="已生成新案件")).to_be_visible()
    page.get_by_role("button", name="查看案件").click()
    expect(page.locator(".detail h2")).to_contain_text("路灯")
    expect(page.locator(".detail header .state")).to_have_text("上报")


@pytest.mark.parametrize("role", ["handler"])
def test_who_takes_no_reports_is_not_offered_it(district: District, page: Page) -> None:
    expect(page.get_by_role("button", name="值守")).to_be_visible()
    expect(page.get_by_role("button", name="登记")).to_have_count(0)
    page.goto(f"{district.url}/#intake")
    expect(page.locator(".watch")).to_be_visible()
    expect(page.locator(".intake")).to_have_count(0)
