"""Scoring: the events of a replay held against the truth of its simulation.

A fault is *found* by a case of its type and subject that opened (or relapsed) between the moment
it could first be seen and a little after its repair. A case that no fault explains is a *false
alarm*. A recovery is *early* where the fault was not repaired yet, *missed* where it was repaired
and the case never recovered.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from facility.clock import HOUR, MINUTE, from_rfc3339
from facility.errors import UsageError

_BEFORE = MINUTE
"""A case may open at the very tick at which its fault becomes visible."""

_AFTER = 2 * HOUR
"""Evidence gathered before a repair may open a case this long after it."""


class Fault(msgspec.Struct, frozen=True):
    """A fault of the truth; ``also`` are cases of other types it rightly causes."""

    id: str
    type: str
    subject: str
    visible: str
    end: str | None = None
    members: tuple[str, ...] = ()
    also: tuple[dict[str, str], ...] = ()


class Truth(msgspec.Struct, frozen=True):
    """What went wrong in a simulation."""

    faults: tuple[Fault, ...]


class Event(msgspec.Struct, frozen=True):
    """A line of a replay."""

    at: str
    event: str
    case: str
    type: str
    subject: str


@dataclass(slots=True)
class TypeScore:
    """The score of one case type. ``delays`` are minutes from visible to opened, one a hit."""

    hits: int = 0
    missed: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    early_recoveries: list[str] = field(default_factory=list)
    missed_recoveries: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of cases that are faults; 1 where there is no case."""
        cases = self.hits + len(self.false_alarms)
        return self.hits / cases if cases else 1.0

    @property
    def recall(self) -> float:
        """Share of faults that are found; 1 where there is no fault."""
        faults = self.hits + len(self.missed)
        return self.hits / faults if faults else 1.0

    def to_json(self) -> dict[str, Any]:
        """The score as plain values."""
        return {
            "hits": self.hits,
            "missed": self.missed,
            "false_alarms": self.false_alarms,
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "delay_min_median": statistics.median(self.delays) if self.delays else None,
            "delay_min_worst": max(self.delays, default=None),
            "early_recoveries": self.early_recoveries,
            "missed_recoveries": self.missed_recoveries,
        }


def score(events: list[Event], truth: Truth) -> dict[str, TypeScore]:
    """The score by case type, of every type that occurs in the events or in the truth."""
    scores: dict[str, TypeScore] = defaultdict(TypeScore)
    openings = [e for e in events if e.event in ("opened", "relapsed")]
    recoveries = defaultdict(list)
    for event in events:
        if event.event == "recovered":
            recoveries[event.case].append(from_rfc3339(event.at))
    explained: set[int] = set()
    last = max((from_rfc3339(e.at) for e in events), default=0)
    for fault in truth.faults:
        mine = scores[fault.type]
        visible = from_rfc3339(fault.visible)
        end = from_rfc3339(fault.end) if fault.end else None
        found = [
            (i, opening)
            for i, opening in enumerate(openings)
            if _may_explain(fault, opening, visible, end)
        ]
        explained.update(i for i, _ in found)
        hits = [e for _, e in found if (e.type, e.subject) == (fault.type, fault.subject)]
        if not hits:
            mine.missed.append(fault.id)
            continue
        mine.hits += 1
        opened = from_rfc3339(hits[0].at)
        mine.delays.append(max(0.0, round((opened - visible) / MINUTE, 1)))
        recovered = [at for hit in hits for at in recoveries[hit.case] if at >= opened]
        if any(end is None or at < end for at in recovered):
            mine.early_recoveries.append(fault.id)
        elif not recovered and end is not None and end + _AFTER < last:
            mine.missed_recoveries.append(fault.id)
    for i, opening in enumerate(openings):
        if i not in explained:
            scores[opening.type].false_alarms.append(f"{opening.subject} at {opening.at}")
    return dict(sorted(scores.items()))


def _may_explain(fault: Fault, opening: Event, visible: int, end: int | None) -> bool:
    named = {(fault.type, fault.subject)}
    named |= {(other["type"], other["subject"]) for other in fault.also}
    at = from_rfc3339(opening.at)
    in_time = visible - _BEFORE <= at and (end is None or at <= end + _AFTER)
    return in_time and (opening.type, opening.subject) in named


def read_events(path: Path) -> list[Event]:
    """The lines of a replay. UsageError where the file is none."""
    decode = msgspec.json.Decoder(Event).decode
    lines = _read(path).splitlines()
    events = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}:{number} is no event of a replay: {error}") from None
    return events


def read_truth(path: Path) -> Truth:
    """The truth of a simulation. UsageError where the file is none."""
    try:
        return msgspec.json.decode(_read(path), type=Truth)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no truth of a simulation: {error}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def report(scores: dict[str, TypeScore]) -> str:
    """The scores as a table for people, with what was missed or false named below it."""
    titles = ("type", "hits", "missed", "false", "precision", "recall", "delay min", "worst")
    rows = ["{:26} {:>5} {:>7} {:>6} {:>10} {:>7} {:>10} {:>6}".format(*titles)]
    notes = []
    for type_, one in scores.items():
        median = statistics.median(one.delays) if one.delays else float("nan")
        worst = max(one.delays, default=float("nan"))
        rows.append(
            f"{type_:26} {one.hits:5} {len(one.missed):7} {len(one.false_alarms):6}"
            f" {one.precision:10.3f} {one.recall:7.3f} {median:10.1f} {worst:6.1f}"
        )
        for word, names in (
            ("missed", one.missed),
            ("false alarm", one.false_alarms),
            ("recovered too early", one.early_recoveries),
            ("never seen to recover", one.missed_recoveries),
        ):
            notes += [f"{word}: {type_} {name}" for name in names]
    return "\n".join(rows + notes) + "\n"
