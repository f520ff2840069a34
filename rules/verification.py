"""Verification (核查) by telemetry: whether a recovery has held, and whether a repair was one.

A case that recovered is *verified* once every member that was ever at fault in it was seen sound
for long enough: lamps through a dark period, a cover over enough passes. A case that people handled
has *persisted* where members are seen at fault for the rule's own hold by readings that were
measured after that. Either is said once for each handling, and silence says neither. What
follows from it is the desk's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from facility.clock import MINUTE, to_rfc3339
from rules.sight import FAULT, SOUND, Look, Sight
from rules.tracker import FAMILY, Case, Tracker


@dataclass(frozen=True, slots=True)
class Proof:
    """What it takes to believe a recovery: ``seen`` is the word for it in the evidence.

    Sound for ``sound_for`` ms, by ``readings`` at least; or, with ``share``, for that share of a
    whole period of the lighting plan, and until its end.
    """

    seen: str
    look: Look
    sound_for: int
    readings: int = 2
    share: float = 0.0


@dataclass(slots=True)
class Tally:
    """For how long (ms) one member was seen to be so, between its ``first`` and ``last`` reading.

    Each reading stands for half a report interval on either side and no longer. ``held`` once that
    was enough.
    """

    first: int
    last: int
    since: int
    until: int
    seen: int = 0
    readings: int = 1
    held: bool = False


@dataclass(slots=True)
class Watch:
    """A case that is being verified. ``handled_at`` is the handling that was not answered yet."""

    case: str
    handled_at: int | None = None
    told: bool = False
    """It was said that the recovery held, and nothing has changed since."""
    sound: dict[str, Tally] = field(default_factory=dict)
    fault: dict[str, Tally] = field(default_factory=dict)


class Verification:
    """Watches the cases that recovered or were handled, and are not closed yet."""

    PLAIN: ClassVar[dict[str, Any]] = {"_watches": dict[str, Watch]}

    def __init__(
        self,
        tracker: Tracker,
        proofs: Mapping[str, Proof],
        every: Callable[[str], int],
        installed: Callable[[str], bool],
    ) -> None:
        """``proofs`` by family of cases; ``every`` answers a member's report interval, ms, and
        ``installed`` whether it is still there: one that was removed has nothing to show."""
        self._tracker = tracker
        self._proofs = proofs
        self._every = every
        self._installed = installed
        self._watches: dict[str, Watch] = {}

    def heed(self, event: str, case: str, at: int) -> None:
        """Takes note of what became of a case on the desk, in the order that it happened there."""
        watch = self._watches.get(case)
        if event == "handled":
            watch = self._watches.setdefault(case, Watch(case))
            watch.handled_at, watch.told, watch.fault = at, False, {}
        elif watch and event in ("verified", "persisted"):
            watch.handled_at, watch.told = None, event == "verified"
        elif watch and event in ("reworked", "relapsed"):
            watch.handled_at, watch.told = None, False

    def judge(self, now: int) -> None:
        """Looks at every case that is watched; says what has come out."""
        recovered = {case.id: case for case in self._tracker.recovered()}
        for case_id in recovered:
            self._watches.setdefault(case_id, Watch(case_id))
        for case_id, watch in list(self._watches.items()):
            if case := recovered.get(case_id):
                self._judge_recovered(now, watch, case)
            elif (case := self._tracker.cases.get(case_id)) and watch.handled_at is not None:
                watch.sound, watch.told = {}, False
                self._judge_handled(now, watch, case)
            else:
                del self._watches[case_id]

    def _judge_recovered(self, now: int, watch: Watch, case: Case) -> None:
        if watch.told:
            return
        proof = self._proofs[FAMILY[case.type]]
        since = case.recovered_at or 0
        members = [member for member in case.was if self._installed(member)]
        for member in members:
            sight = proof.look(member)
            if self._at_fault(now, watch, member, sight, max(since, watch.handled_at or 0)):
                watch.sound.pop(member, None)
            if sight.says == SOUND:
                self._count(watch.sound, member, sight, since)
            tally = watch.sound.get(member)
            if tally and not tally.held:
                tally.held = _has_held(tally, proof, now)
        tallies = [watch.sound.get(member) for member in members]
        held = [tally for tally in tallies if tally and tally.held]
        if held and len(held) == len(tallies):
            watch.told, watch.handled_at = True, None
            evidence = _evidence(proof.seen, held)
            self._tracker.attest(now, case, "verified", tuple(members), "held", evidence)

    def _judge_handled(self, now: int, watch: Watch, case: Case) -> None:
        proof = self._proofs[FAMILY[case.type]]
        handled_at = watch.handled_at or 0
        found: dict[str, Tally] = {}
        for member in case.members:
            tally = self._at_fault(now, watch, member, proof.look(member), handled_at)
            if tally:
                found[member] = tally
        if found:
            watch.handled_at, watch.fault = None, {}
            evidence = _evidence("at_fault", list(found.values()))
            evidence["handled_at"] = to_rfc3339(handled_at)
            self._tracker.attest(now, case, "persisted", tuple(found), "not_repaired", evidence)

    def _at_fault(
        self, now: int, watch: Watch, member: str, sight: Sight, after: int
    ) -> Tally | None:
        """What was seen of a member that was at fault for the rule's own hold; else None."""
        if sight.says == SOUND:
            watch.fault.pop(member, None)
        if sight.says != FAULT:
            return None
        tally = self._count(watch.fault, member, sight, after)
        if tally is None or tally.readings < sight.readings:
            return None
        stands = min(now - sight.at, self._every(member) // 2)
        return tally if tally.seen + stands >= sight.hold else None

    def _count(
        self, tallies: dict[str, Tally], member: str, sight: Sight, after: int
    ) -> Tally | None:
        """Adds a reading to what was seen of a member; one from before ``after`` counts for none.

        Within another period of the plan it starts anew.
        """
        tally = tallies.get(member)
        if sight.at <= after or (tally and sight.at <= tally.last):
            return tally
        if tally is None or (sight.since != tally.since and not tally.held):
            tallies[member] = tally = Tally(sight.at, sight.at, sight.since, sight.until)
        else:
            tally.seen += min(sight.at - tally.last, self._every(member))
            tally.last = sight.at
            tally.readings += 1
        return tally


def _has_held(tally: Tally, proof: Proof, now: int) -> bool:
    """Whether what was seen of a member is enough."""
    if tally.readings < proof.readings or tally.seen < proof.sound_for:
        return False
    if not proof.share:
        return True
    return now >= tally.until and tally.seen >= proof.share * (tally.until - tally.since)


def _evidence(seen: str, tallies: list[Tally]) -> dict[str, Any]:
    """What was seen, from when to when, and of the member that was seen least for how long."""
    return {
        "seen": seen,
        "from": to_rfc3339(min(tally.first for tally in tallies)),
        "to": to_rfc3339(max(tally.last for tally in tallies)),
        "minutes": min(tally.seen for tally in tallies) // MINUTE,
        "readings": min(tally.readings for tally in tallies),
        "members": len(tallies),
    }
