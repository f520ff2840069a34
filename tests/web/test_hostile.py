"""Texts that mean harm, or that nobody thought of: nothing runs, and nothing breaks the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shapely
from playwright.sync_api import Dialog, Page, expect

from cases.actions import Given
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from cases.people.audit import By
from cases.people.who import Who
from cases.periodic.schedules import Plan, Selection
from facility.assets import Cover, Streetlight
from facility.grid import Cell, Grid, Level
from facility.inventory import Inventory
from facility.measurements import Kind
from tests.web.conftest import LAMPS, District
from tests.web.test_keyboard import VIEWS
from tests.web.test_views import go

RUNS = "<img src=x onerror=alert(1)>"
BREAKS = "</script><svg onload=alert(2)>{{ 7 * 7 }}{c}%s"
LONG = "W" * 200
WIDE = "很长的名字" * 40
BACKWARDS = "\u202eרחוב השלום شارع\u202c"
FACES = "👩‍🚒🚨🇨🇳" * 12
WHO = Who(f"{RUNS}{LONG}"[:64], "dispatcher")
TEXTS = (RUNS, BREAKS, LONG, WIDE, BACKWARDS, FACES)


def cell(code: str, name: str, level: Level, parent: str | None) -> Cell:
    return Cell(code, name, level, parent, f"{RUNS}{WIDE}"[:200], shapely.box(113, 34, 114, 35))


GRID = Grid(
    [
        cell("41", RUNS, Level.DISTRICT, None),
        cell("411", WIDE, Level.STREET, "41"),
        cell("4111", f"{BACKWARDS}{FACES}", Level.COMMUNITY, "411"),
        cell("41111", f"{LONG}", Level.GRID, "4111"),
    ]
)


def lamp(number: int) -> Streetlight:
    road = RUNS if number <= 4 else LONG
    return Streetlight(
        id=LAMPS[number - 1],
        area="41",
        name=TEXTS[number % len(TEXTS)],
        lon=113.68 + 0.0004 * number,
        lat=34.78 + 0.002 * (number > 4),
        road=road,
        segment="S1" if number <= 4 else f"S2-{'x' * 60}",
        seq=number,
        grid="41111",
        owner=BREAKS,
        rated_w=60,
    )


@pytest.fixture
def hostile(district: District) -> District:
    """The district with such names everywhere that somebody else writes them."""
    cover = Cover(id="M1", area="41", name=LONG, road=WIDE, lon=113.681, lat=34.781, grid="41111")
    lamps = [lamp(number + 1) for number in range(len(LAMPS))]
    district.inventory = Inventory.of([*lamps, cover])
    district.desk.filing = Filing(
        standard.load(), calendar.load("Asia/Shanghai"), district.inventory.assets.get, lambda: GRID
    )
    now = district.clock.now_ms()
    district.opens("C1", "streetlight.segment_unlit", "segment:S1", *LAMPS[:4], cause=RUNS)
    district.opens("C2", f"new.{RUNS}", f"widget:{LONG}", "M1", cause=WIDE)
    district.opens("C3", "cover.rattle", "cover:M1", "M1", cause=BACKWARDS)
    for case, unit in (("C1", f"{RUNS} {LONG}"[:100]), ("C3", f"{FACES}{WIDE}"[:100])):
        district.desk.act(case, "dispatch", WHO, now, Given(unit=unit, reason=f"{RUNS}{LONG}"))
        given = Given(level=2, reason=f"{BREAKS}{WIDE}")
        district.desk.act(case, "supervise", Who("a-supervisor", "supervisor"), now, given)
    plan = Plan(
        name=f"{RUNS}{LONG}"[:100],
        purpose="inspection",
        rule="FREQ=DAILY",
        start="2026-06-22T08:00",
        assets=Selection(kind=Kind.COVER, streets=("411",), roads=(WIDE[:64],)),
        per="street",
        code="0137",
        condition="out",
        unit=LONG[:100],
    )
    district.registers.add_schedule(plan, now, By(WHO.name, now))
    return district


@pytest.fixture
def watched(hostile: District, page: Page) -> Iterator[Page]:
    """The page; fails where a script of one of the texts has run, or one became an element."""
    ran: list[str] = []

    def heard(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", heard)
    page.reload()
    expect(page.locator(".rows .row")).to_have_count(3)
    page.locator(".canvas[data-fitted=true]").wait_for()
    yield page
    assert ran == []


ELEMENTS = "document.querySelectorAll('img[src=x], svg[onload], #app script').length"
SPILLS = """() => [document.documentElement, ...document.querySelectorAll(".panel")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.className}: ${one.scrollWidth} in ${one.clientWidth}: `
    + [...one.querySelectorAll("*")]
      .filter((inner) => inner.getBoundingClientRect().right > one.getBoundingClientRect().right)
      .map((inner) => `${inner.tagName}.${inner.className}`).slice(0, 6))"""


def check(page: Page, where: str) -> None:
    assert page.evaluate(ELEMENTS) == 0, where
    assert page.evaluate(SPILLS) == [], where


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)], ids=["wall", "phone"])
def test_every_view_shows_them_as_they_are(watched: Page, size: tuple[int, int]) -> None:
    watched.set_viewport_size({"width": size[0], "height": size[1]})
    for view in VIEWS:
        go(watched, view)
        watched.locator("main:visible :is(button, select)").first.wait_for()
        check(watched, view)
    go(watched, "计划")
    expect(watched.locator("main:visible").get_by_role("button", name=RUNS).first).to_be_visible()
    go(watched, "督办")
    expect(watched.locator("main:visible").get_by_text(WIDE[:20]).first).to_be_visible()
    check(watched, "督办")


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)], ids=["wall", "phone"])
def test_details_and_charts_do_too(watched: Page, size: tuple[int, int]) -> None:
    watched.set_viewport_size({"width": size[0], "height": size[1]})
    detail = watched.locator(".detail")
    for case in ("C1", "C2", "C3"):
        watched.locator(f"[data-id={case}] .row").click()
        expect(detail).to_contain_text("经过")
        check(watched, case)
        watched.keyboard.press("Escape")
    watched.locator("[data-id=C1] .row").click()
    expect(detail.get_by_role("heading", level=2)).to_be_visible()
    expect(detail.locator("header")).to_contain_text(RUNS)
    chart = detail.locator("canvas").first
    chart.scroll_into_view_if_needed()
    chart.hover()
    check(watched, "chart")
    watched.keyboard.press("Escape")
    watched.locator("[data-id=C3] .row").click()
    detail.locator("header").get_by_role("button", name="井盖 M1").click()
    expect(detail.get_by_role("heading", level=2)).to_have_text(LONG)
    check(watched, "asset")
