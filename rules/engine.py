"""The engine: readings in, case events out, driven by a clock that is an argument.

Event time decides, arrival time drives: :meth:`Engine.take` hands it readings in the order they
arrived and lets it take stock at every full minute they pass; :meth:`Engine.advance` does the same
where time passes without readings. Live, replay and tests are this one path, and the same input
gives the same events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol

import numpy as np

from cases.events import CaseEvent
from facility.bus import KindState
from facility.clock import HOUR, MINUTE
from facility.grid import Grid
from facility.inventory import Inventory
from facility.lighting import LightingPlan
from facility.measurements import STATUS, Kind
from facility.readings import Codes, ReadingBatch, split_series
from rules.book.overrides import over
from rules.book.rulebook import Rulebook
from rules.book.scope import cells_of
from rules.book.suppression import Suppression
from rules.cabinets.lamps_lost import LampsLostDetector
from rules.covers import bursts
from rules.covers.displaced import DisplacedDetector
from rules.covers.flooding import FloodingDetector
from rules.covers.rattle import RattleDetector
from rules.daybook import Daybook
from rules.fleet import Fleet, Mask, by_row
from rules.lamps.day_burning import day_burning_detector
from rules.lamps.degraded import DegradedDetector
from rules.lamps.state import Lamps
from rules.lamps.unlit import unlit_detector
from rules.proofs import proofs
from rules.sight import Look, Sight
from rules.silence import SilenceDetector
from rules.snapshot import Part, freeze, thaw
from rules.states import held_of
from rules.stations.backlog import BacklogDetector
from rules.stations.equipment import EquipmentDetector
from rules.stations.gas_hazard import GasHazardDetector
from rules.stations.leachate import LeachateDetector
from rules.stations.odour import OdourDetector
from rules.tracker import Tracker
from rules.verification import Verification

TICK = MINUTE
"""How often stock is taken, at full minutes of the engine's time."""

WARM: dict[str, int] = {
    Kind.STREETLIGHT: 2 * HOUR,
    Kind.CABINET: 2 * HOUR,
    Kind.COVER: 24 * HOUR,
    Kind.STATION: 50 * HOUR,
    STATUS: 2 * HOUR,
}
"""How far back each detector's state reaches (ms): a cover's normal, a station's service day."""

LOOKED_AT: dict[str, tuple[str, ...]] = {
    Kind.STREETLIGHT: (
        *("on", "dim_pct", "power_w", "voltage_v", "current_a", "power_factor", "lux", "faults"),
    ),
    Kind.CABINET: ("power_w", "contactor"),
    Kind.COVER: (
        *("tilt_deg", "passes", "hits", "vib_rms_g", "vib_peak_g", "kurtosis", "water_m"),
        *bursts.FIELDS,
    ),
    Kind.STATION: (
        *("inbound_t", "outbound_t", "stock_t", "leachate_pct", "h2s_mg_m3", "nh3_mg_m3", "odour"),
        *("compactor", "motor_temp_c", "hydraulic_mpa", "fire", "estop"),
    ),
    STATUS: ("state", "reason"),
}
"""The fields that detectors look at, by table: the others need not be read from a store."""


