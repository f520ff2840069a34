"""The audit trail on the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from cases.people.audit import By
from facility.clock import DAY, MINUTE
from tests.web.conftest import DUSK, LAMPS, District
from tests.web.test_views import go

ACTED = "POST /api/v1/cases/{case_id}/actions"


@pytest.fixture
def trailed(district: District) -> District:
    """What li and wang did, and more rows than one page has."""
    note = district.access.accounts.note
    for number in range(120):
        note(By("old", DUSK - DAY + number, "198.51.100.1"), "session.began", "old")
    note(By("li", DUSK - 2 * MINUTE, "198.51.100.7"), ACTED, "C1")
    note(By("wang", DUSK - MINUTE, "198.51.100.8"), "key.added", "k-1", name="<b>units</b>")
    return district


def test_it_says_who_did_what_to_what_and_from_where(trailed: District, page: Page) -> None:
    go(page, "审计")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(101)
    expect(rows.nth(1)).to_contain_text("2026-06-21 20:29:00")
    for words in ("wang", "新增密钥", "k-1", "name: <b>units</b>", "198.51.100.8"):
        expect(rows.nth(1)).to_contain_text(words)
    page.get_by_role("button", name="更早的记录").click()
    expect(rows).to_have_count(123)
    expect(page.get_by_role("button", name="更早的记录")).to_have_count(0)


def test_it_is_searched_by_person_thing_and_time(trailed: District, page: Page) -> None:
    go(page, "审计")
    rows = page.get_by_role("row")
    page.get_by_label("人员").fill("li")
    page.get_by_label("人员").press("Enter")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("办理案件")
    page.get_by_role("button", name="清除条件").click()
    page.get_by_label("自", exact=True).fill("2026-06-21T20:29")
    page.get_by_role("button", name="查询").click()
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("wang")
    page.get_by_label("对象").fill("nothing")
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_text("没有符合条件的记录")).to_be_visible()


def test_a_case_is_opened_from_it(trailed: District, page: Page) -> None:
    trailed.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    go(page, "审计")
    page.get_by_role("button", name="查看案件 C1").click()
    expect(page.locator(".detail")).to_contain_text("有灯不亮路段")


@pytest.mark.parametrize("role", ["supervisor"])
def test_it_is_for_an_admin(page: Page) -> None:
    views = page.get_by_role("navigation").get_by_role("button")
    expect(views.filter(has_text="规则")).to_have_count(1)
    expect(views.filter(has_text="审计")).to_have_count(0)
