"""What an event is worth telling, and in which words. The words are data (``notices.toml``)."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec

from cases.case import Case
from cases.events import CaseEvent, StageEvent
from cases.filing.basis import Filing
from cases.filing.standard import Text
from cases.notices.contacts import Language
from cases.notices.message import Message
from cases.people.who import ROLES, Role
from facility import tomlfile
from facility.clock import SECOND, from_rfc3339, to_rfc3339
from facility.errors import UsageError

SHIPPED = Path(__file__).with_name("notices.toml")

_NOTHING = "—"
_FIELDS = frozenset(
    {
        *("case", "what", "place", "street", "unit", "deadline", "until", "term", "reason"),
        *("level", "cause", "author", "how", "count"),
    }
)
_SAID = frozenset[str]({*get_args(StageEvent), "closed"})
"""Events whose evidence is what a person or the clock said; a rule's is what it has seen."""

_TIMES = ("deadline", "until", "term")


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Text
    more: Text


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    version: str
    urgent: frozenset[str]
    urgent_level: int
    roles: dict[Role, frozenset[str]]
    message: _Words
    events: dict[str, Text]
    causes: dict[str, Text]
    how: dict[str, Text]


@dataclass(frozen=True, slots=True)
class Book:
    """The words, which events are for which role, and the time zone that times are told in."""

    timezone: ZoneInfo
    events_of: dict[Role, frozenset[str]]
    _written: _Written

    def is_urgent(self, facts: Mapping[str, Any]) -> bool:
        """Whether it goes out at once, quiet hours or not."""
        event, level = facts["event"], facts["level"]
        if event == "supervised" and level >= self._written.urgent_level:
            return True
        return facts["severity"] == "urgent" and event in self._written.urgent

    @property
    def events(self) -> frozenset[str]:
        """What there are words for: of nothing else is anybody told."""
        return frozenset(self._written.events)

    def line(self, facts: Mapping[str, Any], language: Language) -> str:
        """A notice in a line; of an event that has no words any more its name."""
        words = self._written.events.get(facts["event"])
        template = f"{facts['event']}: {{case}}" if words is None else getattr(words, language)
        return _one_line(template.format(**self._fields(facts, language)))

    def message(self, id_: str, facts: Sequence[dict[str, Any]], language: Language) -> Message:
        """A message of these notices: one alone stands in its title too."""
        words = self._written.message
        return Message(
            id_,
            getattr(words.title, language).format(count=len(facts)),
            tuple(self.line(one, language) for one in facts),
            tuple(facts),
            getattr(words.more, language),
        )

    def _fields(self, facts: Mapping[str, Any], language: Language) -> dict[str, str]:
        shown = {name: facts.get(name) for name in _FIELDS}
        shown["what"] = _what(facts, language)
        for name in _TIMES:
            if shown[name] is not None:
                shown[name] = self._local(str(shown[name]))
        causes = [self._word(self._written.causes, one, language) for one in facts["causes"]]
        shown["cause"] = ("、" if language == "zh" else ", ").join(causes)
        if shown["how"] is not None:
            shown["how"] = self._word(self._written.how, str(shown["how"]), language)
        return {
            name: _NOTHING if value in (None, "") else str(value) for name, value in shown.items()
        }

    def _local(self, moment: str) -> str:
        at = datetime.fromtimestamp(from_rfc3339(moment) / SECOND, UTC)
        return at.astimezone(self.timezone).strftime("%Y-%m-%d %H:%M")

    @staticmethod
    def _word(words: Mapping[str, Text], key: str, language: Language) -> str:
        return getattr(words[key], language) if key in words else key


def load(timezone: ZoneInfo, path: Path = SHIPPED) -> Book:
    """The words of a file. UsageError, with file and key, where they are not right."""
    try:
        written = msgspec.convert(tomlfile.read(path), _Written)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}") from None
    for role in ROLES:
        if role not in written.roles:
            raise UsageError(f"{path}: `roles.{role}` is missing")
        if unknown := sorted(written.roles[role] - written.events.keys()):
            raise UsageError(f"{path}: `roles.{role}`: there are no words for {unknown[0]!r}")
    templates = {f"events.{name}": text for name, text in written.events.items()}
    templates |= {"message.title": written.message.title, "message.more": written.message.more}
    for key, text in templates.items():
        for language, template in (("zh", text.zh), ("en", text.en)):
            _check_template(f"{path}: `{key}.{language}`", template)
    return Book(timezone, written.roles, written)


def facts_of(case: Case, event: CaseEvent, place: str, filing: Filing | None) -> dict[str, Any]:
    """What is told of an event, after which the case is ``case``; for machines as it is.

    Times are RFC 3339. ``place`` is where it is, in words. Nothing here is a resident's.
    """
    filed = case.filed
    said = event.evidence if event.event in _SAID else {}
    row = None
    if filed is not None and filing is not None:
        row = filing.standard.row(filed.standard, filed.version, filed.code, filed.condition)
    return {
        "case": case.id,
        "event": event.event,
        "at": to_rfc3339(event.at),
        "type": case.type,
        "subject": case.subject,
        "place": place,
        "street": case.street,
        "unit": case.unit or said.get("unit"),
        "stage": case.stage,
        "state": case.state,
        "severity": row.condition.severity if row else "notice",
        "code": filed.code if filed else None,
        "name": _both(row.code.name) if row else None,
        "condition": _both(row.condition.when) if row else None,
        "deadline": to_rfc3339(filed.deadline) if filed else None,
        "level": case.supervision,
        "causes": said.get("causes", ["by_hand"] if event.event == "supervised" else []),
        "author": event.author,
        **{name: said.get(name) for name in ("reason", "until", "term", "how")},
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _what(facts: Mapping[str, Any], language: Language) -> str:
    """The row's words, or the case's type where it has no row."""
    name, condition = facts.get("name"), facts.get("condition")
    if not name or not condition:
        return str(facts["type"])
    return f"{name[language]} {condition[language]}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _check_template(where: str, template: str) -> None:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None
    if unknown := sorted({*names} - _FIELDS):
        raise UsageError(f"{where}: there is no {{{unknown[0]}}}")
