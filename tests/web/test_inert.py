"""What people and other systems write is text on the page, whatever it looks like."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from cases.actions import Given
from cases.people.who import Who
from tests.web.conftest import LAMPS, District
from tests.web.test_views import go

WORDS = '<script>window.hit = 1</script>"><img src=x onerror="window.hit = 1">'


def test_a_unit_and_a_cause_are_shown_and_not_run(filed: District, page: Page) -> None:
    filed.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4], cause=WORDS)
    who = Who("somebody", "dispatcher")
    given = Given(unit=WORDS, reason=WORDS)
    filed.desk.act("C1", "dispatch", who, filed.clock.now_ms(), given)
    page.locator(".row").click()
    expect(page.locator(".detail")).to_contain_text(WORDS)
    go(page, "指标")
    page.get_by_label("分类").select_option("unit")
    expect(page.get_by_role("cell", name=WORDS)).to_be_visible()
    assert page.evaluate("window.hit") is None
    assert page.locator("img[onerror], td script").count() == 0
