"""Stations not cleared (日产日清 missed): tonnes weighed in and not out again by the deadline.

The service day runs from deadline to deadline. What is in the station is the sum of what was
weighed (:mod:`rules.stations.weighing`), never below zero. The verdict falls with the first report
after the deadline, so a lorry weighed out just before it is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from facility.clock import HOUR, to_rfc3339
from facility.inventory import Inventory
from facility.readings import Codes, ReadingBatch
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.days import LocalDays
from rules.sight import FAULT, SOUND, Sight
from rules.stations.weighing import Scales, weigh
from rules.tracker import FAMILY, Tracker

TYPE = "station.backlog"

_LATELY = 6 * HOUR


@dataclass(slots=True)
class _Balance:
    """A station's tonnes."""

    ts: int = 0
    scales: Scales = field(default_factory=Scales)
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
        self._stations = inventory.stations
        # Service days begin when the ones before them end.
        self._days = [LocalDays(timezone, station.clear_by_ms) for station in self._stations]
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
        balance, book = self._balances[row], at(self._book, row)
        deadline = self._deadline_before(row, ts)
        if balance.ts == 0:
            # What stood in the station before it was watched is only known where it says so.
            balance.inside = 0.0 if math.isnan(stock) else stock
            balance.judged = deadline
        hours = max(1.0, (ts - balance.ts) / HOUR)
        capacity = self._stations[row].capacity_t_day or book.capacity_t_day
        most = max(book.load_t, capacity * book.most_share_per_h * hours)
        weighed = weigh(balance.scales, inbound, outbound, stock, most, book)
        gained, lost = weighed.came, weighed.went
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
        if weighed.broken and not math.isnan(stock):
            balance.inside = stock
        balance.came_in = max(0.0, balance.came_in + gained)
        if gained or lost:
            balance.lately.append((ts, gained, lost))
        while balance.lately and balance.lately[0][0] < ts - _LATELY:
            del balance.lately[0]
        balance.ts = ts

    def judge(self, now: int) -> None:
        """Opens a case for each deadline missed, and ends it once the tonnes are out."""
        members = self._tracker.members(FAMILY[TYPE])
        for row, (station, balance) in enumerate(zip(self._stations, self._balances, strict=True)):
            case = members.get(station.id)
            book, is_out = at(self._book, row), balance.ts > 0 and not self._is_late(row)
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
            if inside <= self._tolerance(row, came_in):
                continue
            shown = {
                "backlog_t": round(inside, 2),
                "inbound_t": round(came_in, 2),
                "deadline": to_rfc3339(deadline),
            }
            if case:
                self._tracker.tell(now, case, "not_cleared", shown)
                continue
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
        return Sight(FAULT if self._is_late(row) else SOUND, self._balances[row].ts)

    def _is_late(self, row: int) -> bool:
        """Whether any of what should have been out by the last deadline is still inside. What came
        in since is not late yet."""
        balance, book = self._balances[row], at(self._book, row)
        may_be_left = book.cleared_t + (0 if balance.scales.counted else book.stock_step_t)
        return balance.inside - balance.came_in > may_be_left

    def _tolerance(self, row: int, came_in: float) -> float:
        book = at(self._book, row)
        return max(book.tolerance_t, book.tolerance_share * came_in)

    def courses(self) -> list[Course]:
        """Each station's service day so far; of those that have weighed."""
        return [
            Course(
                station=station.id,
                ts=balance.ts,
                deadline=self._days[row].next(balance.ts),
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

    def _deadline_before(self, row: int, ts: int) -> int:
        """The last deadline at or before ``ts``, ms."""
        return self._days[row].start(self._days[row].of(ts))
