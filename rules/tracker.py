"""One fault, one case: the cases that are not over, and the events that make them.

Detectors say which members are at fault and which are seen to be sound; the tracker keeps who is
in which case and writes the events. It never looks at readings.

A case that comes and goes *chatters* (ISA-18.2): the third time within a window it is held, and
ends only once its members were seen sound for long. Until then it is one open case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from cases.events import CaseEvent, EventName, new_case_id
from facility.clock import MINUTE
from rules.book import figures
from rules.families import FAMILY as FAMILY


@dataclass(slots=True)
class Case:
    """A case as the rules see it. ``members`` are the assets at fault, in order of joining; ``was``
    all that were, but for those that another case took over."""

    id: str
    type: str
    subject: str
    members: dict[str, None]
    recovered_at: int | None = None
    closed: bool = False
    """A person closed it while the fault was there: its members stay quiet until seen sound."""
    chatters: bool = False
    was: dict[str, None] = field(default_factory=dict)
    quiet: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of a case that chatters: since when a member is seen sound, and when it last was."""


class Kept(msgspec.Struct, frozen=True):
    """A tracker's state: its cases, those that recovered lately, and what was opened when."""

    open: list[Case]
    recovered: list[Case]
    openings: list[tuple[str, str, list[int]]]


_BREAK = 5 * MINUTE
"""A member that was not seen sound for so long was at fault in between."""


