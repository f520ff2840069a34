"""The indicators (指标): each defined once. What they mean is told in docs/indicators.md.

A count is the number of cases, or reports, that one moment puts into the span (cases/
indicator_sql.py); a rate is one count over another. Whatever cannot be told is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from cases.residents.reported import CHANNELS

By = Literal["none", "street", "unit", "type", "source", "day"]
"""What a table of indicators is broken down by."""
BYS: tuple[By, ...] = get_args(By)

Measure = Literal["count", "rate", "hours", "mark", "tonnes"]
Value = int | float | None
Figures = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator. ``ratio`` names the two counts that a rate is the quotient of."""

    key: str
    zh: str
    en: str
    measure: Measure = "count"
    ratio: tuple[str, str] | None = None


_CHANNEL_WORDS = {
    "hotline": ("热线", "hotline"),
    "12319": ("12319", "12319"),
    "ssp": ("随手拍", "Suishoupai"),
    "zhp": ("郑好拍", "Zhenghaopai"),
    "open311": ("Open311", "Open311"),
    "web": ("网页", "web page"),
}


def _rate(key: str, zh: str, en: str, part: str, of: str) -> Indicator:
    return Indicator(key, zh, en, "rate", (part, of))


_LISTED: tuple[Indicator, ...] = (
    Indicator("opened", "受理", "received"),
    Indicator("opened_filed", "受理中已立案", "received and filed"),
    _rate("filing_rate", "立案率", "filing rate", "opened_filed", "opened"),
    Indicator("filed", "立案", "filed"),
    Indicator("dispatchable", "应派遣", "to be dispatched"),
    Indicator("dispatched", "派遣", "dispatched"),
    _rate("dispatch_rate", "派遣率", "dispatch rate", "dispatched", "dispatchable"),
    Indicator("due", "应结案", "due"),
    Indicator("closed", "应结案中已结案", "due and closed"),
    _rate("closing_rate", "结案率", "closing rate", "closed", "due"),
    Indicator("on_time", "按期结案", "closed on time"),
    _rate("on_time_rate", "按期结案率", "on-time rate", "on_time", "due"),
    Indicator("extended", "延期", "extended"),
    _rate("extension_rate", "延期率", "extension rate", "extended", "due"),
    Indicator("ended", "终结", "ended"),
    Indicator("resolved", "结案", "resolved"),
    Indicator("reworked", "返工", "reworked"),
    _rate("rework_rate", "返工率", "rework rate", "reworked", "resolved"),
    Indicator("verified", "传感器核查结案", "verified by sensors"),
    Indicator("confirmed", "人工核查结案", "confirmed by a check"),
    Indicator("overridden", "人工结案", "overridden"),
    Indicator("self_recovered", "自行恢复", "self-recovered"),
    Indicator("merged", "并案", "merged"),
    Indicator("void", "作废", "void"),
    Indicator("supervised", "督办", "supervised"),
    Indicator("recurrences", "复发", "recurrences"),
    Indicator("open", "期末在办", "open at the end"),
    Indicator("resident_cases", "群众反映案件", "residents' cases"),
    Indicator("reports", "群众反映", "residents' reports"),
    *(
        Indicator(f"reports_{channel}", f"群众反映({zh})", f"reports by {en}")
        for channel, (zh, en) in _CHANNEL_WORDS.items()
    ),
    Indicator("ratings", "评价", "ratings"),
    Indicator("satisfaction", "满意度", "satisfaction", "mark"),
    Indicator("hours_to_file", "立案用时", "hours to filing", "hours"),
    Indicator("hours_to_dispatch", "派遣用时", "hours to dispatch", "hours"),
    Indicator("hours_to_accept", "接单用时", "hours to acceptance", "hours"),
    Indicator("hours_to_handle", "处置用时", "hours of handling", "hours"),
    Indicator("hours_to_check", "核查用时", "hours of verification", "hours"),
    Indicator("hours_in_all", "全程用时", "hours in all", "hours"),
    Indicator("clock_hours", "计时用时", "hours on the case's clock", "hours"),
    Indicator("lighting_rate", "亮灯率", "lighting rate", "rate"),
    Indicator("reporting_rate", "在线率", "reporting rate", "rate"),
    Indicator("trusted_rate", "可信率", "trusted rate", "rate"),
    Indicator("tonnes_in", "进站垃圾", "tonnes in", "tonnes"),
    Indicator("tonnes_out", "出站垃圾", "tonnes out", "tonnes"),
)

INDICATORS: dict[str, Indicator] = {one.key: one for one in _LISTED}
"""In the order that they are shown in."""

REPORTS_BY: dict[str, str] = {channel: f"reports_{channel}" for channel in CHANNELS}
"""The key that the reports of a channel are counted under."""

HOURS = tuple(one.key for one in _LISTED if one.measure == "hours")


def completed(counted: Mapping[str, Value]) -> Figures:
    """All indicators of what was counted: counts that nothing was found for are 0, rates follow."""
    found: Figures = {}
    for key, indicator in INDICATORS.items():
        if indicator.ratio is not None:
            part, of = (counted.get(name) or 0 for name in indicator.ratio)
            found[key] = round(part / of, 4) if of else None
        else:
            found[key] = counted.get(key, 0 if indicator.measure == "count" else None)
    return found
