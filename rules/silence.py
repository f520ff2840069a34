"""Silence: devices not heard from, and the gateway, circuit or district that explains several.

What is not heard is not known: silence opens only its own case. Before a single device becomes a
case, those behind the same gateway or on the same circuit are looked at: as long as none of them
was heard since, the verdict waits for them. Where nothing at all is heard of a district
(:mod:`rules.feeds`) that is one case, and none of its devices has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR, MINUTE, SECOND, to_rfc3339
from facility.inventory import Inventory
from facility.measurements import STATUS_REASONS, STATUS_STATES
from facility.readings import Codes, ReadingBatch, Times
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.districts import Districts
from rules.feeds import Feeds
from rules.fleet import Fleet, Mask, Minutes, Rows, from_minutes
from rules.patience import Patience
from rules.sight import FAULT, NOTHING, SOUND, Sight
from rules.tracker import Tracker

TYPE = "device.silent"
FAMILY = "silent"

_OFFLINE = float(STATUS_STATES.index("offline"))
_POWER_LOSS = float(STATUS_REASONS.index("power_loss"))
_NEVER_HEARD = 75 * MINUTE
"""For how long at least a device may be unheard that never was: it may measure as the inventory
says, and send by the hour."""

_STILL_OUT = 1.25
"""Report intervals after a device's last report by which another's shows that their common path
works."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Devices that share a path: a gateway or a circuit."""

    subject: str
    rows: Rows


@dataclass(frozen=True, slots=True)
class _Moment:
    """What holds at one moment: the devices whose reports are ``missing``, and of all, bool (n,),
    whether their feed is lost and is no case yet: then their time stands still."""

    at: int
    missing: Rows
    lost: Mask


