"""What a person may do with a case: a pure table of actions, who may do them, what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cases.case import STAGES, Case, Stage
from cases.events import CaseEvent, StageEvent
from cases.lifecycle import Refusal
from cases.people.who import Role, Who
from cases.periodic.form import WrongAnswer, check_answers, form_of
from cases.stages import STAGE_AFTER, STAGE_ZH, Bar, bar
from facility.clock import DAY, to_rfc3339
from facility.errors import UsageError
from facility.plain import is_plain

ActionName = Literal[
    "file",
    "dispatch",
    "accept",
    "return",
    "request_extension",
    "extend",
    "refuse_extension",
    "suspend",
    "resume",
    "handle",
    "check",
    "confirm",
    "rework",
    "override",
    "void",
    "supervise",
    "unsupervise",
    "note",
]
ACTION_NAMES: tuple[ActionName, ...] = get_args(ActionName)

TEXT_MAX = 2_000
UNIT_MAX = 100
SUSPENDED_AT_MOST = 366 * DAY
"""挂账: at most a year (GB/T 30428); a leap year's."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person says with an action; times are ms. Which of it is needed is in the table."""

    reason: str = ""
    unit: str = ""
    until: int | None = None
    result: str = ""
    level: int | None = None
    term: int | None = None
    code: str = ""
    condition: str = ""
    form: Mapping[str, Any] | None = None


