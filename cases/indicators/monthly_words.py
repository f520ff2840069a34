"""The words of the monthly report, in both languages; those of indicators are their own."""

from __future__ import annotations

from cases.notices.contacts import Language

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("城市设施管理月报", "Monthly report on the city's facilities"),
    "until": ("数据截至", "As known at"),
    "unfinished": ("本月尚未结束", "The month is not over yet"),
    "summary": ("总体情况", "Summary"),
    "indicator": ("指标", "Indicator"),
    "this_month": ("本月", "This month"),
    "last_month": ("上月", "Last month"),
    "year_ago": ("去年同月", "A year ago"),
    "change": ("环比", "Change"),
    "daily": ("每日受理与结案", "Received and resolved by day"),
    "received": ("受理", "received"),
    "resolved": ("结案", "resolved"),
    "by_street": ("各街道排名", "Streets, ranked"),
    "by_unit": ("各责任单位排名", "Units, ranked"),
    "ranked_by": (
        "按按期结案率排名;无应结案件的排在最后",
        "By on-time rate; those that had nothing due stand last",
    ),
    "rank": ("名次", "Rank"),
    "street": ("街道", "Street"),
    "unit": ("责任单位", "Unit"),
    "no_street": ("不在任何街道", "in no street"),
    "no_unit": ("未派遣", "with no unit"),
    "pressed": ("督办与周期案件", "Supervised and periodic cases"),
    "supervised_cases": ("本月被督办的案件", "Cases set under supervision"),
    "periodic_opened": ("周期案件", "Periodic cases"),
    "periodic_due": ("其中应完成", "of which due"),
    "periodic_done": ("按期完成", "done on time"),
    "periodic_missed": ("未按期完成", "missed"),
    "lighting": ("亮灯率", "Lighting rate"),
    "nightly": ("每夜亮灯率", "Lighting rate by night"),
    "main_roads": ("主干道", "Main roads"),
    "other_roads": ("其他道路", "Other roads"),
    "target": ("目标", "Target"),
    "missed_target": ("未达标", "below target"),
    "stations": ("垃圾中转站", "Transfer stations"),
    "station": ("中转站", "Station"),
    "tonnes_in": ("进站(吨)", "Tonnes in"),
    "tonnes_out": ("出站(吨)", "Tonnes out"),
    "not_cleared": ("未日清(次)", "Times not cleared"),
    "not_cleared_hours": ("滞留(小时)", "Hours over"),
    "residents": ("群众反映与满意度", "Residents"),
    "channel": ("渠道", "Channel"),
    "reports": ("件数", "Reports"),
    "recurrent": ("反复发生的点位", "Places that recur"),
    "place": ("点位", "Place"),
    "type": ("类型", "Type"),
    "times": ("次数", "Times"),
    "hours": ("累计小时", "Hours in all"),
    "nothing": ("本月没有数据。", "Nothing was counted this month."),
    "total": ("合计", "Total"),
    "defined": (
        "各指标的定义见 docs/indicators.md。「—」表示未知或不适用。",
        "Each indicator is defined in docs/indicators.md. “—” is unknown, or does not apply.",
    ),
}

_TYPES: dict[str, tuple[str, str]] = {
    "streetlight.unlit": ("路灯不亮", "Lamp unlit"),
    "streetlight.segment_unlit": ("路段有灯不亮", "Road segment unlit"),
    "streetlight.day_burning": ("白天亮灯", "Burning by day"),
    "streetlight.degraded": ("路灯性能下降", "Lamp degraded"),
    "cabinet.lamps_lost": ("箱变掉灯", "Lamps lost at a cabinet"),
    "cover.displaced": ("井盖移位", "Cover displaced"),
    "cover.rattle": ("井盖跳响", "Cover rattles"),
    "cover.flooding": ("井盖积水", "Cover under water"),
    "station.backlog": ("未日产日清", "Station not cleared"),
    "station.odour": ("站点异味", "Station odour"),
    "station.gas_hazard": ("有害气体", "Gas hazard"),
    "station.leachate": ("渗滤液", "Leachate"),
    "station.equipment": ("设备故障", "Equipment fault"),
    "device.silent": ("设备失联", "Device silent"),
}


def words(language: Language) -> dict[str, str]:
    """Each word by its key."""
    chosen = 0 if language == "zh" else 1
    return {key: pair[chosen] for key, pair in _WORDS.items()}


def type_words(type_: str, language: Language) -> str:
    """What a case type is called; its own name where it has no other."""
    pair = _TYPES.get(type_)
    return type_ if pair is None else pair[0 if language == "zh" else 1]
