"""The page's types are the API's: what web/src says of answers and actions, against the code."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from pydantic import BaseModel

from api import duties, people
from api.roles import ALLOWED
from api.shapes import cases, daybook, figures, readings, reports, rules, site
from cases.actions import ACTIONS
from cases.events import SOURCES
from cases.people.who import ROLES
from rules.trials import tally

SRC = Path(__file__).parents[2] / "web" / "src"
API = "\n".join(
    (SRC / "api" / f"{name}.ts").read_text("utf-8") for name in ("schema", "reports", "rules")
)
DESK = (SRC / "api" / "desk.ts").read_text("utf-8")
PEOPLE = (SRC / "api" / "people.ts").read_text("utf-8")

WHOLE: dict[str, type[BaseModel]] = {
    "Case": cases.ToldCase,
    "CaseEvent": cases.Event,
    "Filing": cases.Filing,
    "Readings": readings.Readings,
    "WorkingCalendar": site.WorkingCalendar,
    "Service": reports.OfferedService,
    "Taken": reports.TakenReport,
    "Photo": reports.Photo,
    "BookVersion": rules.RulebookVersion,
    "Books": rules.RulebookPage,
    "Figure": rules.RuleFigure,
    "Section": rules.RuleSection,
    "Book": rules.Rulebook,
    "StandardRow": site.StandardRow,
    "Plan": duties.SchedulePlan,
    "Selection": duties.Selection,
    "FormField": duties.FormField,
    "Occurrence": duties.ScheduleOccurrence,
    "Cell": site.GridCell,
    "SchedulePreview": duties.SchedulePreview,
    "Missing": figures.Missing,
}
"""Interfaces that have every field of the answer."""

PART: dict[str, type[BaseModel]] = {
    "Report": reports.ShownReport,
    "Contact": reports.ReportContact,
    "Supervised": duties.SupervisedCase,
    "SupervisionCause": duties.SupervisionCause,
    "Schedule": duties.PeriodicSchedule,
    "Proposal": duties.ScheduleProposal,
    "Warning": daybook.Warned,
    "Shelving": rules.Shelving,
    "StationDay": daybook.StationDay,
    "User": people.User,
    "AuditEntry": people.AuditEntry,
    "Covered": figures.CoveragesOf,
    "CoveredStreet": figures.CoveragesOfStreet,
    "Key": people.MachineKey,
}
"""Interfaces that have those fields that the page needs."""


def fields_of(interface: str) -> set[str]:
    match = re.search(
        rf"export interface {interface}(?: extends \w+)? {{\n(.*?)\n}}", API + DESK + PEOPLE, re.S
    )
    assert match, f"no interface {interface}"
    return set(re.findall(r"^  (\w+)\??:", match[1], re.M))


TRIED: dict[str, type[msgspec.Struct]] = {
    "Result": tally.Result,
    "TriedBook": tally.Book,
    "Counts": tally.Counts,
    "Ringing": tally.Ringing,
    "OneCase": tally.OneCase,
}
"""What a backtest's result is made of; the API hands it on as it is."""


def words_of(declared: str) -> set[str]:
    match = re.search(rf"export type {declared} =\s*(.*?);", API, re.S)
    assert match, f"no type {declared}"
    return set(re.findall(r'"([^"]+)"', match[1]))


@pytest.mark.parametrize("interface", sorted(WHOLE))
def test_an_interface_has_every_field(interface: str) -> None:
    assert fields_of(interface) == set(WHOLE[interface].model_fields)


@pytest.mark.parametrize("interface", sorted(TRIED))
def test_a_result_has_every_field(interface: str) -> None:
    assert fields_of(interface) == {
        one.encode_name for one in msgspec.structs.fields(TRIED[interface])
    }


def test_a_backtest_has_every_field() -> None:
    said = {one.alias or name for name, one in rules.Backtest.model_fields.items()}
    assert fields_of("Backtest") == said


@pytest.mark.parametrize("interface", sorted(PART))
def test_an_interface_has_no_field_that_is_not_there(interface: str) -> None:
    found = fields_of(interface)
    assert found
    assert found <= set(PART[interface].model_fields)


def test_the_words_are_the_servers() -> None:
    assert words_of("ActionName") == set(ACTIONS)
    assert words_of("Role") == set(ROLES)
    assert words_of("CaseSource") == set(SOURCES)


def test_an_action_asks_for_what_the_server_needs() -> None:
    table = (SRC / "store" / "actions.ts").read_text("utf-8")
    listed = re.search(r"ACTIONS: Record<ActionName, Entry> = {\n(.*?)\n};", table, re.S)
    assert listed
    shorthand = {"bare": ([], ["reason"]), "reasoned": (["reason"], [])}
    for name, said in re.findall(r"^  (\w+): (.*),$", listed[1], re.M):
        words = re.findall(r"\[(.*?)\]", said)
        needs, takes = shorthand.get(said) or [re.findall(r'"(\w+)"', one) for one in words]
        entry = ACTIONS[name]
        assert set(needs) == set(entry.needs), name
        assert set(takes) == set(entry.takes), name


def test_every_change_has_a_name_in_the_audit_trail() -> None:
    table = (SRC / "wording" / "audit.zh.ts").read_text("utf-8")
    named = set(re.findall(r"^    (\w+): ", table, re.M))
    calls = {
        "_".join([call.split(" ")[0], *re.findall(r"/(\w+)", call)[2:]])
        for call, roles in ALLOWED.items()
        if roles is not None and not call.startswith("GET ")
    }
    # These are told in words, in the transaction of the change.
    own = re.compile(r"\w+_(users|keys|schedules|me|session)\b|\w+_(users|keys|schedules|me)_")
    assert {call for call in calls if not own.match(call)} == {
        name for name in named if name.isascii() and name[0].isupper()
    }