@dataclass(slots=True)
class Tracker:
    """The open cases by id, and the case of each member in each family.

    ``unheard`` says of a member whether it is silent: it is not seen sound then. ``held`` says of a
    type and a member whether it may open and join no case now (:mod:`rules.book.suppression`). One
    that ``waits`` keeps what recovered, however long ago, until it hears that the case was closed:
    what comes back until then is the same case.
    """

    rule_version: str
    book: figures.Cases
    waits: bool = False
    unheard: Callable[[str], bool] = lambda _: False
    held: Callable[[str, str], bool] = lambda *_: False
    cases: dict[str, Case] = field(default_factory=dict)
    _of_member: dict[str, dict[str, Case]] = field(default_factory=dict)
    _of_subject: dict[tuple[str, str], str] = field(default_factory=dict)
    _recovered: dict[tuple[str, str], Case] = field(default_factory=dict)
    _openings: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _events: list[CaseEvent] = field(default_factory=list)

    def members(self, family: str) -> dict[str, Case]:
        """Asset id → its case, of the family's cases that are not over."""
        return self._of_member.setdefault(family, {})

    def of_type(self, type_: str) -> list[Case]:
        """The cases of a type that are not over."""
        return [case for case in self.cases.values() if case.type == type_]

    def find(self, type_: str, subject: str) -> Case | None:
        """The case of a subject that is open, whoever its members are."""
        case = self.cases.get(self._of_subject.get((type_, subject), ""))
        return None if case is None or case.closed else case

    def open(
        self,
        at: int,
        type_: str,
        subject: str,
        members: Sequence[str],
        cause: str,
        evidence: dict[str, Any],
    ) -> Case | None:
        """Opens a case, or takes up the one that recovered a short while ago.

        Members that are in another case of the family leave it for this one. None, and nothing is
        done, where all members are held.
        """
        members = [member for member in members if not self.held(type_, member)]
        if not members:
            return None
        case = self._recovered.pop((type_, subject), None)
        event: EventName = "opened"
        if case and self._comes_back(at, case):
            case.recovered_at = None
            event = "relapsed"
        else:
            case = Case(new_case_id(at, type_, subject), type_, subject, {})
        self._merge(at, case, members)
        self._add(case)
        self._take(case, members)
        openings = self._count_opening(at, (type_, subject))
        if openings >= self.book.chatter_times:
            case.chatters = True
            evidence = {**evidence, "chatters": openings}
        self._write(at, event, case, members, cause, evidence)
        return case

    def join(self, at: int, case: Case, members: Sequence[str], evidence: dict[str, Any]) -> None:
        """Adds members to a case, but for those that are held."""
        members = [member for member in members if not self.held(case.type, member)]
        if not members:
            return
        self._merge(at, case, members)
        self._take(case, members)
        self._write(at, "joined", case, members, "", evidence)

    def tell(self, at: int, case: Case, cause: str, evidence: dict[str, Any]) -> None:
        """Adds to an open case what has come to light; nobody joins it."""
        self._write(at, "joined", case, (), cause, evidence)

    def leave(
        self, at: int, case: Case, members: Sequence[str], cause: str, evidence: dict[str, Any]
    ) -> None:
        """Takes sound members out of a case; without any left it has recovered.

        Detectors call it each time they take stock and find members sound: out of a case that
        chatters they are let go once that was so for long enough.
        """
        if case.chatters:
            members = [member for member in members if self._was_quiet(at, case, member)]
            if not members:
                return
        self._release(case, members)
        if case.members:
            self._write(at, "left", case, members, cause, evidence)
            return
        del self.cases[case.id]
        case.chatters = False
        if case.closed:
            return
        case.recovered_at = at
        self._forget_recovered(at)
        self._recovered[case.type, case.subject] = case
        self._write(at, "recovered", case, members, cause, evidence)

    def attest(
        self,
        at: int,
        case: Case,
        event: Literal["verified", "persisted"],
        members: Sequence[str],
        cause: str,
        evidence: dict[str, Any],
    ) -> None:
        """Says of a case that its recovery has held, or that it was not repaired."""
        self._write(at, event, case, members, cause, evidence)

    def recovered(self) -> list[Case]:
        """The cases that recovered and may come back."""
        return list(self._recovered.values())

    def close(self, case_id: str) -> None:
        """A person closed the case: it says no more, and its members open none until seen sound."""
        case = self.cases.get(case_id)
        if case:
            case.closed = True
        for key in [key for key, case in self._recovered.items() if case.id == case_id]:
            del self._recovered[key]

    def forget(self, case_id: str) -> None:
        """Drops a case: what is still at fault, or is again, opens a new one."""
        case = self.cases.pop(case_id, None)
        if case:
            self._release(case, list(case.members))
        self.close(case_id)

    def restore(
        self,
        case_id: str,
        type_: str,
        subject: str,
        members: Iterable[str],
        recovered_at: int | None,
    ) -> None:
        """Takes up a case from an earlier run."""
        case = Case(case_id, type_, subject, dict.fromkeys(members), recovered_at)
        case.was = dict(case.members)
        if recovered_at is not None:
            self._recovered[type_, subject] = case
            return
        self._add(case)
        self._take(case, list(case.members))

    def knows(self, case_id: str) -> bool:
        """Whether the case is open here, or recovered a short while ago."""
        recovered = (case.id for case in self._recovered.values())
        return case_id in self.cases or case_id in recovered

    def kept(self) -> Kept:
        """The state, without the events that were not drained yet."""
        openings = [(*key, times) for key, times in self._openings.items()]
        return Kept(list(self.cases.values()), list(self._recovered.values()), openings)

    def take_up(self, kept: Kept) -> None:
        """Goes on from another tracker's state."""
        for case in kept.open:
            self._add(case)
            self._take(case, list(case.members))
        self._recovered = {(case.type, case.subject): case for case in kept.recovered}
        self._openings = {(type_, subject): times for type_, subject, times in kept.openings}

    def drain(self) -> list[CaseEvent]:
        """The events since the last call, in order of time: two rules that open their cases with
        a report itself look at one kind after the other."""
        events, self._events = sorted(self._events, key=lambda event: event.at), []
        return events

    def _count_opening(self, at: int, key: tuple[str, str]) -> int:
        """How often the case was opened within the window, this time included."""
        since = at - self.book.chatter_within
        openings = [opened for opened in self._openings.pop(key, ()) if opened > since]
        # Whatever was opened last stands last, so those that are over stand first.
        self._openings[key] = [*openings, at]
        while self._openings[first := next(iter(self._openings))][-1] <= since:
            del self._openings[first]
        return len(openings) + 1

    def _was_quiet(self, at: int, case: Case, member: str) -> bool:
        """Whether a member of a case that chatters was sound for long enough to be let go."""
        since, last = case.quiet.get(member, (at, at))
        if at - last > _BREAK or self.unheard(member):
            since = at
        case.quiet[member] = since, at
        return at - since >= self.book.chatter_hold

    def _comes_back(self, at: int, case: Case) -> bool:
        """Whether what is found now is a case that recovered before."""
        recovered_at = case.recovered_at or 0
        return self.waits or at - recovered_at <= self.book.relapse_within

    def _forget_recovered(self, at: int) -> None:
        """Drops the cases that recovered too long ago to come back."""
        for key, case in list(self._recovered.items()):
            if self._comes_back(at, case):
                break
            del self._recovered[key]

    def _merge(self, at: int, into: Case, members: Sequence[str]) -> None:
        """Takes members out of the smaller cases they were in."""
        of_member = self.members(FAMILY[into.type])
        moving: dict[str, list[str]] = {}
        for member in members:
            case = of_member.get(member)
            if case and case is not into:
                moving.setdefault(case.id, []).append(member)
        for case_id, moved in moving.items():
            case = self.cases[case_id]
            self._release(case, moved)
            for member in moved:
                case.was.pop(member, None)
            if not case.members:
                del self.cases[case_id]
            self._write(at, "left", case, moved, "merged", {"into": into.id})

    def _add(self, case: Case) -> None:
        self.cases[case.id] = case
        self._of_subject[case.type, case.subject] = case.id

    def _take(self, case: Case, members: Sequence[str]) -> None:
        of_member = self.members(FAMILY[case.type])
        for member in members:
            case.members[member] = case.was[member] = None
            of_member[member] = case

    def _release(self, case: Case, members: Sequence[str]) -> None:
        of_member = self.members(FAMILY[case.type])
        for member in members:
            case.quiet.pop(member, None)
            del case.members[member]
            del of_member[member]

    def _write(
        self,
        at: int,
        event: EventName,
        case: Case,
        members: Sequence[str],
        cause: str,
        evidence: dict[str, Any],
    ) -> None:
        if case.closed:
            return
        self._events.append(
            CaseEvent(
                at,
                event,
                case.id,
                case.type,
                case.subject,
                tuple(members),
                cause,
                evidence,
                case.type,
                self.rule_version,
            )
        )
