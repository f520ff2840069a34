"""A running district: physics, faults and delivery, window after window, as messages in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR, MINUTE, SECOND
from facility.measurements import Kind
from facility.readings import Times
from simulators import encoder, models
from simulators.delivery import Delivery, Messages
from simulators.encoder import Columns, Encoder
from simulators.faults.effects import LastGasp
from simulators.faults.plan import Plan
from simulators.physics.reports import WINDOW, Reports, local_offset, reports, stream
from simulators.physics.world import create
from simulators.scenario import Scenario

QOS = 1
_PLANNED_AHEAD = 36 * HOUR
_KEPT_BEHIND = 2 * HOUR
_QUIET = ("vib_rms_g", "vib_peak_g", "kurtosis")
"""What a cover cannot say of no passes at all."""


class Run:
    """A scenario from ``start_ms`` on, without end; the same messages for the same start and seed.

    ``plan`` holds the faults and look-alikes that are known so far: at least those of the run's
    first days.
    """

    def __init__(self, scenario: Scenario, start_ms: int | None = None) -> None:
        self.scenario = scenario
        self.start_ms = scenario.start_ms if start_ms is None else start_ms
        self.world = create(scenario)
        self.fleet = self.world.fleet
        self.plan = Plan(self.world, self.start_ms)
        effects = self.world.effects
        area = scenario.district.area
        self._deliveries = {
            kind: Delivery(
                kind,
                scenario.seed,
                [
                    encoder.telemetry_topic(area, kind, asset.id)
                    for asset in self.fleet.of_kind(kind)
                ],
                self.fleet.every[kind],
                effects,
            )
            for kind in Kind
        }
        self._encoders = {
            kind: [Encoder.of(model) for model in sorts]
            for kind, sorts in (
                (Kind.STREETLIGHT, models.LAMPS),
                (Kind.CABINET, models.CABINETS),
                (Kind.COVER, models.COVERS),
                (Kind.STATION, models.STATIONS),
            )
        }
        self._quiet_covers = [Encoder.of(model, *_QUIET) for model in models.COVERS]
        self._circuits = [
            Encoder(("circuit", *model.fields), model.ts) for model in models.CABINETS
        ]
        self._pending = Messages()

    def windows(self) -> Iterator[tuple[int, Messages]]:
        """(until, messages that arrived before it and after the last one), without end.

        Messages stand in order of arrival; a window is a quarter of an hour.
        """
        window = self.start_ms // WINDOW * WINDOW
        self._announce()
        while True:
            self.plan.extend(window + _PLANNED_AHEAD)
            self._pending.extend(self._gasps(window))
            for kind in Kind:
                self._pending.extend(self._window(kind, window))
            order = np.argsort(np.array(self._pending.arrived), kind="stable")
            ready = int(np.searchsorted(np.array(self._pending.arrived)[order], window + WINDOW))
            yield window + WINDOW, self._pending.take(order[:ready].tolist())
            self._pending = self._pending.take(order[ready:].tolist())
            self.world.effects.forget(window - _KEPT_BEHIND)
            window += WINDOW

    def _window(self, kind: Kind, window: int) -> Messages:
        """The messages of a kind's reports in a window."""
        due = reports(self.fleet, kind, window, self.scenario.seed)
        # A run may begin inside a window.
        chosen = np.flatnonzero(due.ts >= self.start_ms)
        due = Reports(due.rows[chosen], due.ts[chosen], due.turn[chosen], due.since[chosen])
        if not len(due):
            return self._deliveries[kind].carry(window, due.rows, due.ts, [])
        offset = local_offset(self.scenario.zone, window)
        payloads = self._payloads(kind, window, due, offset)
        return self._deliveries[kind].carry(window, due.rows, due.ts, payloads)

    def _payloads(self, kind: Kind, window: int, due: Reports, offset: int) -> list[str]:
        model = self.fleet.model(kind)[due.rows]
        encoders = self._encoders[kind]
        match kind:
            case Kind.STREETLIGHT:
                return _by_model(
                    encoders, model, due.ts, self.world.lamps.columns(due, window), offset
                )
            case Kind.STATION:
                columns = self.world.stations.columns(due, window)
                return _by_model(encoders, model, due.ts, columns, offset)
            case Kind.COVER:
                columns = self.world.covers.columns(due, window)
                quiet = columns["passes"] == 0
                return _by_model(
                    [*encoders, *self._quiet_covers],
                    model + len(encoders) * quiet,
                    due.ts,
                    columns,
                    offset,
                )
            case Kind.CABINET:
                return self._cabinet_payloads(window, due, model, offset)

    def _cabinet_payloads(
        self, window: int, due: Reports, model: NDArray[Any], offset: int
    ) -> list[str]:
        found = self.world.cabinets.columns(due, window)
        whole = _by_model(self._encoders[Kind.CABINET], model, due.ts, found.whole, offset)
        names = np.array(self.fleet.wiring.circuits, dtype=object)
        parts = _by_model(
            self._circuits,
            model[found.report],
            due.ts[found.report],
            {**found.parts, "circuit": names[found.circuit]},
            offset,
        )
        first = np.searchsorted(found.report, np.arange(len(due) + 1)).tolist()
        by_circuit = [models.CABINETS[code].by_circuit for code in model.tolist()]
        return [
            encoder.array_of([text, *parts[first[k] : first[k + 1]]]) if by_circuit[k] else text
            for k, text in enumerate(whole)
        ]

    def _announce(self) -> None:
        """Devices with a session of their own say that they are there."""
        rng = stream(self.scenario.seed, 30, self.start_ms)
        for kind, sorts in (
            (Kind.STREETLIGHT, models.LAMPS),
            (Kind.CABINET, models.CABINETS),
            (Kind.COVER, models.COVERS),
            (Kind.STATION, models.STATIONS),
        ):
            direct = np.array([model.direct for model in sorts])[self.fleet.model(kind)]
            for row in np.flatnonzero(direct).tolist():
                at = self.start_ms + int(rng.integers(0, MINUTE))
                self._tell(self._pending, LastGasp(kind, row, at, "online", None))

    def _gasps(self, window: int) -> Messages:
        messages = Messages()
        for gasp in self.plan.gasps_between(window, window + WINDOW):
            if gasp.at >= self.start_ms:
                self._tell(messages, gasp)
        return messages

    def _tell(self, messages: Messages, gasp: LastGasp) -> None:
        device = self.fleet.of_kind(gasp.kind)[gasp.row].id
        topic = encoder.status_topic(self.scenario.district.area, gasp.kind, device)
        payload = encoder.status(gasp.at, gasp.state, gasp.reason)
        messages.add(gasp.at + SECOND // 2, topic, payload, retained=True)


def _by_model(
    encoders: list[Encoder], model: NDArray[Any], ts: Times, columns: Columns, offset: int
) -> list[str]:
    """The payload of each reading (n,), written by the encoder of its model."""
    payloads = np.empty(len(ts), dtype=object)
    for code, encode in enumerate(encoders):
        rows = np.flatnonzero(model == code)
        if len(rows):
            payloads[rows] = encode.encode(ts, columns, offset, rows)
    texts: list[str] = payloads.tolist()
    return texts


def messages(run: Run, until_ms: int) -> Iterator[tuple[int, str, bytes, int, bool]]:
    """(arrival ms, topic, payload, QoS, retain) of a run, in order, until before ``until_ms``."""
    for until, window in run.windows():
        for at, topic, payload, retained in zip(
            window.arrived, window.topics, window.payloads, window.retained, strict=True
        ):
            if at >= until_ms:
                return
            yield at, topic, payload.encode(), QOS, retained
        if until >= until_ms:
            return
