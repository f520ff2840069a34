"""Devices, gateways and circuits from which nothing is heard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR, SECOND
from facility.measurements import Kind
from facility.readings import Codes
from simulators import models
from simulators.faults.covers import choose_cover
from simulators.faults.draw import Draw, rows_of
from simulators.faults.effects import Effect, Fault, LastGasp, What
from simulators.faults.lamps import lamps_of_circuit, loses_power
from simulators.faults.stations import choose_station

SILENT = "device.silent"
_MISSED = 3
_WILL_AFTER = 75 * SECOND
"""The broker publishes a will one and a half keep-alives after it last heard."""

_GASP_SHARE = 0.9


def lamp_silent(draw: Draw) -> Fault | None:
    """One lamp controller is gone."""
    world, wiring = draw.world, draw.world.fleet.wiring
    row = draw.choose(
        list(range(len(world.fleet.streetlights))),
        lambda item: f"streetlight:{world.fleet.streetlights[item].id}",
        lambda item: [wiring.circuits[wiring.circuit[item]]],
    )
    if row is None:
        return None
    circuit = wiring.circuits[wiring.circuit[row]]
    direct = models.LAMPS[world.fleet.lamp_model[row]].direct
    return _one(draw, Kind.STREETLIGHT, row, [circuit], "lost" if direct else None)


def cabinet_silent(draw: Draw) -> Fault | None:
    """One cabinet's modem is gone; its lamps go on."""
    cabinets = draw.world.fleet.cabinets
    row = draw.choose(
        list(range(len(cabinets))),
        lambda item: f"cabinet:{cabinets[item].id}",
        lambda item: [cabinets[item].id, *cabinets[item].circuits],
    )
    if row is None:
        return None
    held = [cabinets[row].id, *cabinets[row].circuits]
    return _one(draw, Kind.CABINET, row, held, "lost")


def cover_silent(draw: Draw) -> Fault | None:
    """One cover's battery is empty."""
    covers = draw.world.fleet.covers
    row = choose_cover(draw, np.ones(len(covers.assets), dtype=np.bool_))
    if row is None:
        return None
    direct = models.COVERS[covers.model[row]].direct
    reason = "low_battery" if direct else None
    return _one(draw, Kind.COVER, row, [covers.assets[row].id], reason)


def station_silent(draw: Draw) -> Fault | None:
    """One station's controller is switched off."""
    row = choose_station(draw)
    if row is None:
        return None
    station = draw.world.fleet.stations[row].id
    return _one(draw, Kind.STATION, row, [station], "shutdown")


def lamp_gateway_silent(draw: Draw) -> Fault | None:
    """A gateway of lamps is lost by night: they burn on, unheard."""
    wiring = draw.world.fleet.wiring
    schedule = draw.world.lamps.schedules[0]
    span = draw.while_planned(schedule, lit=True, since_h=0.5)
    if span is None:
        return None
    end = draw.repaired(span.start, 1, 3, draw.end - HOUR)
    chosen = _gateway(draw, Kind.STREETLIGHT)
    if chosen is None:
        return None
    name, rows = chosen
    circuits = [wiring.circuits[code] for code in np.unique(wiring.circuit[rows]).tolist()]
    draw.hold(circuits, end)
    return _group(draw, f"gateway:{name}", Kind.STREETLIGHT, rows, (span.start, end), "gateway")


def cover_gateway_silent(draw: Draw) -> Fault | None:
    """A gateway of covers is lost."""
    start = draw.at(draw.begin, draw.end - 5 * HOUR)
    chosen = _gateway(draw, Kind.COVER)
    if chosen is None or start is None:
        return None
    name, rows = chosen
    end = draw.repaired(start, 2.5, 5, draw.end - HOUR)
    draw.hold([draw.world.fleet.covers.assets[row].id for row in rows.tolist()], end)
    return _group(draw, f"gateway:{name}", Kind.COVER, rows, (start, end), "gateway")


