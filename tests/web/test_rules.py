"""The view of rules: which book is in use, and a draft tried on the past."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from facility.bus import Health
from facility.clock import MINUTE
from facility.readings import Names, ReadingBatch
from rules.book.rulebook import parse
from rules.book.versions import FOLDER, keep
from tests.web.conftest import DUSK, District
from tests.web.test_views import go

DRAFT = "[displaced]\ntilt_deg = 12.0"


@pytest.fixture
def tilted(district: District) -> District:
    """Its cover has lain at 13 degrees for an hour."""
    ts = DUSK - 90 * MINUTE + np.arange(12) * 5 * MINUTE
    codes, tilt = np.zeros(12, np.int32), np.full(12, 13.0)
    district.store.write(ReadingBatch("cover", Names(["M1"]), codes, ts, ts, {"tilt_deg": tilt}))
    return district


def begin(page: Page, draft: str) -> None:
    page.get_by_label("草稿（TOML）").fill(draft)
    page.get_by_role("button", name="开始回测").click()


@pytest.mark.parametrize("role", ["supervisor"])
def test_a_draft_is_tried_beside_the_book_in_use(tilted: District, page: Page) -> None:
    go(page, "规则")
    begin(page, DRAFT)
    runs = page.locator("section", has=page.get_by_role("heading", name="最近的回测"))
    expect(runs.get_by_role("row")).to_have_count(2)
    tilted.backtests._thread.join()  # type: ignore[union-attr]
    result = page.locator("section", has=page.get_by_role("heading", name="回测结果"))
    row = result.get_by_role("row").filter(has_text="井盖移位").first
    expect(row).to_contain_text("+1")
    gained = result.get_by_role("region", name="只有草稿会立的案件")
    expect(gained).to_contain_text("井盖 M1")
    expect(result.get_by_text("草稿没有少立案件")).to_be_visible()
    expect(result.get_by_text("EEMUA 191 稳态上限 6 次/时")).to_be_visible()
    expect(runs.get_by_role("row").nth(1)).to_contain_text("完成")


@pytest.mark.parametrize("role", ["admin"])
def test_mistakes_are_told_at_their_lines(tilted: District, page: Page) -> None:
    go(page, "规则")
    begin(page, "\n[displaced]\ntilt = 3\n[cases]\nlate = 6")
    wrong = page.locator(".behind .wrong")
    expect(wrong).to_have_count(2)
    expect(wrong.first).to_contain_text("has no figure tilt")
    field = page.get_by_label("草稿（TOML）")
    page.get_by_role("alert").get_by_role("button", name="第 5 行").click()
    assert field.evaluate("field => field.selectionStart") == len(
        "\n[displaced]\ntilt = 3\n[cases]\n"
    )
    field.press("End")
    field.press_sequentially("0")
    expect(wrong).to_have_count(0)
    assert tilted.backtests.runs() == []


@pytest.fixture
def held(tilted: District, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs get no further than their start."""
    go_on = threading.Event()
    real = tilted.backtests._result

    def waiting(run: Any) -> Any:
        go_on.wait()
        return real(run)

    monkeypatch.setattr(tilted.backtests, "_result", waiting)
    yield
    go_on.set()


@pytest.mark.usefixtures("held")
def test_one_that_runs_is_cancelled(tilted: District, page: Page) -> None:
    go(page, "规则")
    begin(page, DRAFT)
    runs = page.locator("section", has=page.get_by_role("heading", name="最近的回测"))
    expect(runs.get_by_role("progressbar")).to_be_visible()
    begin(page, DRAFT)
    expect(page.get_by_role("alert")).to_contain_text("已有一个回测在运行")
    runs.get_by_role("button", name="取消").click()
    expect(runs.get_by_role("row").nth(1)).to_contain_text("已取消")
    assert [run.state for run in tilted.backtests.runs()] == ["cancelled"]


def test_the_book_in_use_says_what_differs_and_becomes_a_draft(
    district: District, page: Page
) -> None:
    book = parse(DRAFT + "\n[[off]]\ntype = 'cover.rattle'", "own")
    keep(district.folder / FOLDER, book)
    district.bus.publish(Health("rules", DUSK, {"rulebook": book.version}, ()))
    go(page, "规则")
    shown = page.locator("section", has=page.get_by_role("heading", name="规则版本"))
    expect(shown.get_by_label("版本")).to_contain_text(f"{book.version} · 在用")
    figures = shown.get_by_role("region", name="数值").get_by_role("row")
    expect(figures).to_have_count(1)
    expect(figures).to_contain_text("内置 15 · 第 2 行")
    shown.get_by_label("只看不同的").uncheck()
    expect(figures.filter(has_text="unlit_hold")).to_have_count(1)
    shown.get_by_role("button", name="以此为草稿").click()
    written = page.get_by_label("草稿（TOML）").input_value()
    assert parse(written, "draft").version == book.version


@pytest.mark.parametrize("role", ["operator"])
def test_an_operator_sees_the_rules_and_tries_nothing(district: District, page: Page) -> None:
    go(page, "规则")
    expect(page.get_by_text("与内置规则完全相同")).to_be_visible()
    expect(page.get_by_role("heading", name="回测")).to_have_count(0)


@pytest.mark.parametrize("role", ["viewer"])
def test_rules_are_for_the_desk(page: Page) -> None:
    views = page.get_by_role("navigation").get_by_role("button")
    expect(views.filter(has_text="指标")).to_have_count(1)
    expect(views.filter(has_text="规则")).to_have_count(0)
