"""Schedules of periodic cases made, changed, paused and ended on the page, over the real API."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from cases.actions import Given
from cases.people.audit import By
from cases.people.who import Who
from cases.periodic.schedules import Plan, Schedule, Selection
from facility.measurements import Kind
from tests.web.conftest import DUSK, District

BY = By("somebody", DUSK)
SUPERVISOR = pytest.mark.parametrize("role", ["supervisor"])


def plan(rule: str = "FREQ=WEEKLY;BYDAY=MO") -> Plan:
    return Plan(
        name="路灯巡查",
        purpose="inspection",
        rule=rule,
        start="2026-06-22T08:00",
        assets=Selection(kind=Kind.STREETLIGHT),
        per="road",
        code="0137",
        condition="out",
    )


def add(district: District, one: Plan) -> Schedule:
    return district.registers.add_schedule(one, district.clock.now_ms(), BY)


def kept(district: District) -> list[Schedule]:
    return [*district.registers.schedules()]


def go(page: Page) -> Locator:
    """The schedules, on the view of plans."""
    page.get_by_role("navigation").get_by_role("button", name="计划").click()
    return page.locator("section", has=page.get_by_role("heading", name="周期案件"))


@SUPERVISOR
def test_a_supervisor_fills_a_schedule_in_and_is_told_what_is_wrong_at_its_field(
    filed: District, page: Page
) -> None:
    schedules = go(page)
    schedules.get_by_role("button", name="新建周期").click()
    form = schedules.locator("form")
    save = form.get_by_role("button", name="保存")
    save.click()
    expect(form.locator(".wrong .name")).to_have_text(["名称", "立案条目", "设施范围"])
    form.get_by_label("名称", exact=False).first.fill("路灯夜巡")
    form.get_by_label("立案条目", exact=True).last.select_option("0137 out")
    expect(form).to_contain_text("2 个工作日 · 结案条件: 路灯正常亮灯")

    form.get_by_label("每", exact=True).fill("2")
    form.get_by_role("button", name="周二").click()
    form.get_by_label("截止日期").fill("2026-12-31")
    form.get_by_label("道路", exact=True).fill("nowhere")
    save.click()
    expect(form.locator(".assets [role=alert]")).to_have_text("没有符合条件的设施")
    form.get_by_role("button", name="移除 nowhere").click()
    form.get_by_label("道路", exact=True).fill("花园路")

    form.get_by_role("button", name="添加字段").click()
    form.get_by_label("字段名称").fill("亮灯数")
    form.get_by_label("字段类型").select_option("number")
    form.get_by_label("最小").fill("9")
    form.get_by_label("最大").fill("8")
    save.click()
    expect(form.locator("li [role=alert]")).to_have_text("范围有误")
    form.get_by_label("最大").fill("99")
    expect(form.locator(".words")).to_have_text("每 2 周的周一、周二 08:00，至 2026-12-31")
    save.click()

    row = schedules.get_by_role("row").filter(has_text="路灯夜巡")
    expect(row).to_contain_text("每 2 周的周一、周二 08:00，至 2026-12-31")
    expect(row).to_contain_text("0137 路灯")
    expect(form).to_have_count(0)
    (one,) = kept(filed)
    assert one.plan.rule == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;UNTIL=20261231"
    assert one.plan.assets == Selection(roads=("花园路",))
    (field,) = one.plan.form
    assert (field.label.zh, field.label.en, field.most) == ("亮灯数", "亮灯数", 99)


@SUPERVISOR
def test_a_rule_beyond_the_fields_is_shown_and_edited_as_text(filed: District, page: Page) -> None:
    add(filed, plan("FREQ=MONTHLY;BYDAY=1MO"))
    schedules = go(page)
    row = schedules.get_by_role("row").filter(has_text="路灯巡查")
    expect(row).to_contain_text("FREQ=MONTHLY;BYDAY=1MO")
    row.get_by_role("button", name="修改").click()
    form = schedules.locator("form")
    text = form.get_by_label("RRULE 文本")
    expect(text).to_have_value("FREQ=MONTHLY;BYDAY=1MO")
    text.fill("FREQ=HOURLY")
    form.get_by_role("button", name="保存").click()
    expect(form.locator("fieldset [role=alert]")).to_contain_text("FREQ")
    text.fill("FREQ=MONTHLY;BYDAY=-1FR")
    form.get_by_role("button", name="保存").click()
    expect(row).to_contain_text("FREQ=MONTHLY;BYDAY=-1FR")


@SUPERVISOR
def test_who_saves_over_anothers_change_is_told_before(filed: District, page: Page) -> None:
    one = add(filed, plan())
    schedules = go(page)
    schedules.get_by_role("button", name="修改").click()
    form = schedules.locator("form")
    form.get_by_label("责任单位").fill("照明所")

    def meanwhile(route: Route) -> None:
        now = filed.clock.now_ms()
        filed.registers.change_schedule(one.id, plan("FREQ=DAILY"), now, BY, one.version)
        route.continue_()

    page.route("**/schedules/*", meanwhile, times=1)
    form.get_by_role("button", name="保存").click()
    expect(form.get_by_role("alert")).to_contain_text("已被他人修改")
    row = schedules.get_by_role("row").filter(has_text="路灯巡查")
    expect(row).to_contain_text("每天 08:00")
    expect(form.get_by_label("责任单位")).to_have_value("照明所")
    form.get_by_role("button", name="保存").click()
    expect(row).to_contain_text("每周一 08:00")
    assert [(one.plan.unit, one.version) for one in kept(filed)] == [("照明所", 3)]


@SUPERVISOR
def test_a_schedule_is_paused_taken_up_and_ended(filed: District, page: Page) -> None:
    add(filed, plan())
    schedules = go(page)
    row = schedules.get_by_role("row").filter(has_text="路灯巡查")
    expect(row).to_contain_text("06-22 08:00")
    row.get_by_role("button", name="停用").click()
    expect(row).to_contain_text("已停用")
    assert [one.next_at for one in kept(filed)] == [None]
    row.get_by_role("button", name="启用").click()
    expect(row).to_contain_text("06-22 08:00")
    row.get_by_role("button", name="路灯巡查").click()
    expect(schedules).to_contain_text("还没有到过期次")
    row.get_by_role("button", name="结束").click()
    row.get_by_role("button", name="不结束").click()
    assert kept(filed)
    row.get_by_role("button", name="结束").click()
    row.get_by_role("button", name="确认结束").click()
    expect(schedules).to_contain_text("没有周期计划")
    assert not kept(filed)


@SUPERVISOR
def test_a_proposed_place_is_one_click_from_its_schedule(filed: District, page: Page) -> None:
    for number in range(3):
        filed.opens(f"C{number}", "cover.rattle", "cover:M1", "M1", cause="impacts")
        who, now = Who("somebody", "dispatcher"), filed.clock.now_ms()
        filed.desk.act(f"C{number}", "override", who, now, Given(reason="已处理"))
    schedules = go(page)
    place = page.get_by_role("row").filter(has_text="井盖 M1")
    expect(place).to_contain_text("巡检 · 每 5 天 08:00")
    place.get_by_role("button", name="生成周期").click()
    form = schedules.locator("form")
    expect(form.get_by_label("名称", exact=False).first).to_have_value("复查 cover:M1")
    form.get_by_role("button", name="保存").click()
    expect(schedules.get_by_role("row").filter(has_text="复查 cover:M1")).to_be_visible()
    expect(page.get_by_text("没有多发点")).to_be_visible()
    (one,) = kept(filed)
    assert one.plan.assets.ids == ("M1",)


@pytest.mark.parametrize("role", ["dispatcher"])
def test_who_does_not_plan_sees_schedules_and_changes_none(filed: District, page: Page) -> None:
    add(filed, plan())
    schedules = go(page)
    expect(schedules).to_contain_text("每周一 08:00")
    names = schedules.get_by_role("button").all_inner_texts()
    assert names == ["路灯巡查"]


@SUPERVISOR
def test_a_form_tells_what_it_would_open_and_when(filed: District, page: Page) -> None:
    schedules = go(page)
    schedules.get_by_role("button", name="新建周期").click()
    preview = schedules.locator(".preview")
    expect(preview).to_contain_text("选定设施后")
    schedules.locator("select[name=kind]").select_option("streetlight")
    expect(preview).to_contain_text("每次立案 1 件，涉及 8 个设施")
    schedules.locator("select[name=per]").select_option("asset")
    expect(preview).to_contain_text("每次立案 8 件")
    expect(preview).to_contain_text("06-22")
    schedules.locator("select[name=unit-of-rule]").select_option("text")
    schedules.locator("[name=rule]").fill("FREQ=HOURLY")
    expect(preview).to_contain_text("FREQ 须为")
