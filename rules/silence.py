"""Silence: devices not heard from, and the gateway or circuit that explains several at once.

What is not heard is not known: silence opens only its own case. Before a single device becomes a
case, those behind the same gateway or on the same circuit are looked at: as long as none of them
was heard since, the verdict waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from facility.clock import HOUR, MINUTE, to_rfc3339
from facility.inventory import Inventory
from facility.measurements import STATUS_REASONS, STATUS_STATES
from facility.readings import Codes, ReadingBatch, Times
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.fleet import Fleet, Mask, Rows
from rules.sight import FAULT, NOTHING, SOUND, Sight
from rules.tracker import Tracker

TYPE = "device.silent"
FAMILY = "silent"

_FEED_MIN_DEVICES = 20
_FEED_LEAST = 5
"""A feed is lost where at least so many should have been heard, in a fleet of at least so many."""

_OVERDUE = 1.5
"""Report intervals by which a device should have been heard."""

_OFFLINE = float(STATUS_STATES.index("offline"))
_POWER_LOSS = float(STATUS_REASONS.index("power_loss"))
_STILL_OUT = 1.25
"""Report intervals after a device's last report by which another's shows that their common path
works."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Devices that share a path: a gateway or a circuit."""

    subject: str
    rows: Rows


class SilenceDetector:
    """Opens and ends ``device.silent``."""

    KEPT = ("_lost_power", "_since", "_back")
    PLAIN: ClassVar[dict[str, Any]] = {"_last_any": int}

    def __init__(
        self, inventory: Inventory, fleet: Fleet, book: Rulebook, tracker: Tracker
    ) -> None:
        self._fleet = fleet
        self._book = book.silence
        self._tracker = tracker
        self._kind_of = [inventory.assets[asset_id].kind for asset_id in fleet.ids]
        self._groups: list[_Group] = []
        self._groups_of: dict[int, list[_Group]] = {}
        for name, assets in inventory.gateways.items():
            self._add_group(f"gateway:{name}", [asset.id for asset in assets])
        for name, lamps in inventory.circuits.items():
            self._add_group(f"circuit:{name}", [lamp.id for lamp in lamps])
        self._lost_power = np.zeros(len(fleet), dtype=np.int64)
        # From when on a device is expected to be heard, ms; 0 before it is.
        self._since: Times = np.zeros(len(fleet), dtype=np.int64)
        # Since when it has been heard without a break, ms; 0 while it is silent.
        self._back: Times = np.zeros(len(fleet), dtype=np.int64)
        self._last_any = 0
        self._lost = False

    def feed_status(self, rows: Codes, batch: ReadingBatch) -> None:
        """Remembers last gasps: they tell a lost supply from a lost radio."""
        gasp = (batch.column("state") == _OFFLINE) & (batch.column("reason") == _POWER_LOSS)
        self._lost_power[rows[gasp]] = batch.ts[gasp]

    def silent(self, now: int) -> Mask:
        """Devices whose reports are missing, bool (n,).

        Those never heard count from the first sign of life of any.
        """
        fleet = self._fleet
        if not fleet.heard.any():
            return np.zeros(len(fleet), dtype=bool)
        self._since[self._since == 0] = now
        allowed = self._allowed()
        last = int(fleet.heard.max())
        if self._last_any and last > self._last_any:
            # Once a lost feed is back, each device it was lost for has its full time again.
            gap = now - MINUTE - self._last_any
            if self._is_lost(self._last_any, gap, allowed):
                self._since[gap >= _OVERDUE * fleet.every] = now
        self._last_any = last
        self._lost = self._is_lost(last, now - last, allowed)
        missing: Mask = (last if self._lost else now) - self._started() > allowed
        return missing & fleet.interval_known()

    def _allowed(self) -> Times:
        """For how long each device may be unheard, (n,) ms."""
        return self._fleet.quiet(self._book.missed + self._book.margin)

    def _started(self) -> Times:
        """From when on each device's next report is waited for, (n,) ms."""
        return np.maximum(self._fleet.heard, self._since)

    def _is_lost(self, last: int, gap: int, allowed: Times) -> bool:
        """Whether after ``last`` so many should have been heard within ``gap`` ms that the feed
        was lost."""
        fleet = self._fleet
        if len(fleet) < _FEED_MIN_DEVICES or gap < MINUTE:
            return False
        expected = (fleet.every > 0) & (gap >= _OVERDUE * fleet.every)
        expected &= last - self._started() <= allowed
        return int(expected.sum()) >= max(_FEED_LEAST, self._book.feed_share * len(fleet))

    def judge(self, now: int, silent: Mask) -> None:
        """Takes stock at ``now``."""
        self._back = np.where(silent, 0, np.where(self._back > 0, self._back, now))
        members = self._tracker.members(FAMILY)
        if members:
            self._end_where_heard(now)
        fresh = [
            row for row in np.flatnonzero(silent).tolist() if self._fleet.ids[row] not in members
        ]
        if not fresh or self._lost:
            return
        settled: set[int] = set()
        for row in fresh:
            if row not in settled:
                settled.update(self._settle(now, row, silent))

    def _settle(self, now: int, row: int, silent: Mask) -> list[int]:
        """Opens the case that explains a silent device; the rows that are dealt with."""
        waiting = 0
        best: tuple[_Group, Rows] | None = None
        for group in self._groups_of.get(row, ()):
            case = self._tracker.find(TYPE, group.subject)
            if case:
                rows: list[int] = [
                    r for r in self._caseless(group.rows, silent) if self._out_with(r, group)
                ]
                if row in rows:
                    self._tracker.join(now, case, self._ids(rows), {})
                    return rows
            out = group.rows[silent[group.rows]]
            heard_since = self._heard_since(row, group.rows)
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

    def _heard_since(self, row: int, rows: Rows) -> int:
        """How many of a group were heard when the device should have been heard again."""
        heard, every = self._fleet.heard, self._fleet.every
        return int((heard[rows] > heard[row] + every[row] * _STILL_OUT).sum())

    def _late(self, now: int, row: int, rows: Rows) -> Rows:
        """Those of a group that report as often as the device, and should have by now."""
        every = self._fleet.every[rows]
        heard = np.maximum(self._fleet.heard[rows], self._since[rows])
        paced = (every > 0) & (every <= self._fleet.every[row])
        late: Rows = rows[paced & (now - heard > every * _STILL_OUT)]
        return late

    def _fell_together(self, out: Rows, late: Rows) -> bool:
        """Whether nearly all late ones of a group are silent, last heard at about one time."""
        if len(out) < 2 or len(out) < self._book.group_share * len(late):
            return False
        heard = self._fleet.heard[out]
        together = heard >= heard.max() - 2 * self._fleet.every[out]
        return int(together.sum()) >= max(2, len(late) / 2)

    def _may_wait(self, now: int, row: int) -> bool:
        """Whether a verdict may still wait for the rest of a group: one more hold at most."""
        return bool(now - self._started()[row] <= 2 * self._allowed()[row])

    def _out_with(self, row: int, group: _Group) -> bool:
        """Whether a device fell silent with its group: none of it was heard since."""
        return self._heard_since(row, group.rows) == 0

    def _end_where_heard(self, now: int) -> None:
        fleet = self._fleet
        allowed = self._allowed()
        back: dict[str, list[str]] = {}
        for member, case in self._tracker.members(FAMILY).items():
            row = fleet.row_of.get(member)
            heard = row is None or now - fleet.heard[row] <= (allowed[row] or HOUR)
            if row is None or (heard and now - self._back[row] >= at(self._book, row).off_hold):
                back.setdefault(case.id, []).append(member)
        for case_id, members in back.items():
            self._tracker.leave(now, self._tracker.cases[case_id], members, "heard", {})

    def sight(self, now: int, silent: bool, device: str) -> Sight:
        """What is known of a device: heard, or silent until now; nothing while the feed is lost."""
        fleet, row = self._fleet, self._fleet.row_of.get(device)
        if row is None:
            return Sight()
        book = at(self._book, row)
        hold = int(fleet.every[row] * (book.missed + book.margin))
        if not silent:
            return Sight(SOUND, int(fleet.heard[row]))
        return Sight(NOTHING if self._lost else FAULT, now, hold)

    def _account(self, rows: Rows) -> tuple[str, dict[str, Any]]:
        """(cause, evidence) of devices found silent together."""
        heard = self._fleet.heard[rows]
        gasped = int((self._lost_power[rows] >= heard - 2 * self._fleet.every[rows]).sum())
        lost = gasped and (self._lost_power[rows] > 0).any()
        shown: dict[str, Any] = {"devices": len(rows)}
        if heard.max() > 0:
            shown["last_heard"] = to_rfc3339(int(heard.max()))
        if lost:
            shown["last_gasps"] = gasped
        return ("power" if lost else "communications"), shown

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
