"""What an officer sees and does on the page, in a real browser, over the real API."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.conftest import LAMPS, District

UNLIT = ("streetlight.segment_unlit", "segment:S1")


def test_a_case_appears_on_the_page(page: Page, district: District) -> None:
    rows = page.locator(".row")
    expect(rows).to_have_count(0)
    page.evaluate("window.notReloaded = true")

    district.lamps_are(dark=LAMPS[:4])
    district.opens("C1", *UNLIT, *LAMPS[:4], cause="circuit")

    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("有灯不亮路段")
    expect(rows).to_contain_text("花园路 S1")
    expect(rows).to_contain_text("回路")
    expect(page.locator("[aria-live=polite]")).to_contain_text("新案件")
    lamps = page.get_by_role("region", name="路灯")
    expect(lamps.locator("div.trouble", has_text="不亮")).to_contain_text("4")
    assert page.evaluate("window.notReloaded")


def test_its_detail_shows_why_and_it_can_be_closed(page: Page, district: District) -> None:
    district.opens("C1", *UNLIT, *LAMPS[:4])
    page.locator(".row").click()
    detail = page.locator(".detail")
    expect(detail).to_contain_text("0.4 W")
    expect(detail).to_contain_text("odd_<b>key</b>")
    expect(detail.get_by_role("img", name="L1 功率")).to_be_visible()

    detail.get_by_role("button", name="人工结案").click()
    detail.get_by_role("button", name="确认人工结案").click()
    expect(detail.get_by_role("alert")).to_contain_text("请填写")
    detail.get_by_label("理由或说明").fill("已更换电缆")
    detail.get_by_role("button", name="确认人工结案").click()

    expect(page.locator(".row")).to_have_count(0)
    expect(detail).to_contain_text("已更换电缆")
    closed = district.desk.get("C1")
    assert closed is not None
    assert closed.state == "closed"


def test_a_refusal_is_shown_in_the_servers_words(page: Page, district: District) -> None:
    district.opens("C1", *UNLIT, *LAMPS[:4])
    page.locator(".row").click()
    detail = page.locator(".detail")
    detail.get_by_role("button", name="人工结案").click()
    detail.get_by_label("理由或说明").fill("长" * 2_001)
    detail.get_by_role("button", name="确认人工结案").click()
    expect(detail.locator(".reason [role=alert]")).to_contain_text("2000 characters")


def test_it_speaks_english_and_remembers(page: Page, district: District) -> None:
    district.opens("C1", *UNLIT, *LAMPS[:4])
    page.get_by_role("button", name="English").click()
    expect(page.locator(".row")).to_contain_text("Segment unlit")
    page.reload()
    expect(page.get_by_role("button", name="中文")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_it_comes_back_by_itself_when_the_server_was_restarted(
    page: Page, district: District
) -> None:
    district.server.stop()
    expect(page.get_by_text("连接中断")).to_be_visible()
    district.opens("C1", "cover.displaced", "cover:M1", "M1", cause="tilt")
    district.restart()
    expect(page.get_by_text("实时", exact=True)).to_be_visible(timeout=20_000)
    expect(page.locator(".row")).to_contain_text("井盖移位", timeout=10_000)


def test_the_map_draws_and_a_segment_can_be_chosen_on_it(page: Page, district: District) -> None:
    canvas = page.locator(".canvas[data-ready=true] canvas")
    expect(canvas).to_be_visible(timeout=30_000)
    box = canvas.bounding_box()
    assert box is not None
    expect(page.locator(".canvas[data-fitted=true]")).to_be_attached()
    # Downwards through the middle, in steps smaller than a line is wide to the mouse.
    for y in range(40, int(box["height"] / 2), 12):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + y)
        if page.locator(".detail h2", has_text="S2").count():
            break
    expect(page.locator(".detail h2")).to_contain_text("S2")
    expect(page.locator(".detail .lamps button")).to_have_count(4)
