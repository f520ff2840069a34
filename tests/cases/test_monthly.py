"""The monthly report: which figures it shows, and that it is a page of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from cases.database import upgrade
from cases.desk import Desk
from cases.indicators.charts import Series, bars, line
from cases.indicators.monthly import Month, Monthly, Targets, collect
from cases.indicators.monthly_page import change, page, told
from cases.indicators.table import Indicators, Row
from cases.notices.contacts import Language
from cases.tallies import Tallies, Tally
from facility.errors import UsageError
from tests.cases.filings import FILING, SHANGHAI, local
from tests.cases.made import do, event

ZONE = ZoneInfo("Asia/Shanghai")
TARGETS = Targets(("main",), 0.98, 0.96)
JUNE = Month.read("2026-06")
NOW = local("2026-07-02 08:00")


@pytest.fixture
def report(tmp_path: Path) -> Iterator[Monthly]:
    url = f"sqlite:///{tmp_path}/cases.db"
    upgrade(url)
    with ExitStack() as stack:
        desk = stack.enter_context(closing(Desk(url, FILING)))
        tallies = stack.enter_context(closing(Tallies(url)))
        fill(desk, tallies)
        made = Indicators(url, tallies, ZONE, SHANGHAI)
        indicators = stack.enter_context(closing(made))
        yield collect(JUNE, NOW, ZONE, indicators, tallies, desk, TARGETS)


def fill(desk: Desk, tallies: Tallies) -> None:
    """A lamp of May; in June a station that was not cleared twice, and a lamp that was mended."""
    lamp = {"type": "streetlight.unlit", "subject": "streetlight:L1"}
    for case, at in (("may", "2026-05-31 23:00"), ("june", "2026-06-01 09:00")):
        desk.record([event(local(at), "opened", "L1", case=case, **lamp)])
        do(desk, case, local(at) + 1, "dispatch", "accept", "handle", "override")
    station = {"type": "station.backlog", "subject": "station:T1"}
    for case, day in (("first", "03"), ("second", "05")):
        desk.record([event(local(f"2026-06-{day} 00:00"), "opened", "T1", case=case, **station)])
        for name in ("recovered", "verified"):
            cleared = local(f"2026-06-{day} 03:00")
            desk.record([event(cleared, name, "T1", case=case, **station)])
    for day, lit in (("2026-06-01", 99.0), ("2026-06-02", 90.0)):
        night = {"lit_min": lit, "dark_min": 100 - lit}
        tallies.put([Tally("lighting", day, night, "S-1", "main", "streetlight", "S1")])
    tallies.put([Tally("station", "2026-06-03", {"in_t": 40.0, "out_t": 38.0}, place="T1")])


def test_it_says_what_happened_in_the_month(report: Monthly) -> None:
    assert (report.whole["opened"], report.whole["resolved"]) == (3, 1)
    assert report.before is not None
    assert report.before["opened"] == 1
    assert report.year_ago is None
    assert len(report.days) == 30
    (lit,) = report.lit
    assert (lit.main, lit.main_missed, lit.other_missed) == (0.945, True, False)
    (station,) = report.stations
    assert (station.tonnes_in, station.times, station.hours) == (40.0, 2, 6.0)
    assert [(one.subject, one.times) for one in report.recurrent] == [("station:T1", 2)]


@pytest.mark.parametrize("language", get_args(Language))
def test_the_page_needs_nothing_else(report: Monthly, language: Language) -> None:
    html = page(report, language, ZONE)
    assert "<script" not in html
    assert re.findall(r"(?:src|href)=\S+", html) == ['href="data:,">']
    assert html.count("<svg") == 2
    assert "94.5%" in html
    assert ("城市设施管理月报" in html) == (language == "zh")


def test_names_are_text_and_never_markup(report: Monthly) -> None:
    html = page(replace(report, units=(Row("<b>x</b>", report.whole),)), "en", ZONE)
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    drawn = bars(["<script>"], [Series("a", [3], '"><script>')], "<script>")
    assert "<script>" not in drawn


def test_a_chart_draws_what_there_is() -> None:
    shown = bars(["1", "2"], [Series("a", [3, 0], "first"), Series("b", [None, 5], "second")], "t")
    assert shown.count("<rect") == 2
    lines = line(["1", "2", "3"], [Series("a", [0.9, None, 1.0], "first")], "t", 0.96)
    assert (lines.count("<polyline"), lines.count("<circle"), lines.count("target")) == (2, 2, 1)
    assert "<rect" not in bars([], [], "nothing")


def test_figures_as_they_are_read() -> None:
    assert (told(1234), told(0.5, "rate"), told(None, "rate")) == ("1,234", "50.0%", "—")
    assert change(0.9, 0.95, "rate") == "-5.0 pp"
    assert change(0.95, 0.95001, "rate") == "+0.0 pp"
    assert (change(110, 100, "count"), change(1, 0, "count")) == ("+10%", "—")


def test_months() -> None:
    assert str(Month.read("2026-01").later(-1)) == "2025-12"
    assert Month.read("2028-02").last.day == 29
    for wrong in ("2026", "2026-13", "2026-6", "June"):
        with pytest.raises(UsageError, match="write it as"):
            Month.read(wrong)
