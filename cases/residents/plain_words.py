"""What a case is, in the words of somebody who only wants to know whether it will be mended."""

from __future__ import annotations

from cases.case import Case
from cases.residents.reported import Language

_STAGES: dict[str, tuple[str, str]] = {
    "reported": ("已收到，正在核实", "Received; somebody is checking it"),
    "filed": ("已立案，正在确定负责单位", "Accepted; the unit in charge is being named"),
    "dispatched": ("已派给负责单位", "Handed to the unit in charge"),
    "handling": ("正在处理", "Being worked on"),
    "handled": ("处理完毕，等待核查", "Done, waiting to be checked"),
    "verifying": ("处理完毕，正在核查", "Done, being checked"),
    "closed": ("已结案", "Closed"),
    "void": ("未予受理", "Not taken up"),
}
_HOW: dict[str, tuple[str, str]] = {
    "verified": ("传感器确认已恢复正常", "the sensor confirms that it is mended"),
    "self_recovered": ("已自行恢复正常", "it is right again by itself"),
    "confirmed": ("现场核查确认已解决", "checked on the spot: it is mended"),
    "overridden": ("经工作人员确认结案", "closed by our staff"),
    "merged": ("已并入同一问题的另一案件", "it is dealt with in another case of the same matter"),
}
_NEWS: dict[str, str] = {
    "filed": "filed",
    "dispatched": "dispatched",
    "handled": "handled",
    "reworked": "handling",
    "closed": "closed",
    "voided": "void",
}
"""What of a case's history is news to a resident, and the stage whose words say it."""

_JUDGE = (
    "。请在查询网页上评价；如未解决，{days} 天内可要求重新办理",
    ". On the page of your report you can say whether it is, for {days} days",
)
_SUSPENDED = ("因条件所限暂缓处理", "Put off until it can be done")


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


def is_news(event: str) -> bool:
    """Whether an event of a case says anything to a resident."""
    return event == "suspended" or event in _NEWS


def news_of(event: str, how: str | None, days: int) -> tuple[str, str]:
    """What an event that is news says to a resident, zh and en; for ``days`` after its closing they
    may say that nothing was mended."""
    if event == "suspended":
        return _SUSPENDED
    zh, en = _STAGES[_NEWS[event]]
    if event == "closed":
        by_zh, by_en = _HOW.get(how or "", ("", ""))
        zh = f"{zh}：{by_zh}" if by_zh else zh
        en = f"{en}: {by_en}" if by_en else en
        return zh + _JUDGE[0].format(days=days), en + _JUDGE[1].format(days=days)
    return zh, en


def in_(words: tuple[str, str], language: Language) -> str:
    return words[0] if language == "zh" else words[1]
