"""The monthly report as a page that prints on A4: one file of HTML, with nothing to fetch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cases.indicators.charts import Series, bars, line
from cases.indicators.defined import INDICATORS, REPORTS_BY, Figures, Indicator, Measure, Value
from cases.indicators.monthly import Monthly
from cases.indicators.monthly_words import type_words, words
from cases.notices.contacts import Language

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("pages")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
UNKNOWN = "—"

SUMMARY = (
    *("opened", "filed", "dispatch_rate", "resolved", "closing_rate", "on_time_rate"),
    *("rework_rate", "extension_rate", "supervised", "self_recovered", "overridden", "void"),
    *("recurrences", "open", "hours_to_dispatch", "hours_to_handle", "hours_in_all"),
    *("reports", "satisfaction", "lighting_rate", "trusted_rate", "tonnes_in", "tonnes_out"),
)
"""The indicators of the summary."""
RANKED = (
    *("opened", "due", "closing_rate", "on_time_rate", "rework_rate", "extension_rate"),
    *("supervised", "open", "hours_in_all"),
)
"""Those of the tables of streets and units."""


def page(report: Monthly, language: Language, zone: ZoneInfo) -> str:
    """The page in a language; times are in the site's ``zone``."""
    chosen = words(language)
    return _PAGES.get_template("monthly.html").render(
        report=report,
        words=chosen,
        language=language,
        summary=[INDICATORS[key] for key in SUMMARY],
        ranked=[INDICATORS[key] for key in RANKED],
        indicators=INDICATORS,
        channels=[INDICATORS[key] for key in REPORTS_BY.values()],
        name=lambda one: _named(one, language),
        told=told,
        change=change,
        percent=lambda rate: told(rate, "rate"),
        of_type=lambda type_: type_words(type_, language),
        daily=_daily(report, chosen),
        nightly=_nightly(report, chosen),
        periodic=_periodic(report.sources.get("schedule")),
        until=datetime.fromtimestamp(report.until / 1000, UTC).astimezone(zone),
    )


def told(value: Value, measure: Measure = "count") -> str:
    """A figure as it is read."""
    if value is None:
        return UNKNOWN
    match measure:
        case "rate":
            return f"{value:.1%}"
        case "count":
            return f"{value:,.0f}"
        case "tonnes":
            return f"{value:,.1f}"
        case _:
            return f"{value:,.2f}"


def change(now: Value, before: Value, measure: Measure) -> str:
    """By how much it is more or less: of rates in points, of all else in per cent."""
    if now is None or before is None:
        return UNKNOWN
    if measure == "rate":
        # Adding 0 makes a nought of what is one below nought.
        return f"{round((now - before) * 100, 1) + 0.0:+.1f} pp"
    return f"{round((now - before) / before, 2) + 0.0:+.0%}" if before else UNKNOWN


def _named(one: Indicator, language: Language) -> str:
    """What an indicator is called, with its unit where the name does not say it."""
    if language == "zh":
        return f"{one.zh}(小时)" if one.measure == "hours" else one.zh
    return one.en[:1].upper() + one.en[1:]


def _daily(report: Monthly, chosen: dict[str, str]) -> Markup:
    series = [
        Series(chosen[word], [row.figures[key] for row in report.days], look)
        for word, key, look in (("received", "opened", "first"), ("resolved", "resolved", "second"))
    ]
    return bars(_day_labels(report), series, chosen["daily"])


def _nightly(report: Monthly, chosen: dict[str, str]) -> Markup | None:
    rates = [row.figures["lighting_rate"] for row in report.days]
    if not any(rate is not None for rate in rates):
        return None
    series = [Series(chosen["lighting"], rates, "first")]
    return line(_day_labels(report), series, chosen["nightly"], report.targets.other)


def _day_labels(report: Monthly) -> list[str]:
    return [str(int((row.of or "")[-2:])) for row in report.days]


def _periodic(figures: Figures | None) -> dict[str, Value] | None:
    if figures is None:
        return None
    due, done = figures["due"] or 0, figures["on_time"] or 0
    return {
        "periodic_opened": figures["opened"],
        "periodic_due": due,
        "periodic_done": done,
        "periodic_missed": due - done,
    }
