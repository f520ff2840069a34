"""What somebody does next with a case: pure, and always the same for the same case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from facility.clock import DAY, from_rfc3339, to_rfc3339
from simulators.people.habits import Dispatcher, Habits, Unit
from simulators.people.lot import Lot


@dataclass(frozen=True, slots=True)
class Step:
    """An action on a case: by the dispatcher, or where ``unit`` is given by that unit."""

    action: str
    reason: str
    unit: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


def next_step(
    case: Mapping[str, Any], now: int, units: Sequence[str], habits: Habits
) -> Step | None:
    """What somebody does with ``case`` at ``now`` (ms), as the API shows it; None is nothing yet.

    ``units`` are those it can be sent to. Everybody waits from the case's last change.
    """
    # By day and subject, which a new demo has again: an id is of the millisecond. The cases that a
    # schedule opens have one subject.
    about = case["id"] if case["source"] == "schedule" else case["subject"]
    lot = Lot(f"{case['opened_at'][:10]}|{about}|{case['reworks']}")
    waited = now - from_rfc3339(case["changed_at"])
    match case["stage"]:
        case "reported":
            return _file(lot, waited, habits.dispatcher)
        case "filed":
            return _dispatch(case, lot, waited, units, habits.dispatcher)
        case "dispatched":
            return _accept(case, lot, waited, habits.unit)
        case "handling":
            return _work(case, lot, waited, now, habits)
        case "handled" | "verifying" if case["source"] != "sensor":
            return _check(case, lot, waited, habits.dispatcher)
    return None


def _file(lot: Lot, waited: int, habits: Dispatcher) -> Step | None:
    if waited < lot.minutes("file", habits.files_after_min):
        return None
    if lot.draws("void", habits.voids):
        return Step("void", "现场核实,未发现所报问题")
    return Step("file", "现场核实,情况属实")


def _dispatch(
    case: Mapping[str, Any], lot: Lot, waited: int, units: Sequence[str], habits: Dispatcher
) -> Step | None:
    if lot.draws("leave", habits.leaves) and not case["reworks"]:
        return None
    proposed = case["proposed_unit"]
    if waited < lot.minutes("dispatch", habits.dispatches_after_min) or proposed is None:
        return None
    others = [unit for unit in units if unit != proposed]
    if others and case["unit"] is None and lot.draws("misdirect", habits.misdirects):
        return Step("dispatch", "请核实处理", given={"unit": others[lot.of(len(others))]})
    return Step("dispatch", "请按时限处理", given={"unit": proposed})


def _accept(case: Mapping[str, Any], lot: Lot, waited: int, habits: Unit) -> Step | None:
    if waited < lot.minutes("accept", habits.accepts_after_min):
        return None
    if case["proposed_unit"] not in (None, case["unit"]):
        return Step("return", "非本单位管辖范围", unit=case["unit"])
    return Step("accept", "已安排人员到场", unit=case["unit"])


def _work(case: Mapping[str, Any], lot: Lot, waited: int, now: int, habits: Habits) -> Step | None:
    own = habits.unit
    if case["extension_asked_at"]:
        if waited < lot.minutes("answer", habits.dispatcher.answers_after_min):
            return None
        refused = lot.draws("refuse", habits.dispatcher.refuses)
        return Step("refuse_extension", "请按原时限完成") if refused else Step("extend", "同意延期")
    if case["suspended_until"] is not None:
        return None
    if not case["reworks"] and waited >= lot.minutes("ask", own.asks_after_min):
        may_ask = case["filing"] and not case["filing"]["overdue"] and not case["extensions"]
        if may_ask and lot.draws("ask", own.asks_for_time):
            return Step("request_extension", "需更换部件,申请延期", unit=case["unit"])
        if lot.draws("parts", own.waits_for_parts):
            return Step("suspend", "待备件到货", given={"until": to_rfc3339(now + 2 * DAY)})
    if case["source"] == "sensor" and case["state"] == "open":
        early = lot.draws("early", own.hands_in_early) and not case["reworks"]
        if not early or waited < lot.minutes("early", own.early_after_min):
            return None
        return Step("handle", "已处理", unit=case["unit"], given={"result": "现场已处理"})
    span = own.looks_after_min if case["source"] == "sensor" else own.works_min
    if waited < lot.minutes("work", span):
        return None
    result: dict[str, Any] = {"result": "已修复,现场恢复正常"}
    if form := case["evidence"].get("form"):
        result["form"] = {field["key"]: _answered(field) for field in form}
    return Step("handle", "处理完毕", unit=case["unit"], given=result)


def _answered(field: Mapping[str, Any]) -> Any:
    """What a unit writes into a field of the form of its rounds: that all is well."""
    match field["kind"]:
        case "number":
            return (field.get("least", 0) + field.get("most", 100)) / 2
        case "choice":
            return field["choices"][0]
    return "正常"


def _check(case: Mapping[str, Any], lot: Lot, waited: int, habits: Dispatcher) -> Step | None:
    if waited < lot.minutes(case["stage"], habits.checks_after_min):
        return None
    if case["stage"] == "handled":
        return Step("check", "派员现场核查")
    if not case["reworks"] and lot.draws("undone", habits.finds_undone):
        return Step("rework", "核查未通过,问题仍在")
    return Step("confirm", "核查通过")
