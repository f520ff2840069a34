"""What people of each role do with cases on the page, in a real browser over the real API."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from cases.actions import ActionName, Given
from cases.case import Case
from cases.opening import Reported
from cases.people.who import Who
from tests.cases.made import report
from tests.web.conftest import LAMPS, District

UNLIT = ("streetlight.segment_unlit", "segment:S1")
UNIT = "unit-1"
"""That of every account here."""
DISPATCHER = Who("somebody else", "dispatcher")


def by_role(role: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("role", [role])


def act(district: District, case: str, action: ActionName, **given: str) -> None:
    """Somebody else does something with the case."""
    district.desk.act(case, action, DISPATCHER, district.clock.now_ms(), Given(**given))  # type: ignore[arg-type]


def held(district: District, case: str) -> Case:
    found = district.desk.get(case)
    assert found is not None
    return found


def open_case(page: Page) -> Locator:
    page.locator(".row").click()
    detail = page.locator(".detail")
    expect(detail.get_by_role("heading", name="经过")).to_be_visible()
    return detail


@by_role("dispatcher")
def test_a_dispatcher_hands_a_case_over_to_the_proposed_unit(filed: District, page: Page) -> None:
    filed.opens("C1", *UNLIT, *LAMPS[:4])
    detail = open_case(page)
    detail.get_by_role("button", name="派遣", exact=True).click()
    unit = detail.get_by_label("责任单位")
    proposed = filed.desk.proposed_unit(held(filed, "C1"))
    assert proposed
    expect(unit).to_have_value(proposed)
    detail.get_by_label("理由或说明").fill("夜班先去")
    detail.get_by_role("button", name="确认派遣").click()

    expect(detail.locator("header .state")).to_have_text("派遣")
    expect(detail.locator("[aria-current=step]")).to_contain_text("派遣")
    expect(detail.locator("li.dispatched")).to_contain_text("夜班先去")
    expect(page.locator(".row")).to_contain_text(proposed)
    assert (held(filed, "C1").stage, held(filed, "C1").unit) == ("dispatched", proposed)


@by_role("dispatcher")
def test_a_report_is_filed_under_the_row_that_the_dispatcher_chooses(
    filed: District, page: Page
) -> None:
    what = Reported("R1", "L201", "damaged", lon=113.681, lat=34.781)
    case = report(filed.desk, what, filed.clock.now_ms())
    detail = open_case(page)
    expect(detail).to_contain_text("5 个工作日")
    detail.get_by_role("button", name="立案", exact=True).click()
    row = detail.locator("select[name=code]")
    expect(row).to_have_value("L201 damaged")
    row.select_option("L201 collapsed")
    expect(detail.locator("form")).to_contain_text("2 个紧急工作时")
    detail.get_by_role("button", name="确认立案").click()

    expect(detail.locator("header .state")).to_have_text("立案")
    filing = detail.locator("section", has=page.get_by_role("heading", name="立案", exact=True))
    for said in ("2 个紧急工作时", "结案条件", "紧急"):
        expect(filing).to_contain_text(said)
    kept = held(filed, case.id).filed
    assert kept is not None
    assert (kept.code, kept.condition) == ("L201", "collapsed")


@by_role("handler")
def test_a_handler_accepts_and_hands_in(district: District, page: Page) -> None:
    district.opens("C1", *UNLIT, *LAMPS[:4])
    act(district, "C1", "dispatch", unit=UNIT)
    detail = open_case(page)
    offered = detail.get_by_role("group", name="可办操作").get_by_role("button")
    expect(offered.filter(has_text="接单")).to_be_visible()
    # Exactly what the server says is possible: no limit to extend, and nothing of the desk's.
    assert offered.all_inner_texts() == ["接单", "退回", "备注"]
    offered.filter(has_text="接单").click()
    detail.get_by_role("button", name="确认接单").click()
    offered.filter(has_text="反馈结果").click()
    detail.get_by_role("button", name="确认反馈结果").click()
    expect(detail.get_by_role("alert")).to_contain_text("请填写：处置结果")
    detail.get_by_label("处置结果").fill("更换镇流器")
    detail.get_by_role("button", name="确认反馈结果").click()

    # With sensors the check is theirs.
    expect(detail.locator("header .state")).to_have_text("核查")
    expect(detail).to_contain_text("结果：更换镇流器")
    assert held(district, "C1").handler == "a-handler"


@by_role("dispatcher")
def test_a_stale_view_is_told_and_nothing_typed_is_lost(district: District, page: Page) -> None:
    district.opens("C1", *UNLIT, *LAMPS[:4])
    detail = open_case(page)
    detail.get_by_role("button", name="派遣", exact=True).click()
    detail.get_by_label("责任单位").fill("north")
    detail.get_by_label("理由或说明").fill("最近的一组")

    def meanwhile(route: Route) -> None:
        act(district, "C1", "dispatch", unit="south")
        route.continue_()

    page.route("**/actions", meanwhile, times=1)
    detail.get_by_role("button", name="确认派遣").click()
    expect(detail.get_by_role("alert")).to_contain_text("没有执行")
    assert held(district, "C1").unit == "south"
    expect(page.locator(".row")).to_contain_text("south")
    expect(detail.get_by_label("理由或说明")).to_have_value("最近的一组")
    detail.get_by_role("button", name="确认派遣").click()
    expect(page.locator(".row")).to_contain_text("north")
    assert held(district, "C1").unit == "north"


@by_role("dispatcher")
def test_a_form_whose_action_became_impossible_says_so(district: District, page: Page) -> None:
    district.opens("C1", *UNLIT, *LAMPS[:4])
    detail = open_case(page)
    detail.get_by_role("button", name="派遣", exact=True).click()
    detail.get_by_label("理由或说明").fill("别丢了")
    act(district, "C1", "override", reason="现场已修")
    expect(detail.get_by_role("alert")).to_contain_text("不能再执行此操作")
    expect(detail.get_by_label("理由或说明")).to_have_value("别丢了")
    expect(detail.get_by_role("button", name="确认派遣")).to_be_disabled()


@by_role("viewer")
def test_a_viewer_sees_everything_and_no_action(district: District, page: Page) -> None:
    district.opens("C1", *UNLIT, *LAMPS[:4])
    detail = open_case(page)
    expect(detail).to_contain_text("0.4 W")
    expect(detail.get_by_role("group", name="可办操作")).to_have_count(0)
    expect(page.get_by_role("button", name="批量派遣")).to_have_count(0)


@by_role("dispatcher")
def test_many_are_handed_over_at_once_and_what_could_not_be_is_told(
    filed: District, page: Page
) -> None:
    filed.opens("C1", "streetlight.unlit", "streetlight:L1", "L1")
    filed.opens("C2", "streetlight.unlit", "streetlight:L2", "L2")
    filed.opens("C3", "cover.displaced", "cover:M1", "M1")
    expect(page.locator(".row")).to_have_count(3)
    page.get_by_role("button", name="批量派遣").click()
    page.get_by_role("button", name="全选").click()
    page.get_by_role("checkbox", name="C1").uncheck()

    act(filed, "C3", "void", reason="误报")
    page.get_by_role("button", name="派遣 2 件至建议单位").click()
    expect(page.get_by_role("status").filter(has_text="已派遣 1 件")).to_be_visible()
    expect(page.locator(".bulk [role=alert]")).to_contain_text("M1: 处于作废")
    assert [held(filed, case).stage for case in ("C1", "C2", "C3")] == [
        "filed",
        "dispatched",
        "void",
    ]


def test_the_stages_are_counted_and_one_of_them_shown(district: District, page: Page) -> None:
    for number, lamp in enumerate(LAMPS[:3]):
        district.opens(f"C{number}", "streetlight.unlit", f"streetlight:{lamp}", lamp)
    act(district, "C0", "dispatch", unit=UNIT)
    act(district, "C1", "override", reason="已修")
    stages = page.get_by_role("group", name="按阶段筛选")
    rows = page.locator(".row")
    expect(stages.get_by_role("button", name="派遣")).to_contain_text("1")
    expect(rows).to_have_count(2)
    stages.get_by_role("button", name="派遣").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("L1")
    page.reload()  # then what is over is not held, and has to be asked for
    expect(stages.get_by_role("button", name="结案")).to_contain_text("1")
    stages.get_by_role("button", name="结案").click()
    expect(rows).to_contain_text("L2")


def test_the_arrow_keys_go_from_case_to_case(district: District, page: Page) -> None:
    for lamp in LAMPS[:2]:
        district.opens(lamp, "streetlight.unlit", f"streetlight:{lamp}", lamp)
    rows = page.locator(".row")
    expect(rows).to_have_count(2)
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".detail h2")).to_have_text("路灯不亮")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
