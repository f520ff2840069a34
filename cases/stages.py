"""What may happen to a case, as tables: from which states the sensors' events lead where, from
which stages the people's, and what else must hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cases.case import Case, Stage, State, is_overdue
from cases.events import EVENTS, CaseEvent, EventName, SensorEvent, StageEvent

STATE_AFTER: dict[tuple[State, SensorEvent], State] = {
    ("open", "joined"): "open",
    ("open", "left"): "open",
    ("open", "recovered"): "recovered",
    ("open", "persisted"): "open",
    ("open", "closed"): "closed",
    ("recovered", "joined"): "recovered",
    ("recovered", "left"): "recovered",
    ("recovered", "relapsed"): "open",
    ("recovered", "verified"): "recovered",
    ("recovered", "closed"): "closed",
}
"""A case opens as ``open``. Nothing leads out of ``closed``: a fault that comes back after it is
a new case."""

_SAME: dict[Stage, Stage] = {
    stage: stage
    for stage in ("reported", "filed", "dispatched", "handling", "handled", "verifying")
}
_WITH_A_UNIT: dict[Stage, Stage] = {"dispatched": "dispatched", "handling": "handling"}

STAGE_AFTER: dict[StageEvent, dict[Stage, Stage]] = {
    "filed": {"reported": "filed"},
    "dispatched": {"filed": "dispatched", "dispatched": "dispatched"},
    "accepted": {"dispatched": "handling"},
    "returned": {"dispatched": "filed", "handling": "filed"},
    "extension_requested": _WITH_A_UNIT,
    "extended": _WITH_A_UNIT,
    "extension_refused": _WITH_A_UNIT,
    "suspended": {"filed": "filed", **_WITH_A_UNIT},
    "resumed": {"filed": "filed", **_WITH_A_UNIT},
    "handled": {"handling": "handled"},
    "checking": {"handled": "verifying"},
    "confirmed": {"verifying": "verifying"},
    "reworked": {"handled": "handling", "verifying": "handling"},
    "voided": dict.fromkeys(_SAME, "void"),
    "overridden": _SAME,
    "supervised": _SAME,
    "unsupervised": _SAME,
    "noted": _SAME,
}
"""Event → from which stage to which. Of a sensor's case ``handled`` leads to ``verifying`` at
once: the check is the sensor's. ``confirmed`` and ``overridden`` are followed by ``closed``."""

STAGE_ZH: dict[Stage, str] = {
    "reported": "上报",
    "filed": "立案",
    "dispatched": "派遣",
    "handling": "处置",
    "handled": "反馈",
    "verifying": "核查",
    "closed": "结案",
    "void": "作废",
}

MOST_EXTENSIONS = 2
"""延期: one more of the original limit, at most twice (GB/T 30428)."""


class Bar(NamedTuple):
    """Why something cannot happen that the stage alone would allow."""

    zh: str
    en: str


def bar(case: Case, event: EventName, at: int) -> Bar | None:
    """What stands against an event at ``at`` (ms) that the tables allow; or None."""
    for stands, words in _BARS_OF[event]:
        if stands(case, at):
            return words
    return None


def stage_after(case: Case, event: CaseEvent) -> Stage | None:
    """The stage that a person's event leads to; None where the table does not name it."""
    after = STAGE_AFTER[event.event].get(case.stage)  # type: ignore[index]
    if event.event == "handled" and after is not None and case.source == "sensor":
        return "verifying"
    return after


_SENSOR_ONLY = frozenset[EventName](
    {"joined", "left", "recovered", "relapsed", "verified", "persisted", "overridden"}
)
_CHECKS = frozenset[EventName]({"checking", "confirmed"})
_NOT_WHILE_SUSPENDED = frozenset[EventName](
    {
        "filed",
        "dispatched",
        "accepted",
        "returned",
        "extension_requested",
        "extended",
        "suspended",
        "handled",
    }
)

_BARS: tuple[tuple[frozenset[EventName], Callable[[Case, int], bool], Bar], ...] = (
    (
        _SENSOR_ONLY,
        lambda case, _: case.source != "sensor",
        Bar("它不是传感器上报的案件", "no sensor raised it"),
    ),
    (
        _CHECKS,
        lambda case, _: case.source == "sensor",
        Bar("由传感器核查", "the sensor that raised it checks it"),
    ),
    (
        frozenset({"persisted"}),
        lambda case, _: case.stage != "verifying",
        Bar("不在核查中", "it is not being verified"),
    ),
    (
        _NOT_WHILE_SUSPENDED,
        lambda case, _: case.suspended_until is not None,
        Bar("已挂账,须先恢复", "it is suspended; resume it first"),
    ),
    (
        frozenset({"resumed"}),
        lambda case, _: case.suspended_until is None,
        Bar("未挂账", "it is not suspended"),
    ),
    (
        frozenset({"extension_requested", "extended"}),
        lambda case, _: case.extensions >= MOST_EXTENSIONS,
        Bar("最多延期两次", "it was extended twice, which is the most"),
    ),
    (
        frozenset({"extension_requested", "extended"}),
        is_overdue,
        Bar("已超期,不能延期", "it is late, and what is late is not extended"),
    ),
    (
        frozenset({"extension_requested", "extended"}),
        lambda case, _: case.filed is None,
        Bar("没有处置时限", "it has no limit to extend"),
    ),
    (
        frozenset({"extension_requested"}),
        lambda case, _: case.extension_asked_at is not None,
        Bar("延期申请待审批", "a request for one waits for its answer"),
    ),
    (
        frozenset({"extended", "extension_refused"}),
        lambda case, _: case.extension_asked_at is None,
        Bar("没有延期申请", "nobody asked for one"),
    ),
    (
        frozenset({"unsupervised"}),
        lambda case, _: case.supervision == 0,
        Bar("未督办", "it is not supervised"),
    ),
)
"""Which events, when it stands against them, and why. The first that does is told."""

_BARS_OF = {
    event: tuple((stands, words) for names, stands, words in _BARS if event in names)
    for event in EVENTS
}
