"""Causes: what each dark lamp, segment and circuit is named after, and what that is filed by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cases.events import CaseEvent
from facility.assets import Asset, Cabinet, Streetlight
from facility.clock import HOUR, MINUTE
from tests.cases.filings import FILING
from tests.rules.street import DUSK, Shown, batch, engine, lamp, live

OUT = DUSK + HOUR
LIT = {"on": 1.0, "power_w": 58.0, "voltage_v": 229.0}
DEAD = {"on": 1.0, "power_w": 0.0, "voltage_v": 229.0}

STREET = [
    replace(lamp(f"{circuit}{i}", segment, i, circuit), cabinet="K1")
    for segment, circuit in (("S1", "A"), ("S2", "B"), ("S3", "C"))
    for i in range(8)
]
CABINET = Cabinet(
    id="K1", area="410105", name="K1", lon=113.69, lat=34.78, report_every_s=120,
    circuits=("A", "B", "C"),
)  # fmt: skip


def opened(
    shown: Shown,
    circuits: dict[str, dict[str, float]] | None = None,
    lamps: list[Streetlight] = STREET,
) -> list[CaseEvent]:
    """The unlit cases of two hours; ``circuits`` is what the cabinet sends of them from ``OUT``."""
    assets: list[Asset] = [*lamps, CABINET]
    one, events = engine(assets), []
    for minute in range(DUSK, OUT + HOUR, MINUTE):
        if circuits and minute >= OUT and not minute % (2 * MINUTE):
            readings = [(f"K1/{name}", minute, values) for name, values in circuits.items()]
            events += one.take([batch("cabinet", readings)])
        events += live(one, lamps, shown, minute, minute + MINUTE)
    return [event for event in events if event.event == "opened" and "unlit" in event.type]


def dark(*names: str, shows: dict[str, float] = DEAD) -> Shown:
    """Lamps whose name begins so are dark."""
    return lambda name, ts: shows if ts >= OUT and name.startswith(names) else LIT


@pytest.mark.parametrize(
    ("shown", "subject", "cause"),
    [
        (dark("A3"), "streetlight:A3", "lamp"),
        (dark("A2", "A3", "A4"), "segment:S1", "segment"),
        (dark("A"), "segment:S1", "circuit"),
        (
            dark("A", shows={"on": 0.0, "power_w": 0.0, "voltage_v": 229.0}),
            "segment:S1",
            "not_switched",
        ),
        (dark("A", shows={"voltage_v": 0.0}), "segment:S1", "supply"),
    ],
)
def test_a_case_is_named_after_its_cause(shown: Shown, subject: str, cause: str) -> None:
    (event,) = opened(shown)
    assert (event.subject, event.cause) == (subject, cause)


def test_all_circuits_of_a_cabinet_are_its_own_fault() -> None:
    events = opened(dark("A", "B", "C"))
    assert {event.subject for event in events} == {"segment:S1", "segment:S2", "segment:S3"}
    assert [event.cause for event in events].count("cabinet") >= 2


def test_a_circuit_over_two_segments_is_a_circuit() -> None:
    both = [replace(one, circuit="A") if one.segment == "S2" else one for one in STREET]
    (event,) = opened(dark("A", "B"), lamps=both)
    assert (event.subject, event.cause) == ("circuit:A", "circuit")


def test_an_open_contactor_was_not_switched_and_is_filed_by_the_hour() -> None:
    contactors = {"A": {"contactor": 0.0}, "B": {"contactor": 1.0}, "C": {"contactor": 1.0}}
    (event,) = opened(dark("A", shows={"voltage_v": 0.0}), contactors)
    assert event.cause == "not_switched"
    assert event.evidence["contactor"] == 0
    filed = FILING.filed(replace(event, members=("L1", *event.members)))
    assert filed is not None
    assert (filed.condition, filed.limit, filed.clock) == ("not_switched", 2, "working_hour")


def test_a_closed_contactor_leaves_the_supply() -> None:
    contactors = {name: {"contactor": 1.0} for name in "ABC"}
    (event,) = opened(dark("A", shows={"voltage_v": 0.0}), contactors)
    assert event.cause == "supply"


@pytest.mark.parametrize(("gasps", "cause"), [(True, "power"), (False, "communications")])
def test_a_silent_circuit_lost_its_power_or_its_radio(gasps: bool, cause: str) -> None:
    one = engine(STREET)
    shown: Shown = lambda name, ts: None if ts >= OUT and name.startswith("A") else LIT  # noqa: E731
    live(one, STREET, shown, DUSK, OUT)
    if gasps:
        told = {"state": 0.0, "reason": 0.0}
        one.take([batch("status", [(f"A{i}", OUT, told) for i in range(8)])])
    events = live(one, STREET, shown, OUT, OUT + HOUR)
    (event,) = [event for event in events if event.event == "opened"]
    assert (event.type, event.subject, event.cause) == ("device.silent", "circuit:A", cause)