class SilenceDetector:
    """Opens and ends ``device.silent``."""

    KEPT = ("_feeds", "_lost_power", "_since", "_back")
    PLAIN: ClassVar[dict[str, Any]] = {"_looked_at": int}

    def __init__(
        self, inventory: Inventory, fleet: Fleet, book: Rulebook, tracker: Tracker
    ) -> None:
        self._fleet = fleet
        self._book = book.silence
        self._tracker = tracker
        self._kind_of = [inventory.assets[asset_id].kind for asset_id in fleet.ids]
        self._area_of = [inventory.assets[asset_id].area for asset_id in fleet.ids]
        self._groups: list[_Group] = []
        self._groups_of: dict[int, list[_Group]] = {}
        for name, assets in inventory.gateways.items():
            self._add_group(f"gateway:{name}", [asset.id for asset in assets])
        for name, lamps in inventory.circuits.items():
            self._add_group(f"circuit:{name}", [lamp.id for lamp in lamps])
        # The last gasp of each, s since 1970; 0 before there is one.
        self._lost_power: NDArray[np.int32] = np.zeros(len(fleet), dtype=np.int32)
        # From when on a device is expected to be heard; 0 before it is.
        self._since: Minutes = np.zeros(len(fleet), dtype=np.int32)
        # Since when it has been heard without a break; 0 while it is silent.
        self._back: Minutes = np.zeros(len(fleet), dtype=np.int32)
        self._feeds = Feeds(inventory, fleet, book.silence.feed_share)
        self._districts = Districts(self._feeds, fleet, book.silence, tracker)
        self._patience = Patience(fleet, book.silence)
        # Before the first sign of life of any nothing is missing.
        self._begun = False
        none = np.empty(0, dtype=np.intp)
        self._moment = _Moment(0, none, np.zeros(len(fleet), dtype=bool))
        self._looked_at = 0

    def feed_status(self, rows: Codes, batch: ReadingBatch) -> None:
        """Remembers last gasps: they tell a lost supply from a lost radio."""
        gasp = (batch.column("state") == _OFFLINE) & (batch.column("reason") == _POWER_LOSS)
        self._lost_power[rows[gasp]] = batch.ts[gasp] // SECOND

    def silent(self, now: int) -> Mask:
        """Devices whose reports are missing, bool (n,).

        Those never heard count from the first sign of life of any.
        """
        silent: Mask = np.zeros(len(self._fleet), dtype=bool)
        if not self._begun and not self._fleet.heard.any():
            return silent
        if not self._begun:
            self._since[self._since == 0] = now // MINUTE
            self._begun = True
        if now != self._moment.at:
            self._moment = self._look(now)
        rows = self._moment.missing
        quiet = now - self._started(rows)
        for stood, last in self._feeds.standing():
            mine = np.isin(rows, stood, assume_unique=True)
            quiet[mine] = np.minimum(quiet[mine], last - self._started(rows[mine]))
        silent[rows[quiet > self._patience.allowed[rows]]] = True
        return silent

    def _look(self, now: int) -> _Moment:
        fleet, book = self._fleet, self._book
        anew = slice(0, 0)
        if now > self._looked_at:
            anew = fleet.arrivals.look(now, fleet.heard, book.chance)
        self._looked_at = now
        self._patience.look(anew)
        allowed = self._patience.allowed
        self._feeds.look(now, allowed, self._since)
        lost: Mask = np.zeros(len(fleet), dtype=bool)
        for rows, _ in self._feeds.standing():
            lost[rows] = True
        # Who was heard lately enough need not be looked at more closely: nearly all.
        rows = np.flatnonzero(now - fleet.heard > allowed)
        least = np.where(fleet.heard[rows] > 0, 0, _NEVER_HEARD)
        rows = rows[now - self._started(rows) > np.maximum(allowed[rows], least)]
        return _Moment(now, rows[fleet.interval_known(rows)], lost)

    def _started(self, rows: Rows) -> Times:
        """From when on each device's next report is waited for, (k,) ms."""
        return np.maximum(self._fleet.heard[rows], from_minutes(self._since[rows]))

    def judge(self, now: int, silent: Mask) -> None:
        """Takes stock at ``now``."""
        self._back[silent] = 0
        unheard = np.flatnonzero(self._back == 0)
        self._back[unheard[~silent[unheard]]] = now // MINUTE
        members = self._tracker.members(FAMILY)
        if members:
            self._end_where_heard(now)
        self._districts.judge(now, self._moment.missing, self._account)
        fresh = [
            row
            for row in np.flatnonzero(silent & ~self._moment.lost).tolist()
            if self._fleet.ids[row] not in members
        ]
        settled: set[int] = set()
        for row in fresh:
            if row not in settled:
                settled.update(self._settle(now, row, silent))

    def _settle(self, now: int, row: int, silent: Mask) -> list[int]:
        """Opens the case that explains a silent device; the rows that are dealt with."""
        due = int(self._fleet.heard[row] + self._pace(row) * _STILL_OUT)
        if self._feeds.may_be_lost(now, self._area_of[row], due):
            return [row]
        waiting = 0
        best: tuple[_Group, Rows] | None = None
        for group in self._groups_of.get(row, ()):
            case = self._tracker.find(TYPE, group.subject)
            if case:
                rows: list[int] = [
                    r for r in self._caseless(group.rows, silent) if self._out_with(now, r, group)
                ]
                if row in rows:
                    self._tracker.join(now, case, self._ids(rows), {})
                    return rows
            out = group.rows[silent[group.rows]]
            heard_since = self._heard_since(now, row, group.rows)
            if heard_since > (1 - self._book.group_share) * len(group.rows):
                continue
            late = self._late(now, row, group.rows)
            if self._fell_together(out, late):
                if best is None or len(out) > len(best[1]):
                    best = group, out
            elif len(late) > 1 and self._may_wait(now, row):
                waiting = max(waiting, len(late))
        # What fell silent with a circuit may be part of what falls silent with its gateway.
        if best and waiting <= len(best[1]):
            group, out = best
            members: list[int] = out.tolist()
            self._tracker.open(now, TYPE, group.subject, self._ids(members), *self._account(out))
            return members
        if not waiting:
            device = self._fleet.ids[row]
            subject = f"{self._kind_of[row]}:{device}"
            self._tracker.open(now, TYPE, subject, (device,), *self._account(np.array([row])))
        return [row]

    def _heard_since(self, now: int, row: int, rows: Rows) -> int:
        """How many of a group were heard when the device should have been heard again, and still
        are: one that was heard once more and is late by now may have been heard late."""
        again = self._fleet.heard[rows] > self._fleet.heard[row] + self._pace(row) * _STILL_OUT
        return int((again & ~self._is_late(now, rows)).sum())

    def _late(self, now: int, row: int, rows: Rows) -> Rows:
        """Those of a group that report as often as the device, and should have by now."""
        late: Rows = rows[(self._fleet.pace(rows) <= self._pace(row)) & self._is_late(now, rows)]
        return late

    def _is_late(self, now: int, rows: Rows) -> Mask:
        pace = self._fleet.pace(rows)
        late: Mask = (pace > 0) & (now - self._started(rows) > pace * _STILL_OUT)
        return late

    def _fell_together(self, out: Rows, late: Rows) -> bool:
        """Whether nearly all late ones of a group are silent, last heard at about one time."""
        if len(out) < 2 or len(out) < self._book.group_share * len(late):
            return False
        heard = self._fleet.heard[out]
        together = np.abs(heard - np.median(heard)) <= 2 * self._fleet.pace(out)
        return int(together.sum()) >= max(2, len(late) / 2)

    def _may_wait(self, now: int, row: int) -> bool:
        """Whether a verdict may still wait for the rest of a group: one more hold at most."""
        started = max(int(self._fleet.heard[row]), int(self._since[row]) * MINUTE)
        return bool(now - started <= 2 * self._patience.allowed[row])

    def _pace(self, row: int) -> int:
        return int(self._fleet.pace(np.array([row]))[0])

    def _out_with(self, now: int, row: int, group: _Group) -> bool:
        """Whether a device fell silent with its group: none of it is heard since."""
        return self._heard_since(now, row, group.rows) == 0

    def _end_where_heard(self, now: int) -> None:
        fleet = self._fleet
        allowed = self._patience.allowed
        back: dict[str, list[str]] = {}
        for member, case in self._tracker.members(FAMILY).items():
            if self._districts.has(case):
                continue
            row = fleet.row_of.get(member)
            heard = row is None or now - fleet.heard[row] <= (allowed[row] or HOUR)
            if row is None or (heard and self._heard_for(now, row) >= at(self._book, row).off_hold):
                back.setdefault(case.id, []).append(member)
        for case_id, members in back.items():
            self._tracker.leave(now, self._tracker.cases[case_id], members, "heard", {})

    def _heard_for(self, now: int, row: int) -> int:
        """For how long a device has been heard without a break, ms."""
        return now - int(self._back[row]) * MINUTE

    def sight(self, now: int, silent: bool, device: str) -> Sight:
        """What is known of a device: heard, or silent until now; nothing while the feed is lost."""
        fleet, row = self._fleet, self._fleet.row_of.get(device)
        if row is None:
            return Sight()
        hold = int(self._patience.allowed[row])
        if not silent:
            return Sight(SOUND, int(fleet.heard[row]))
        return Sight(NOTHING if self._moment.lost[row] else FAULT, now, hold)

    def _account(self, rows: Rows) -> tuple[str, dict[str, Any]]:
        """(cause, evidence) of devices found silent together."""
        heard = self._fleet.heard[rows]
        gasped = self._gasped(rows)
        shown: dict[str, Any] = {"devices": len(rows)}
        if heard.max() > 0:
            shown["last_heard"] = to_rfc3339(int(heard.max()))
        if gasped:
            shown["last_gasps"] = gasped
        return ("power" if gasped else "communications"), shown

    def _gasped(self, rows: Rows) -> int:
        """How many sent a last gasp when they were last heard."""
        fleet, gasp = self._fleet, self._lost_power[rows]
        at_the_end = gasp >= (fleet.heard[rows] - 2 * fleet.every[rows]) // SECOND
        return int((at_the_end & (gasp > 0)).sum())

    def _caseless(self, rows: Rows, silent: Mask) -> list[int]:
        members = self._tracker.members(FAMILY)
        return [r for r in rows[silent[rows]].tolist() if self._fleet.ids[r] not in members]

    def _ids(self, rows: list[int]) -> list[str]:
        return [self._fleet.ids[row] for row in rows]

    def _add_group(self, subject: str, ids: list[str]) -> None:
        if len(ids) < 2:
            return
        rows = np.array([self._fleet.row_of[asset_id] for asset_id in ids], dtype=np.intp)
        group = _Group(subject, rows)
        for row in rows.tolist():
            self._groups_of.setdefault(row, []).append(group)
