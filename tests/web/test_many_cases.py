"""A list of more cases than are drawn at a time, in a real browser over the real API."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from cases.events import CaseEvent
from facility.clock import MINUTE
from tests.web.conftest import LAMPS, District

MANY = 300


def open_many(district: District) -> None:
    """Cases 0 to MANY - 1, a minute apart, the last one newest."""
    now = district.clock.now_ms()
    events = [
        CaseEvent(
            at=now - (MANY - n) * MINUTE,
            event="opened",
            case=f"C{n:03}",
            type="streetlight.unlit",
            subject=f"streetlight:{n:03}",
            members=(LAMPS[n % len(LAMPS)],),
            evidence={},
            rule="test",
            rule_version="1",
        )
        for n in range(MANY)
    ]
    assert district.desk.record(events) == MANY


def test_a_long_list_is_drawn_where_one_looks(district: District, page: Page) -> None:
    open_many(district)
    page.reload()
    rows = page.locator(".row")
    expect(rows.first).to_contain_text("路灯 299")
    assert rows.count() < 60
    scroller = page.locator("ul.rows")
    scroller.evaluate("one => one.scrollTo(0, one.scrollHeight)")
    expect(rows.last).to_contain_text("路灯 000")
    assert rows.count() < 60
    expect(rows.filter(has_text="路灯 299")).to_have_count(0)
    expect(page.locator("li[aria-posinset='300'] .row")).to_contain_text("路灯 000")
    page.get_by_role("searchbox").fill("150")
    expect(rows).to_have_count(1)