def circuit_silent(draw: Draw) -> Fault | None:
    """A circuit trips whose controllers have no battery: last gasps, then nothing."""
    world, wiring = draw.world, draw.world.fleet.wiring
    alive = np.array([model.battery for model in models.LAMPS])
    lamps_alive = alive[wiring.model_of][wiring.cabinet_of]
    circuit = draw.choose(
        np.flatnonzero(~lamps_alive).tolist(),
        lambda item: f"circuit:{wiring.circuits[item]}",
        lambda item: [wiring.circuits[item]],
    )
    start = draw.at(draw.begin, draw.end - 2 * HOUR)
    if circuit is None or start is None:
        return None
    end = draw.repaired(start, 1, 4, draw.end - HOUR)
    draw.hold([wiring.circuits[circuit]], end)
    rows = lamps_of_circuit(world, circuit)
    return _group(
        draw,
        f"circuit:{wiring.circuits[circuit]}",
        Kind.STREETLIGHT,
        rows,
        (start, end),
        "power",
        effects=(
            Effect(Kind.STREETLIGHT, What.NO_SUPPLY, rows, start, end),
            Effect(Kind.CABINET, What.TRIPPED, rows_of(circuit), start, end),
        ),
        also=loses_power(world, circuit),
        gasps=_gasps(draw, rows, start, end),
    )


def _gasps(draw: Draw, rows: Codes, start: int, end: int) -> tuple[LastGasp, ...]:
    """What most of the lamps of a circuit manage to say, and that they are back."""
    said = draw.rng.random(len(rows)) < _GASP_SHARE
    wait = draw.rng.integers(50, 1500, len(rows))
    told = []
    for row, out, delay in zip(rows.tolist(), said.tolist(), wait.tolist(), strict=True):
        if out:
            told.append(LastGasp(Kind.STREETLIGHT, row, start + delay, "offline", "power_loss"))
        told.append(LastGasp(Kind.STREETLIGHT, row, end + 20 * delay, "online", None))
    return tuple(told)


def _gateway(draw: Draw, kind: Kind) -> tuple[str, Codes] | None:
    """A gateway of a kind behind which nothing else is wrong today, and the rows behind it."""
    wiring, covers = draw.world.fleet.wiring, draw.world.fleet.covers

    def holds(item: tuple[str, Codes]) -> list[str]:
        if kind is Kind.COVER:
            return [covers.assets[row].id for row in item[1].tolist()]
        return [wiring.circuits[code] for code in np.unique(wiring.circuit[item[1]]).tolist()]

    gateways = [
        (name, rows)
        for name, (of_kind, rows) in draw.world.fleet.gateways.items()
        if of_kind is kind and len(rows) > 1
    ]
    return draw.choose(gateways, lambda item: f"gateway:{item[0]}", holds)


def _one(draw: Draw, kind: Kind, row: int, held: list[str], reason: str | None) -> Fault | None:
    """One device is silent; ``reason`` is what its status says, None where it has none."""
    every = int(draw.world.fleet.every[kind][row])
    start = draw.at(draw.begin, draw.end - HOUR - 6 * every)
    if start is None:
        return None
    end = draw.repaired(start, 0.5 + 5 * every / HOUR, 5 + 5 * every / HOUR, draw.end - HOUR)
    draw.hold(held, end)
    gasps: tuple[LastGasp, ...] = ()
    if reason:
        said = start + (_WILL_AFTER if reason == "lost" else 0)
        gasps = (
            LastGasp(kind, row, said, "offline", reason),
            LastGasp(kind, row, end, "online", None),
        )
    device = draw.world.fleet.of_kind(kind)[row].id
    cause = reason or "radio"
    return _group(draw, f"{kind}:{device}", kind, rows_of(row), (start, end), cause, gasps=gasps)


def _group(
    draw: Draw,
    subject: str,
    kind: Kind,
    rows: NDArray[np.int32],
    times: tuple[int, int],
    cause: str,
    effects: tuple[Effect, ...] = (),
    also: tuple[tuple[str, str], ...] = (),
    gasps: tuple[LastGasp, ...] = (),
) -> Fault:
    """Devices that fall silent together. The third missed report may be due almost at once after
    two intervals: the first one missed was due right at the start."""
    start, end = times
    every = int(draw.world.fleet.every[kind][rows].min())
    assets = draw.world.fleet.of_kind(kind)
    return Fault(
        draw.sort,
        SILENT,
        subject,
        tuple(assets[row].id for row in rows.tolist()),
        start,
        start + (_MISSED - 1) * every,
        end,
        cause,
        (Effect(kind, What.SILENT, rows, start, end), *effects),
        also,
        gasps,
    )
