"""The rounds of a demo: made once, filed under rows that are there, and fed back by its units."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cases.database import upgrade
from cases.periodic.form import check_answers
from cases.registers import Registers
from command.demo_rounds import COVERS, STATIONS, prepare
from command.house import cases_url
from command.settings import Settings
from facility.clock import DAY, to_rfc3339
from simulators.people.habits import shipped
from simulators.people.steps import next_step
from tests.api.district import StoppedClock
from tests.cases.filings import FILING, local

NOW = local("2026-09-15 17:40")


def test_a_demo_has_its_rounds_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    upgrade(cases_url(settings))
    for _ in range(2):
        prepare(settings, StoppedClock(NOW))
    registers = Registers(cases_url(settings), ZoneInfo("Asia/Shanghai"))
    found = registers.schedules()
    registers.close()
    assert {one.plan.name for one in found} == {STATIONS.name, COVERS.name}
    assert all(one.next_at is not None and NOW < one.next_at < NOW + 4 * DAY for one in found)


def test_their_rows_are_in_the_shipped_standard() -> None:
    for plan in (STATIONS, COVERS):
        assert FILING.filed_under(plan.code, plan.condition, NOW) is not None


def test_a_simulated_unit_answers_the_form() -> None:
    case: dict[str, Any] = {
        "id": "c1",
        "stage": "handling",
        "state": "open",
        "source": "schedule",
        "unit": "环卫中心",
        "proposed_unit": "环卫中心",
        "reworks": 0,
        "extensions": 2,
        "filing": None,
        "extension_asked_at": None,
        "suspended_until": None,
        "opened_at": to_rfc3339(NOW),
        "changed_at": to_rfc3339(NOW),
        "evidence": {"form": msgspec.to_builtins(STATIONS.form)},
    }
    habits = shipped()
    for number in range(50):
        step = next_step(case | {"id": f"c{number}"}, NOW + 9 * DAY, ["环卫中心"], habits)
        if step is not None and step.action == "handle":
            break
    assert step is not None
    assert check_answers(STATIONS.form, step.given["form"]) == {
        "leachate": 50,
        "scale": "正常",
        "remarks": "正常",
    }
