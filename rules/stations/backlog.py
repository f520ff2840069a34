"""Stations not cleared (日产日清 missed): tonnes weighed in and not out again by the deadline.

The service day runs from deadline to deadline. What is in the station is the sum of what the
counters gained, never below zero. A counter that leaps was replaced, and what it shows then is not
tonnes; one that falls back by a load or less was corrected, one that falls further began anew. The
verdict falls with the first report after the deadline, so a
lorry weighed out just before it is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from facility.assets import Station
from facility.clock import DAY, HOUR, to_rfc3339
from facility.inventory import Inventory
from facility.readings import Codes, ReadingBatch
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.sight import FAULT, SOUND, Sight
from rules.tracker import FAMILY, Tracker

TYPE = "station.backlog"

_LEAP_SHARE = 0.5
"""Of a day's capacity: more than that between two reports of one hour is no weighing."""

_DEFAULT_CAPACITY = 200.0
_LATELY = 6 * HOUR

_LOAD_T = 30.0
"""The most that one vehicle carries (49 t in all): a weighing is no more, nor is its correction."""


@dataclass(slots=True)
class _Balance:
    """A station's tonnes, by its counters."""

    ts: int = 0
    inbound: float = math.nan
    outbound: float = math.nan
    inside: float = 0.0
    came_in: float = 0.0
    """since the last deadline"""
    verdict: tuple[int, float, float] | None = None
    """(deadline, tonnes inside, tonnes come in that day) of the last deadline that was judged"""
    judged: int = 0
    """the last deadline judged"""
    went_out: float = 0.0
    """since the last deadline"""
    out_since: int = 0
    """since when what was late is out, ms; 0 while it is not"""
    ended: tuple[int, float, float, float] | None = None
    """(deadline, tonnes in, out, left) of the last service day"""
    lately: list[tuple[int, float, float]] = field(default_factory=list)
    """(ts, tonnes in, out) by each report of the last hours with any"""


@dataclass(frozen=True, slots=True)
class Course:
    """A station's service day at its last report ``ts``, in tonnes.

    ``deadline`` is when it ends. ``inside`` now, of which ``tolerance`` may be left; ``came_in``
    and ``went_out`` since the last deadline, ``lately`` each (ts, in, out) of the last hours.
    ``ended`` is the day before: (deadline, in, out, left), and whether it was clear.
    """

    station: str
    ts: int
    deadline: int
    inside: float
    came_in: float
    went_out: float
    tolerance: float
    lately: tuple[tuple[int, float, float], ...]
    ended: tuple[int, float, float, float] | None
    ended_clear: bool


