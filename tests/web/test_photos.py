"""Photos, added and looked at in a real browser: by a handler, in a form, and by a resident."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from cases.actions import Given
from cases.opening import Periodic
from cases.people.who import Who
from tests.cases.photos import photo
from tests.web.conftest import District

UNIT = "unit-1"
"""That of every account here."""
HANDLER = pytest.mark.parametrize("role", ["handler"])
LAMP = ("streetlight.unlit", "streetlight:L1", "L1")
NO_PHOTO: FilePayload = {"name": "note.jpg", "mimeType": "image/jpeg", "buffer": b"\xff" * 64}
HUGE_AND_NONE: FilePayload = {
    "name": "film.jpg",
    "mimeType": "image/jpeg",
    "buffer": b"\xff" * 6_000_000,
}
TEXT: FilePayload = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"it is done"}


def jpeg(name: str = "after.jpg") -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": photo()}


def large() -> FilePayload:
    """A photo of over 5 MB, as phones take them."""
    noise = np.random.default_rng(1).integers(0, 255, (1_600, 2_400, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(noise).save(written, "JPEG", quality=98)
    assert written.tell() > 5_000_000
    return {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def dispatched(district: District, unit: str = UNIT) -> None:
    district.opens("C1", *LAMP)
    now = district.clock.now_ms()
    district.desk.act("C1", "dispatch", Who("di", "dispatcher"), now, Given(unit=unit))


def open_case(page: Page) -> Locator:
    page.locator(".row").click()
    detail = page.locator(".detail")
    expect(detail.get_by_role("heading", name="经过")).to_be_visible()
    return detail


@HANDLER
def test_a_handler_adds_photos_of_what_was_done(district: District, page: Page) -> None:
    dispatched(district)
    detail = open_case(page)
    field = detail.get_by_label("添加照片")
    for wrong, why in (
        ([TEXT], "note.txt 不是 JPEG、PNG 或 WebP 照片"),
        ([NO_PHOTO], "照片无法读取或过大"),
        ([HUGE_AND_NONE], "film.jpg 无法读取"),
        ([jpeg()] * 4, "最多 3 张"),
    ):
        field.set_input_files(wrong)
        expect(detail.locator(".add [role=alert]")).to_contain_text(why)
    assert not district.reports.photos_of_case("C1")
    field.set_input_files([jpeg(), large()])
    shown = detail.get_by_role("link", name="照片").get_by_role("img")
    expect(shown).to_have_count(2)
    expect(detail.locator(".add [role=alert]")).to_have_count(0)
    # Both were decoded by the browser, so they were sent and may be seen.
    for one in shown.all():
        expect(one).to_have_js_property("complete", True)
        assert one.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0


@HANDLER
def test_photos_of_another_units_case_are_not_asked_for(district: District, page: Page) -> None:
    dispatched(district, unit="another")
    detail = open_case(page)
    expect(detail.get_by_role("heading", name="处置照片")).to_have_count(0)
    expect(detail.get_by_role("alert")).to_have_count(0)


@HANDLER
def test_a_form_that_asks_for_a_photo_takes_one(filed: District, page: Page) -> None:
    field = {
        "key": "after",
        "label": {"zh": "处置后", "en": "afterwards"},
        "kind": "photo",
        "required": True,
    }
    what = Periodic("S1/all", "0137", "out", members=("L1",), unit=UNIT, evidence={"form": [field]})
    case = filed.desk.open_periodic(what, filed.clock.now_ms())
    filed.desk.act(case.id, "accept", Who("ha", "handler", unit=UNIT), filed.clock.now_ms())
    detail = open_case(page)
    detail.get_by_role("button", name="反馈结果").click()
    detail.get_by_label("处置结果").fill("已更换")
    detail.get_by_role("button", name="确认反馈结果").click()
    expect(detail.locator("form [role=alert]")).to_contain_text("处置后")
    form = detail.locator("form")
    form.get_by_label("选择照片").set_input_files([jpeg()])
    expect(form.get_by_role("img")).to_be_visible()
    form.get_by_role("button", name="确认反馈结果").click()
    expect(detail.locator("header .state")).to_have_text(re.compile("反馈|核查"))
    (kept,) = filed.reports.photos_of_case(case.id)
    handled = [one.event for one in filed.desk.events_of(case.id) if one.event.event == "handled"]
    assert handled[0].evidence["form"] == {"after": kept.id}


@pytest.mark.parametrize("role", ["viewer"])
def test_a_resident_sends_a_photo_and_is_told_what_is_wrong_with_one(
    filed: District, page: Page
) -> None:
    page.goto(f"{filed.url}/report?lang=zh")
    page.locator("#service").select_option("0137-out")
    page.locator("#address").fill("花园路口")
    chosen, told = page.locator("#photo"), page.locator("#photo-wrong")
    chosen.set_input_files([NO_PHOTO])
    page.locator("button.send").click()
    expect(told).to_have_text("照片无法读取或过大")
    for wrong in ([HUGE_AND_NONE], [jpeg()] * 4):
        chosen.set_input_files(wrong)
        expect(told).to_have_text("最多 3 张照片，每张不超过 5 MB；请换一张")
        assert not chosen.evaluate("one => one.validity.valid")
    # What was filled in is still there; a photo that is too large was made smaller by the page.
    expect(page.locator("#address")).to_have_value("花园路口")
    chosen.set_input_files([large()])
    expect(told).to_have_text("")
    page.locator("button.send").click()
    expect(page.locator("main img")).to_have_count(1)
    expect(page).to_have_url(re.compile("/r/"))