class Detector(Protocol):
    """A rule over the devices of one kind. What it finds it tells the tracker."""

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` (n,) are its devices, as positions in their kind."""
        ...

    def judge(self, now: int) -> None:
        """Takes stock at ``now`` (ms)."""
        ...


class Prompt(Protocol):
    """A detector some of whose cases do not wait until stock is taken."""

    def report(self) -> None:
        """Opens the cases of the readings taken in, each at the moment it arrived."""
        ...

    def forget(self) -> None:
        """Lets the readings taken in be history."""
        ...


class Engine:
    """Every detector over one inventory and one rulebook; its scopes may name cells of ``grid``.

    A ``live`` one has a desk, whose cases people close: it says which recoveries held and which
    repairs were none, waits with what recovered until it hears that it was closed, and keeps the
    daybook.
    """

    PLAIN: ClassVar[dict[str, Any]] = {
        "now": int,
        "readings": int,
        "unknown_devices": int,
        "late_readings": int,
    }

    def __init__(
        self,
        inventory: Inventory,
        plans: dict[str, LightingPlan],
        timezone: str,
        book: Rulebook,
        grid: Grid | None = None,
        live: bool = False,
    ) -> None:
        cells = cells_of(grid or Grid())
        book = over(book, inventory, cells)
        self.suppression = Suppression(
            (*book.off, *book.schedule, *book.window), inventory, cells, timezone
        )
        self._late = book.cases.late
        self.tracker = Tracker(book.version, book.cases, waits=live, held=self.suppression.holds)
        self._fleet = Fleet(inventory)
        self._lamp_span = self._fleet.span(Kind.STREETLIGHT)
        self._lamps = Lamps(
            inventory.streetlights, self._fleet.every[self._lamp_span], plans, timezone, book.lamps
        )
        self._lamps.on_change = self._fleet.on_change[self._lamp_span]
        self._lamps.bundle = self._fleet.arrivals.bundle[self._lamp_span]
        self._unlit = unlit_detector(inventory, self._lamps, book, self.tracker)
        self._burning = day_burning_detector(inventory, self._lamps, book, self.tracker)
        self._degraded = DegradedDetector(inventory, self._lamps, book, self.tracker)
        cabinets = self._fleet.every[self._fleet.span(Kind.CABINET)]
        self._lamps_lost = LampsLostDetector(
            inventory, self._lamps, cabinets, timezone, book, self.tracker
        )
        self._unlit.contactor = self._burning.contactor = self._lamps_lost.contactor
        self._unlit.due = self._burning.due = partial(self._fleet.due, kind=Kind.STREETLIGHT)
        self._silence = SilenceDetector(inventory, self._fleet, book, self.tracker)
        covers = self._fleet.every[self._fleet.span(Kind.COVER)]
        stations = self._fleet.every[self._fleet.span(Kind.STATION)]
        displaced = DisplacedDetector(inventory, covers, book, self.tracker)
        rattle = RattleDetector(inventory, book, self.tracker)
        flooding = FloodingDetector(inventory, covers, book, self.tracker)
        gas = GasHazardDetector(inventory, stations, book, self.tracker)
        self._prompt: tuple[Prompt, ...] = (displaced, gas)
        odour = OdourDetector(inventory, stations, book, self.tracker)
        backlog = BacklogDetector(inventory, timezone, book, self.tracker)
        leachate = LeachateDetector(inventory, stations, book, self.tracker)
        equipment = EquipmentDetector(inventory, stations, book, self.tracker)
        self._detectors: dict[str, tuple[Detector, ...]] = {
            Kind.COVER: (displaced, rattle, flooding),
            Kind.STATION: (gas, odour, backlog, leachate, equipment),
        }
        looks: dict[str, Look] = {
            "unlit": self._unlit.sight,
            "burning": self._burning.sight,
            "degraded": self._degraded.sight,
            "lost": self._lamps_lost.sight,
            "silent": self._look_for_silence,
            "displaced": displaced.sight,
            "rattle": rattle.sight,
            "flooding": flooding.sight,
            "backlog": backlog.sight,
            "odour": odour.sight,
            "gas": gas.sight,
            "leachate": leachate.sight,
            "equipment": equipment.sight,
        }
        self._verification = (
            Verification(self.tracker, proofs(looks, book), self._fleet.interval, self._fleet.has)
            if live
            else None
        )
        self.daybook = (
            Daybook(inventory, grid or Grid(), timezone, book, self._fleet, self._lamps, backlog)
            if live
            else None
        )
        self.now = 0
        self.readings = 0
        self.unknown_devices = 0
        self.late_readings = 0

    def take(self, batches: Sequence[ReadingBatch]) -> list[CaseEvent]:
        """Readings, those of each batch in order of arrival; the events on the way."""
        if not batches:
            return []
        # A clock that was set back does not take the engine back.
        arrived = [np.maximum.accumulate(batch.arrived) for batch in batches]
        end = max(int(times[-1]) for times in arrived)
        if not self.now:
            first = min(int(times[0]) for times in arrived)
            self.now = first - first % TICK
            self.suppression.at(self.now)
        marks = [0] * len(batches)
        while self.now + TICK <= end:
            for i, batch in enumerate(batches):
                mark = int(np.searchsorted(arrived[i], self.now + TICK))
                if mark > marks[i]:
                    self._feed(batch, slice(marks[i], mark))
                    self._report()
                    marks[i] = mark
            self._judge(self.now + TICK)
        for batch, mark in zip(batches, marks, strict=True):
            if mark < len(batch):
                self._feed(batch, slice(mark, len(batch)))
                self._report()
        return self.tracker.drain()

    def advance(self, now: int) -> list[CaseEvent]:
        """Lets time pass up to ``now`` (ms), taking stock at every full minute."""
        if not self.now:
            self.now = now - now % TICK
        while self.now + TICK <= now:
            self._judge(self.now + TICK)
        return self.tracker.drain()

    def skip(self, to: int) -> None:
        """Lets time pass up to ``to`` (ms) without taking stock of it."""
        self.now = max(self.now, to - to % TICK)

    def warm(self, batch: ReadingBatch) -> None:
        """Takes in readings from before the start, without taking stock of them."""
        self._feed(batch, slice(0, len(batch)))
        for detector in self._prompt:
            detector.forget()

    def heed(self, event: str, case: str, at: int) -> None:
        """Takes note of what people did with a case, or the desk kept of it."""
        if self._verification:
            self._verification.heed(event, case, at)

    def freeze(self) -> bytes:
        """The state between two calls, for :meth:`thaw` in another run."""
        return freeze(self._parts(), self.tracker)

    def thaw(self, content: bytes) -> None:
        """Goes on from a state; this engine has taken nothing in yet. Raises snapshot.Damaged."""
        thaw(content, self._parts(), self.tracker)
        self._fleet.take_learned()

    def _parts(self) -> list[Part]:
        ids = self._fleet.ids
        lamps = ids[self._lamp_span]
        parts = [
            Part("engine", self, ()),
            Part("fleet", self._fleet, ids),
            Part("silence", self._silence, ids),
            Part("lamps", self._lamps, lamps),
            Part("degraded", self._degraded, lamps),
            Part("lamps_lost", self._lamps_lost, ()),
        ]
        if self._verification:
            parts.append(Part("verification", self._verification, ()))
        if self.daybook:
            parts += self.daybook.parts()
        for kind, detectors in self._detectors.items():
            rows = ids[self._fleet.span(Kind(kind))]
            parts += [Part(type(one).__name__, one, rows) for one in detectors]
        return parts

    def _feed(self, batch: ReadingBatch, span: slice) -> None:
        if span != slice(0, len(batch)):
            batch = batch.take(span)
        rows = self._fleet.rows(batch).astype(np.intp)
        installed = rows >= 0
        self.readings += len(batch)
        if not installed.all():
            self.unknown_devices += int((~installed).sum())
            batch, rows = batch.take(installed), rows[installed]
        if not len(batch):
            return
        # Neighbours in the inventory are neighbours in memory.
        order = by_row(rows)
        batch, rows = batch.take(order), rows[order]
        if batch.table == STATUS:
            self._silence.feed_status(rows, batch)
            return
        self._fleet.hear(rows, batch)
        late = batch.arrived - batch.ts > self._late
        if late.any():
            self.late_readings += int(late.sum())
            batch, rows = batch.take(~late), rows[~late]
            if not len(batch):
                return
        local: Codes = rows - self._fleet.span(Kind(batch.table)).start
        if self.daybook:
            self.daybook.feed(rows, batch)
        if batch.table == Kind.STREETLIGHT:
            seen = self._lamps.feed(local, batch)
            self._degraded.feed(local, batch, seen)
            if self.daybook:
                self.daybook.feed_lamps(local, batch, seen)
        if batch.table == Kind.CABINET:
            self._lamps_lost.feed(local, batch)
        for detector in self._detectors.get(batch.table, ()):
            detector.feed(local, batch)

    def _report(self) -> None:
        for detector in self._prompt:
            detector.report()

    def _judge(self, now: int) -> None:
        self.now = now
        self.suppression.at(now)
        silent = self._silence.silent(now)
        self._silence.judge(now, silent)
        self.tracker.unheard = partial(self._is_silent, silent)
        lamps_silent = silent[self._lamp_span]
        self._lamps.look(now)
        self._unlit.judge(now, lamps_silent, self._degraded.unsettled(now))
        self._burning.judge(now, lamps_silent)
        self._degraded.judge(now, lamps_silent)
        self._lamps_lost.judge(now, lamps_silent)
        for detectors in self._detectors.values():
            for detector in detectors:
                detector.judge(now)
        if self._verification:
            self._verification.judge(now)
        if self.daybook:
            self.daybook.judge(now, silent)

    def _look_for_silence(self, member: str) -> Sight:
        return self._silence.sight(self.now, self.tracker.unheard(member), member)

    def _is_silent(self, silent: Mask, member: str) -> bool:
        row = self._fleet.row_of.get(split_series(member)[0], -1)
        return row >= 0 and bool(silent[row])

    def states(self) -> Iterable[KindState]:
        """What is held of every asset at the engine's time."""
        silent = self._silence.silent(self.now)
        return held_of(self.now, self._fleet, self._lamps, silent, self.tracker)