class WrongField(UsageError):
    """Something that was given with an action is missing or wrong; ``field`` says which."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(f"{field}: {en}")
        self.field = field
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class Action:
    """The event it makes, what it is called, whose it is, and what must, or may, be given."""

    event: StageEvent
    zh: str
    en: str
    roles: frozenset[Role]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


_DESK = frozenset[Role]({"operator", "dispatcher", "supervisor"})
_DISPATCHERS = frozenset[Role]({"dispatcher", "supervisor"})
_HANDLERS = frozenset[Role]({"handler"})
_SUPERVISORS = frozenset[Role]({"supervisor"})
_ALL = frozenset[Role]({"operator", "dispatcher", "handler", "supervisor"})

ACTIONS: dict[ActionName, Action] = {
    "file": Action("filed", "立案", "file", _DESK, (), ("code", "condition", "reason")),
    "dispatch": Action("dispatched", "派遣", "dispatch", _DISPATCHERS, ("unit",), ("reason",)),
    "accept": Action("accepted", "接单", "accept", _HANDLERS, (), ("reason",)),
    "return": Action("returned", "退回", "return", _HANDLERS, ("reason",)),
    "request_extension": Action(
        "extension_requested", "申请延期", "request an extension of", _HANDLERS, ("reason",)
    ),
    "extend": Action("extended", "批准延期", "extend", _DISPATCHERS, (), ("reason",)),
    "refuse_extension": Action(
        "extension_refused", "不批准延期", "refuse an extension of", _DISPATCHERS, ("reason",)
    ),
    "suspend": Action("suspended", "挂账", "suspend", _DISPATCHERS, ("until", "reason")),
    "resume": Action("resumed", "恢复", "resume", _DISPATCHERS, (), ("reason",)),
    "handle": Action("handled", "反馈", "hand in", _HANDLERS, ("result",), ("reason",)),
    "check": Action("checking", "核查", "check", _DESK, (), ("reason",)),
    "confirm": Action("confirmed", "核查通过", "confirm", _DESK, (), ("reason",)),
    "rework": Action("reworked", "返工", "send back", _DESK, ("reason",)),
    "override": Action("overridden", "人工结案", "override", _DISPATCHERS, ("reason",)),
    "void": Action("voided", "作废", "void", _DISPATCHERS, ("reason",)),
    "supervise": Action(
        "supervised", "督办", "supervise", _SUPERVISORS, ("level", "reason"), ("term",)
    ),
    "unsupervise": Action(
        "unsupervised", "解除督办", "end the supervision of", _SUPERVISORS, (), ("reason",)
    ),
    "note": Action("noted", "备注", "note on", _ALL, ("reason",)),
}
"""The administrator may do everything; a handler only with the cases of the own unit."""


def decide(case: Case, action: ActionName, who: Who, now: int, given: Given) -> CaseEvent | Refusal:
    """The event that the action makes of the case at ``now`` (ms), or why it cannot be.

    WrongField where something needed is missing, or given wrongly.
    """
    entry = ACTIONS[action]
    if why := forbidden(case, action, who):
        return Refusal(*why, possible_actions(case, who, now), forbidden=True)
    event = CaseEvent(
        at=now,
        event=entry.event,
        case=case.id,
        type=case.type,
        subject=case.subject,
        members=case.members,
        evidence={**_evidence(entry, given, now), **_answers(case, action, given)},
        author=who.name,
    )
    if stands := against(case, action, now):
        return Refusal(
            f"案件 {case.id} 不能{entry.zh}:{stands.zh}",
            f"case {case.id}: cannot {entry.en} it: {stands.en}",
            possible_actions(case, who, now),
        )
    return event


def forbidden(case: Case, action: ActionName, who: Who) -> tuple[str, str] | None:
    """Why this person may not do this to this case, zh and en; None where they may."""
    entry = ACTIONS[action]
    if who.role == "admin":
        return None
    if who.role not in entry.roles:
        roles = ", ".join(sorted(entry.roles))
        return (
            f"{who.role} 无权{entry.zh}",
            f"a {who.role} may not {entry.en} a case; that is for: {roles}",
        )
    if who.streets and case.street not in who.streets:
        return (
            f"案件 {case.id} 不在您负责的街道",
            f"case {case.id} is in none of your streets",
        )
    if who.role == "handler" and (who.unit is None or case.unit != who.unit):
        return (
            f"案件 {case.id} 不由您的单位处置",
            f"case {case.id} is not your unit's",
        )
    return None


def against(case: Case, action: ActionName, now: int) -> Bar | None:
    """What in the case itself stands against the action at ``now``, whoever does it; or None."""
    event = ACTIONS[action].event
    if case.stage not in STAGE_AFTER[event]:
        return Bar(f"阶段为{STAGE_ZH[case.stage]}", f"it is at the stage {case.stage}")
    return bar(case, event, now)


def possible_actions(case: Case, who: Who, now: int) -> tuple[ActionName, ...]:
    """What this person can do with the case at ``now`` (ms)."""
    return tuple(
        action
        for action in _AT[case.stage]
        if against(case, action, now) is None and forbidden(case, action, who) is None
    )


_AT: dict[Stage, tuple[ActionName, ...]] = {
    stage: tuple(name for name in ACTION_NAMES if stage in STAGE_AFTER[ACTIONS[name].event])
    for stage in STAGES
}
"""The actions that a stage allows, other things being right."""


def _evidence(entry: Action, given: Given, now: int) -> dict[str, Any]:
    """What the event keeps of what was given."""
    allowed = (*entry.needs, *entry.takes)
    found: dict[str, Any] = {}
    for field, check in _CHECKS.items():
        value = getattr(given, field)
        if isinstance(value, str):
            value = value.strip() or None
        if value is None:
            if field in entry.needs:
                raise WrongField(field, "必填", f"is missing; to {entry.en} a case takes it")
            continue
        if field not in allowed:
            raise WrongField(field, "此操作不需要", f"to {entry.en} a case takes none")
        found[field] = check(field, value, now)
    return found


def _answers(case: Case, action: ActionName, given: Given) -> dict[str, Any]:
    """What the form of a schedule's case was answered with, as it is handed in."""
    if action == "handle" and (form := form_of(case.evidence)):
        try:
            return {"form": check_answers(form, given.form or {})}
        except WrongAnswer as error:
            raise WrongField(error.field, error.zh, error.en) from None
    if given.form is not None:
        raise WrongField("form", "此操作没有表单", "there is no form to answer here")
    return {}


def _text(most: int) -> Callable[[str, Any, int], Any]:
    def check(field: str, value: str, _now: int) -> str:
        if len(value) > most:
            raise WrongField(
                field, f"不超过 {most} 字", f"has {len(value)} characters; say it in up to {most}"
            )
        if not is_plain(value):
            raise WrongField(field, "含有控制字符", "has control characters; leave them out")
        return value

    return check


def _until(field: str, value: int, now: int) -> str:
    if value <= now:
        raise WrongField(field, "须在此刻之后", "is not after now")
    if value - now > SUSPENDED_AT_MOST:
        raise WrongField(field, "最长一年", "is more than a year away")
    return to_rfc3339(value)


def _level(field: str, value: int, _now: int) -> int:
    if not 1 <= value <= 3:
        raise WrongField(field, "须为 1–3", "is none of 1, 2, 3")
    return value


_CHECKS: Mapping[str, Callable[[str, Any, int], Any]] = {
    "reason": _text(TEXT_MAX),
    "unit": _text(UNIT_MAX),
    "until": _until,
    "result": _text(TEXT_MAX),
    "level": _level,
    "term": _until,
    "code": _text(16),
    "condition": _text(32),
}
"""Each field's check: what it returns is kept."""
