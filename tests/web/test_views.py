"""The views beside the room, in a real browser over the real API."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from cases.actions import Given
from cases.people.who import Who
from tests.web.conftest import LAMPS, District


def go(page: Page, view: str) -> None:
    page.get_by_role("navigation").get_by_role("button", name=view).click()


@pytest.mark.parametrize("role", ["supervisor"])
def test_a_case_that_is_supervised_by_hand_is_in_the_list(district: District, page: Page) -> None:
    district.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    page.locator(".row").click()
    detail = page.locator(".detail")
    detail.get_by_role("button", name="督办", exact=True).click()
    detail.get_by_label("督办级别").select_option("2")
    detail.get_by_label("理由或说明").fill("学校门口")
    detail.get_by_role("button", name="确认督办").click()
    expect(page.locator(".row")).to_contain_text("督办 2 级")
    page.keyboard.press("Escape")

    go(page, "督办")
    row = page.get_by_role("row").filter(has_text="花园路 S1")
    expect(row).to_contain_text("二级督办")
    expect(row).to_contain_text("人工督办")
    page.get_by_label("督办级别").select_option("3")
    expect(page.get_by_text("没有督办中的案件")).to_be_visible()
    page.get_by_label("督办级别").select_option("1")
    row.get_by_role("button").click()
    expect(detail).to_contain_text("学校门口")


def test_places_at_fault_again_and_again_are_proposed(filed: District, page: Page) -> None:
    for number in range(3):
        filed.opens(f"C{number}", "cover.rattle", "cover:M1", "M1", cause="impacts")
        who = Who("somebody", "dispatcher")
        given = Given(reason="已处理")
        filed.desk.act(f"C{number}", "override", who, filed.clock.now_ms(), given)
    go(page, "计划")
    row = page.get_by_role("row").filter(has_text="井盖 M1")
    expect(row).to_contain_text("井盖跳响")
    expect(row.get_by_role("cell").nth(3)).to_have_text("3")


@pytest.mark.parametrize("role", ["operator"])
def test_faults_are_shelved_with_a_place_and_an_end(district: District, page: Page) -> None:
    go(page, "计划")
    shelved = page.locator("section", has_text="暂缓立案")
    shelved.get_by_role("button", name="新增").click()
    shelved.get_by_role("button", name="暂缓", exact=True).click()
    expect(shelved.get_by_role("alert")).to_contain_text("请填写对象")
    assert not district.shelvings.not_over(district.clock.now_ms())
    shelved.get_by_label("对象").select_option("segment")
    shelved.get_by_label("编号或名称").fill("S1")
    shelved.get_by_label("理由或说明").fill("换灯杆")
    shelved.get_by_role("button", name="暂缓", exact=True).click()
    expect(shelved.get_by_role("listitem")).to_contain_text("路段 S1")
    (kept,) = district.shelvings.not_over(district.clock.now_ms())
    assert kept.reason == "换灯杆"
    shelved.get_by_role("button", name="立即结束").click()
    expect(shelved.get_by_role("listitem")).to_have_count(0)


def test_an_admin_adds_an_account_and_shuts_it_out(district: District, page: Page) -> None:
    go(page, "账户")
    users = page.locator("section", has=page.get_by_role("heading", name="用户"))
    users.get_by_label("名称").fill("li")
    users.get_by_label("角色", exact=True).select_option("handler")
    users.get_by_label("单位").fill("照明所")
    users.get_by_label("初始密码").fill("short")
    users.get_by_role("button", name="新增").click()
    expect(users.get_by_role("alert")).to_be_visible()
    users.get_by_label("初始密码").fill("a lamp at every door")
    users.get_by_role("button", name="新增").click()
    row = users.get_by_role("row").filter(has_text="照明所")
    expect(row).to_contain_text("li")
    row.get_by_role("button", name="停用").click()
    expect(row.get_by_role("button", name="启用")).to_be_visible()
    account = district.access.accounts.get("li")
    assert account is not None
    assert account.disabled


@pytest.mark.parametrize("role", ["viewer"])
def test_a_viewer_changes_nothing_but_the_own_password(district: District, page: Page) -> None:
    go(page, "计划")
    expect(page.get_by_text("没有暂缓的故障")).to_be_visible()
    expect(page.get_by_role("button", name="新增")).to_have_count(0)
    go(page, "账户")
    page.get_by_label("原密码").fill("every lamp is lit")
    page.get_by_label("新密码", exact=True).fill("a lamp at every door")
    page.get_by_label("再次输入新密码").fill("a lamp at every gate")
    page.get_by_role("button", name="修改").click()
    expect(page.get_by_role("alert")).to_contain_text("不同")
    page.get_by_label("再次输入新密码").fill("a lamp at every door")
    page.get_by_role("button", name="修改").click()
    expect(page.get_by_role("status").filter(has_text="密码已修改")).to_be_visible()
    expect(page.get_by_role("heading", name="用户")).to_have_count(0)


@pytest.mark.parametrize("role", ["viewer"])
def test_the_figures_count_what_happened_and_come_as_a_sheet(
    district: District, page: Page
) -> None:
    district.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    district.opens("C2", "streetlight.unlit", "streetlight:L5", "L5")
    go(page, "指标")
    expect(page.get_by_role("img", name="每夜亮灯率")).to_be_visible()
    cases = page.locator("section", has=page.locator("table")).first
    cases.get_by_label("分类").select_option("type")
    expect(cases.get_by_role("row").filter(has_text="有灯不亮路段")).to_contain_text("1")
    expect(cases.get_by_role("row", name="合计").get_by_role("cell").nth(1)).to_have_text("2")
    with page.expect_download() as sheet:
        cases.get_by_role("link", name="CSV").click()
    text = sheet.value.path().read_text("utf-8-sig")
    assert text.splitlines()[0].startswith("案件类型,名称,受理,")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("img", name="Lighting rate by night")).to_be_visible()
    expect(cases.locator("tr.total")).to_contain_text("In all")
    expect(page.get_by_role("alert")).to_have_count(0)
