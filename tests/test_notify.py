"""``xiuhua notify`` and what the doctor says of contacts: tried without sending, and sent."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import xiuhua
from cases.actions import Given
from cases.database import upgrade
from cases.desk import Desk
from cases.filing.standard import SHIPPED
from cases.notices import units
from command.house import cases_url, read_filing
from command.offices import read_offices
from command.settings import Settings
from facility import importing
from facility.clock import HOUR, SystemClock
from facility.kept_inventory import KeptInventory
from simulators import geojson
from simulators.fleet import build
from simulators.scenario import load as load_scenario
from tests.cases.made import LI, opened
from tests.cases.sinks import HttpSink, http_sink
from tests.servers import free_port

UNITS = """
[[units]]
name = "照明所"
rank = "head"
quiet = ["{quiet}"]
contacts.system = {{ url = "{url}/hush", secret = "a secret of many characters" }}
"""


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


def run(*arguments: object) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = xiuhua.main([str(argument) for argument in arguments])
    return status, out.getvalue()


def data_dir(folder: Path, url: str) -> Path:
    """A data directory with a unit that was handed a case a while ago."""
    (folder / "units.toml").write_text(
        UNITS.format(url=url, quiet='22:00", "22:01'), encoding="utf-8"
    )
    settings = Settings(data_dir=folder)
    filing = read_filing(settings, KeptInventory(folder))
    with ExitStack() as stack:
        upgrade(cases_url(settings))
        desk = Desk(cases_url(settings), filing, read_offices(settings, filing).hooks)
        stack.callback(desk.close)
        now = SystemClock().now_ms()
        desk.record([opened(now - 2 * HOUR, "c1")])
        desk.act("c1", "dispatch", LI, now - HOUR, Given(unit="照明所"))
    return folder


def test_a_dry_run_prints_what_would_go_to_whom(tmp_path: Path, sink: HttpSink) -> None:
    folder = data_dir(tmp_path, sink.url)
    status, said = run("notify", "--dry-run", "--data-dir", folder)
    assert status == 0
    (line,) = said.splitlines()
    assert "unit:照明所 (system): 已派遣给 照明所:c1" in line
    assert sink.requests == []
    assert run("notify", "--dry-run", "--last", 0, "--data-dir", folder) == (0, "")


def test_what_is_due_is_sent_once(tmp_path: Path, sink: HttpSink) -> None:
    folder = data_dir(tmp_path, sink.url)
    sink.answers = [(503, b"")]
    status, said = run("notify", "--data-dir", folder)
    assert status == 1
    assert "unit:照明所 (system): 127.0.0.1 answered 503" in said
    assert len(sink.requests) == 1
    assert "hush" not in said


def test_the_doctor_looks_whether_contacts_can_be_reached(tmp_path: Path, sink: HttpSink) -> None:
    broker = f"mqtt://127.0.0.1:{free_port()}"
    folder = data_dir(tmp_path, sink.url)
    _, said = run("doctor", "--data-dir", folder, "--mqtt", broker)
    assert f"ok    contacts: can reach 127.0.0.1:{sink.port}, for 1: unit:照明所 (system)" in said
    assert sink.requests == []
    assert "ok    units: 1" in said
    away = f"http://127.0.0.1:{free_port()}"
    (folder / "units.toml").write_text(UNITS.format(url=away, quiet='22:00", "23:00'), "utf-8")
    _, said = run("doctor", "--data-dir", folder, "--mqtt", broker)
    assert "warn  contacts: cannot reach 127.0.0.1" in said
    (folder / "units.toml").write_text("[[units]]\nname = 1\n", "utf-8")
    _, said = run("doctor", "--data-dir", folder, "--mqtt", broker)
    assert "units.toml:1: units[0]" in said
    assert "hush" not in said


def test_the_doctor_holds_units_to_inventory_and_grid(tmp_path: Path) -> None:
    broker = f"mqtt://127.0.0.1:{free_port()}"
    _, said = run("doctor", "--data-dir", tmp_path, "--mqtt", broker)
    assert "warn  units: none: supervision tells nobody" in said
    scenario = load_scenario("jinshui-demo")
    fleet = build(scenario)
    inventory, grid = tmp_path / "i.geojson", tmp_path / "g.geojson"
    inventory.write_bytes(geojson.inventory(fleet))
    grid.write_bytes(geojson.grid(fleet))
    importing.import_files(tmp_path, inventory, grid_file=grid)
    units.give_example(tmp_path)
    _, said = run("doctor", "--data-dir", tmp_path, "--mqtt", broker)
    assert [line for line in said.splitlines() if " units: " in line] == ["ok    units: 28"]
    mine = tmp_path / "units.toml"
    text = mine.read_text("utf-8").replace("区供电公司", "another").replace("410105017", "999")
    mine.write_text(text, "utf-8")
    _, said = run("doctor", "--data-dir", tmp_path, "--mqtt", broker)
    assert "warn  units: streets that are not in the grid: 999" in said
    assert "warn  units: streets without an office: 410105017" in said
    assert "warn  units: owners of assets that are no unit: 区供电公司" in said
    assert "standard:" not in said
    (tmp_path / "standards").mkdir()
    shipped = next(SHIPPED.glob("*.toml")).read_text("utf-8")
    owner = '\n[[owners]]\nunit = "照明班"\nstreets = ["410105001", "998"]\n'
    (tmp_path / "standards" / "here.toml").write_text(shipped + owner, "utf-8")
    _, said = run("doctor", "--data-dir", tmp_path, "--mqtt", broker)
    assert "warn  standard: streets that are not in the grid: 998" in said
    assert "warn  standard: owners that are no unit: 照明班" in said
