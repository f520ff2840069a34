"""The time that a case has left, on the page, as the system's clock goes on."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from facility.clock import HOUR, MINUTE, VirtualClock
from tests.web.conftest import DUSK, LAMPS, District


def test_time_left_counts_in_the_cases_own_clock(filed: District, page: Page) -> None:
    filed.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    row = page.locator(".row")
    # A Sunday evening: Monday and Tuesday are the two working days.
    expect(row).to_contain_text("剩 2 工作日")
    row.click()
    detail = page.locator(".detail")
    for said in ("0137 路灯", "多盏或全部不亮", "2 个工作日", "06-23 18:00"):
        expect(detail).to_contain_text(said)
    page.get_by_role("button", name="English").click()
    expect(row).to_contain_text("2 working d left")
    expect(detail).to_contain_text("0137 Street light")


def test_a_case_past_its_deadline_turns_red(filed: District, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    filed.opens("C1", "cover.displaced", "cover:M1", "M1", cause="tilt")
    row = page.locator(".row")
    expect(row).to_contain_text("剩 1 小时 59 分")
    filed.server.stop()
    filed.clock = VirtualClock(DUSK + 2 * HOUR + 5 * MINUTE, 1.0)
    filed.restart()
    late = row.locator(".overdue")
    expect(late).to_contain_text("超期 5 分钟", timeout=20_000)
    assert late.evaluate("one => getComputedStyle(one).color") == "rgb(255, 100, 100)"
    counts = page.locator(".strip .cases .overdue")
    expect(counts).to_contain_text("1")
    filed.opens("C2", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4])
    rows = page.locator(".rows .row")
    expect(rows).to_have_count(2)
    only = counts.get_by_role("button", name="只看超期案件")
    only.click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("超期")
    only.click()
    expect(rows).to_have_count(2)
