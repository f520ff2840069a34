"""What a case is, in the words of somebody who only wants to know whether it will be mended."""

from __future__ import annotations

from cases.case import Case
from cases.reported import Language

_STAGES: dict[str, tuple[str, str]] = {
    "reported": ("已收到，正在核实", "received; somebody is checking it"),
    "filed": ("已立案，正在确定负责单位", "accepted; the unit in charge is being named"),
    "dispatched": ("已派给负责单位", "handed to the unit in charge"),
    "handling": ("正在处理", "being worked on"),
    "handled": ("处理完毕，等待核查", "done, waiting to be checked"),
    "verifying": ("处理完毕，正在核查", "done, being checked"),
    "closed": ("已结案", "closed"),
    "void": ("未予受理", "not taken up"),
}
_HOW: dict[str, tuple[str, str]] = {
    "verified": ("传感器确认已恢复正常", "the sensor confirms that it is mended"),
    "self_recovered": ("已自行恢复正常", "it is right again by itself"),
    "confirmed": ("现场核查确认已解决", "checked on the spot: it is mended"),
    "overridden": ("经工作人员确认结案", "closed by our staff"),
    "merged": ("已并入同一问题的另一案件", "it is dealt with in another case of the same matter"),
}
_SUSPENDED = ("因条件所限暂缓处理", "put off until it can be done")


def language_of(accepted: str) -> Language:
    """The first of the languages of an Accept-Language header that there is; else Chinese."""
    ranked = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        ranked.append((-weight, place, tag.casefold()))
    for _, _, tag in sorted(ranked):
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "zh"


def stage(case: Case, language: Language) -> str:
    """Where a case is."""
    words = _STAGES[case.stage]
    if case.suspended_until is not None:
        words = _SUSPENDED
    return in_(words, language)


def ending(case: Case, language: Language) -> str:
    """How it ended; empty while it has not, or where that says nothing more."""
    return in_(_HOW[case.how], language) if case.how in _HOW else ""


def standing(case: Case, language: Language) -> str:
    """Where it is and how it ended, in one sentence."""
    said = [stage(case, language), ending(case, language)]
    mark = "：" if language == "zh" else ": "
    return mark.join(one for one in said if one)


def in_(words: tuple[str, str], language: Language) -> str:
    return words[0] if language == "zh" else words[1]