class BacklogDetector:
    """Opens and ends ``station.backlog``."""

    PLAIN: ClassVar[dict[str, Any]] = {"_balances": list[_Balance]}

    def __init__(
        self, inventory: Inventory, timezone: str, book: Rulebook, tracker: Tracker
    ) -> None:
        self._book = book.backlog
        self._tracker = tracker
        self._zone = ZoneInfo(timezone)
        self._stations = inventory.stations
        self._balances = [_Balance() for _ in self._stations]
        self._row_of = {station.id: row for row, station in enumerate(self._stations)}

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its stations. A late report changes no balance."""
        inbound, outbound = batch.column("inbound_t"), batch.column("outbound_t")
        stock = batch.column("stock_t")
        for i in sorted(range(len(batch)), key=lambda i: int(batch.ts[i])):
            row = int(rows[i])
            if int(batch.ts[i]) > self._balances[row].ts:
                figures = float(inbound[i]), float(outbound[i]), float(stock[i])
                self._weigh(row, int(batch.ts[i]), *figures)

    def _weigh(self, row: int, ts: int, inbound: float, outbound: float, stock: float) -> None:
        balance, station = self._balances[row], self._stations[row]
        deadline = self._deadline_before(ts, station)
        first = balance.ts == 0
        if first:
            # What stood in the station before it was watched is only known where it says so.
            balance.inside = 0.0 if math.isnan(stock) else stock
            balance.judged = deadline
        hours = max(1.0, (ts - balance.ts) / HOUR)
        capacity = station.capacity_t_day or _DEFAULT_CAPACITY
        leap = max(_LOAD_T, capacity * _LEAP_SHARE * hours)
        gained = _gain(balance.inbound, inbound, leap)
        lost = _gain(balance.outbound, outbound, leap)
        if deadline > balance.judged:
            # The day is over: what left since the last report still counts for it, what came
            # in belongs to the new one.
            inside = max(0.0, balance.inside - lost)
            if inside <= self._tolerance(row, balance.came_in):
                # Waste dries and scales differ: what is left of a cleared day is no waste, and
                # must not add up from day to day.
                balance.inside = lost
            balance.verdict = (deadline, inside, balance.came_in)
            balance.ended = (deadline, balance.came_in, balance.went_out + lost, inside)
            balance.judged = deadline
            balance.came_in = balance.went_out = 0.0
        else:
            balance.went_out += lost
        balance.inside = max(0.0, balance.inside + gained - lost)
        if math.isnan(inbound) and math.isnan(outbound) and not math.isnan(stock):
            balance.inside = stock
        balance.came_in = max(0.0, balance.came_in + gained)
        if gained or lost:
            balance.lately.append((ts, gained, lost))
        while balance.lately and balance.lately[0][0] < ts - _LATELY:
            del balance.lately[0]
        balance.inbound = balance.inbound if math.isnan(inbound) else inbound
        balance.outbound = balance.outbound if math.isnan(outbound) else outbound
        balance.ts = ts

    def judge(self, now: int) -> None:
        """Opens a case for each deadline missed, and ends it once the tonnes are out."""
        members = self._tracker.members(FAMILY[TYPE])
        for row, (station, balance) in enumerate(zip(self._stations, self._balances, strict=True)):
            case = members.get(station.id)
            # Of what is inside, that which came in since the deadline is not late yet.
            late, book = balance.inside - balance.came_in, at(self._book, row)
            is_out = balance.ts > 0 and late <= book.cleared_t
            balance.out_since = (balance.out_since or balance.ts) if is_out else 0
            if case and is_out and balance.ts - balance.out_since >= book.off_hold:
                self._tracker.leave(now, case, (station.id,), "cleared", self._shown(row))
                case = None
            if balance.verdict is None or now - balance.verdict[0] < book.hold:
                continue
            deadline, inside, came_in = balance.verdict
            balance.verdict = None
            if book.hold and is_out:
                continue
            if inside > self._tolerance(row, came_in) and not case:
                shown = {
                    "backlog_t": round(inside, 2),
                    "inbound_t": round(came_in, 2),
                    "deadline": to_rfc3339(deadline),
                }
                opened = self._tracker.open(
                    now, TYPE, f"station:{station.id}", (station.id,), "not_cleared", shown
                )
                if opened is None and not is_out:
                    # It is held back; once it no longer is, the backlog may still be there.
                    balance.verdict = deadline, inside, came_in

    def sight(self, station: str) -> Sight:
        """What is seen of a station: whether what was late is out."""
        row = self._row_of.get(station)
        if row is None or not self._balances[row].ts:
            return Sight()
        balance = self._balances[row]
        late = balance.inside - balance.came_in
        return Sight(FAULT if late > at(self._book, row).cleared_t else SOUND, balance.ts)

    def _tolerance(self, row: int, came_in: float) -> float:
        book = at(self._book, row)
        return max(book.tolerance_t, book.tolerance_share * came_in)

    def courses(self) -> list[Course]:
        """Each station's service day so far; of those that have weighed."""
        return [
            Course(
                station=station.id,
                ts=balance.ts,
                deadline=self._deadline_before(balance.ts, station) + DAY,
                inside=balance.inside,
                came_in=balance.came_in,
                went_out=balance.went_out,
                tolerance=self._tolerance(row, balance.came_in),
                lately=tuple(balance.lately),
                ended=balance.ended,
                ended_clear=balance.ended is not None
                and balance.ended[3] <= self._tolerance(row, balance.ended[1]),
            )
            for row, (station, balance) in enumerate(
                zip(self._stations, self._balances, strict=True)
            )
            if balance.ts
        ]

    def _shown(self, row: int) -> dict[str, Any]:
        balance = self._balances[row]
        return {"inside_t": round(balance.inside, 2), "at": to_rfc3339(balance.ts)}

    def _deadline_before(self, ts: int, station: Station) -> int:
        """The last deadline at or before ``ts``, ms."""
        local = datetime.fromtimestamp(ts / 1000, UTC).astimezone(self._zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        deadline = round(midnight.timestamp() * 1000) + station.clear_by_ms
        while deadline > ts:
            deadline -= DAY
        return deadline


def _gain(before: float, after: float, leap: float) -> float:
    """What a counter gained; 0 where there is nothing to compare or it leapt.

    Less than nothing where a weighing was corrected. One that began anew has gained what it shows.
    """
    if math.isnan(before) or math.isnan(after):
        return 0.0
    gained = after - before
    if -_LOAD_T <= gained < 0 and after >= before / 2:
        return gained
    if gained < 0:
        gained = after
    return gained if gained <= leap else 0.0
