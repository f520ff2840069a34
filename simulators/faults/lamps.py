"""Faults of lamps, segments and circuits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from facility.clock import SECOND
from facility.lighting import Schedule
from facility.measurements import Kind
from facility.readings import Codes
from simulators import models
from simulators.faults.draw import Draw, rows_of
from simulators.faults.effects import Effect, Fault, What
from simulators.physics.world import World
from simulators.sorts import FaultSort

UNLIT = "streetlight.unlit"
SEGMENT_UNLIT = "streetlight.segment_unlit"
DAY_BURNING = "streetlight.day_burning"
DEGRADED = "streetlight.degraded"
LAMPS_LOST = "cabinet.lamps_lost"

_LOST_AFTER_H = 2.0
"""A cabinet's fall shows against the evening that came before it."""


def lamp_dead(draw: Draw) -> Fault | None:
    """One lamp gives no light; its relay is closed."""
    return _one_lamp(draw, UNLIT, What.DEAD, 0.0, "lamp", _metered(draw.world))


def lamp_burning(draw: Draw) -> Fault | None:
    """One lamp's relay is stuck closed."""
    metered = _metered(draw.world)
    return _one_lamp(draw, DAY_BURNING, What.STUCK_ON, 0.0, "relay stuck", metered, lit=False)


def lamp_weak(draw: Draw) -> Fault | None:
    """One lamp draws far less than its level asks for."""
    size = draw.uniform(0.3, 0.48)
    dims = _of_models(draw.world, models.FULL, models.NB_IOT)
    return _one_lamp(draw, DEGRADED, What.WEAK, size, "weak", dims)


def lamp_cycling(draw: Draw) -> Fault | None:
    """One lamp goes out and comes back, out no longer than one report at a time."""
    period = 2.0 * draw.world.scenario.report_every_s.streetlight * SECOND
    dims = _of_models(draw.world, models.FULL)
    return _one_lamp(draw, DEGRADED, What.CYCLING, period, "cycling", dims)


def lamp_poor_factor(draw: Draw) -> Fault | None:
    """The capacitor of one lamp's control gear is gone."""
    factor = draw.uniform(0.45, 0.6)
    full = _of_models(draw.world, models.FULL)
    return _one_lamp(draw, DEGRADED, What.POOR_FACTOR, factor, "poor power factor", full)


def segment_dark(draw: Draw) -> Fault | None:
    """The cable of one segment has failed; its controllers live on their batteries."""
    return _stretch_dark(draw, lambda rows: rows, "cable")


def neighbours_dark(draw: Draw) -> Fault | None:
    """The cable has failed some lamps before a segment's end."""
    count = int(draw.rng.integers(3, 7))
    return _stretch_dark(draw, lambda rows: rows[-count:], "cable, last lamps")


def circuit_dark(draw: Draw) -> Fault | None:
    """A circuit that feeds several segments has failed."""
    circuit = _circuit(draw, _battery(draw.world), several=True)
    if circuit is None:
        return None
    rows = lamps_of_circuit(draw.world, circuit)
    subject = f"circuit:{draw.world.fleet.wiring.circuits[circuit]}"
    return _dark(draw, circuit, rows, subject, "circuit")


def segment_burning(draw: Draw) -> Fault | None:
    """The switching of a circuit that is one segment is stuck."""
    return _burning(draw, several=False)


def circuit_burning(draw: Draw) -> Fault | None:
    """The switching of a circuit of several segments is stuck."""
    return _burning(draw, several=True)


def lamps_lost(draw: Draw) -> Fault | None:
    """Lamps die whose controllers cannot tell; only the cabinet sees it."""
    world = draw.world
    by_circuit = np.array([model.by_circuit for model in models.CABINETS])
    shows = by_circuit[world.fleet.cabinet_model][world.fleet.wiring.cabinet_of]
    lamps = _of_models(world, models.RELAY) & shows[world.fleet.wiring.circuit]
    circuit = _circuit(draw, lamps, several=None)
    if circuit is None:
        return None
    rows = lamps_of_circuit(world, circuit)
    span = draw.while_planned(_schedule(world, int(rows[0])), lit=True, since_h=_LOST_AFTER_H)
    if span is None:
        return None
    dead = np.sort(draw.rng.choice(rows, size=min(len(rows), 4), replace=False))
    name = world.fleet.wiring.circuits[circuit]
    draw.hold([name], span.end)
    cabinet = world.fleet.cabinets[world.fleet.wiring.cabinet_of[circuit]].id
    return Fault(
        FaultSort.LAMPS_LOST,
        LAMPS_LOST,
        f"circuit:{name}",
        (cabinet,),
        span.start,
        span.visible,
        span.end,
        "lamps without meters",
        (Effect(Kind.STREETLIGHT, What.DEAD, dead, span.start, span.end),),
    )


def lamps_of_circuit(world: World, circuit: int) -> Codes:
    """The rows of a circuit's lamps."""
    return np.flatnonzero(world.fleet.wiring.circuit == circuit).astype(np.int32)


def loses_power(world: World, circuit: int) -> tuple[tuple[str, str], ...]:
    """The case that lost lamps of a circuit may become at its cabinet."""
    wiring = world.fleet.wiring
    cabinet = int(wiring.cabinet_of[circuit])
    if models.CABINETS[world.fleet.cabinet_model[cabinet]].by_circuit:
        return ((LAMPS_LOST, f"circuit:{wiring.circuits[circuit]}"),)
    return ((LAMPS_LOST, f"cabinet:{wiring.cabinets[cabinet]}"),)


def _one_lamp(
    draw: Draw,
    of_type: str,
    what: What,
    size: float,
    cause: str,
    lamps: NDArray[np.bool_],
    lit: bool = True,
) -> Fault | None:
    world, wiring = draw.world, draw.world.fleet.wiring
    row = draw.choose(
        np.flatnonzero(lamps).tolist(),
        lambda item: f"streetlight:{world.fleet.streetlights[item].id}",
        lambda item: [wiring.circuits[wiring.circuit[item]]],
    )
    span = None if row is None else draw.while_planned(_schedule(world, row), lit)
    if row is None or span is None:
        return None
    circuit = int(wiring.circuit[row])
    draw.hold([wiring.circuits[circuit]], span.end)
    lamp = world.fleet.streetlights[row].id
    return Fault(
        draw.sort,
        of_type,
        f"streetlight:{lamp}",
        (lamp,),
        span.start,
        span.visible,
        span.end,
        cause,
        (Effect(Kind.STREETLIGHT, what, rows_of(row), span.start, span.end, size),),
        loses_power(world, circuit) if what in {What.DEAD, What.WEAK} else (),
    )


def _stretch_dark(draw: Draw, part: Callable[[Codes], Codes], cause: str) -> Fault | None:
    """Lamps of one segment lose their supply: those that ``part`` takes of it, in order."""
    world, wiring = draw.world, draw.world.fleet.wiring
    usable = _battery(world)
    segments = [
        segment
        for segment in range(len(wiring.segments))
        if _uniform(world, rows := _lamps_of_segment(world, segment))
        and usable[rows].all()
        and len(rows) > 8
    ]
    circuit_of = wiring.circuit[np.searchsorted(wiring.segment, np.arange(len(wiring.segments)))]
    segment = draw.choose(
        segments,
        lambda item: f"segment:{wiring.segments[item]}",
        lambda item: [wiring.circuits[circuit_of[item]]],
    )
    if segment is None:
        return None
    rows = _lamps_of_segment(world, segment)
    subject = f"segment:{wiring.segments[segment]}"
    return _dark(draw, int(circuit_of[segment]), part(rows), subject, cause)


def _dark(draw: Draw, circuit: int, rows: Codes, subject: str, cause: str) -> Fault | None:
    world = draw.world
    span = draw.while_planned(_schedule(world, int(rows[0])), lit=True)
    if span is None:
        return None
    draw.hold([world.fleet.wiring.circuits[circuit]], span.end)
    return Fault(
        draw.sort,
        SEGMENT_UNLIT,
        subject,
        _ids(world, rows),
        span.start,
        span.visible,
        span.end,
        cause,
        (Effect(Kind.STREETLIGHT, What.NO_SUPPLY, rows, span.start, span.end),),
        loses_power(world, circuit),
    )


def _burning(draw: Draw, several: bool) -> Fault | None:
    world = draw.world
    circuit = _circuit(draw, _metered(world), several)
    if circuit is None:
        return None
    rows = lamps_of_circuit(world, circuit)
    span = draw.while_planned(_schedule(world, int(rows[0])), lit=False)
    if span is None:
        return None
    wiring = world.fleet.wiring
    draw.hold([wiring.circuits[circuit]], span.end)
    segment = wiring.segments[wiring.segment[rows[0]]]
    subject = f"circuit:{wiring.circuits[circuit]}" if several else f"segment:{segment}"
    return Fault(
        draw.sort,
        DAY_BURNING,
        subject,
        _ids(world, rows),
        span.start,
        span.visible,
        span.end,
        "switching stuck",
        (Effect(Kind.STREETLIGHT, What.STUCK_ON, rows, span.start, span.end),),
    )


def _circuit(draw: Draw, lamps: NDArray[np.bool_], several: bool | None) -> int | None:
    """A circuit all of whose lamps are among ``lamps`` and have one plan.

    ``several``: whether it feeds more than one segment; None where that is all the same.
    """
    world, wiring = draw.world, draw.world.fleet.wiring
    fitting = []
    for circuit in range(len(wiring.circuits)):
        rows = lamps_of_circuit(world, circuit)
        segments = len(np.unique(wiring.segment[rows]))
        if several is not None and (segments > 1) is not several:
            continue
        if lamps[rows].all() and _uniform(world, rows) and len(rows) > 4:
            fitting.append(circuit)
    return draw.choose(
        fitting,
        lambda item: f"circuit:{wiring.circuits[item]}",
        lambda item: [wiring.circuits[item]],
    )


def _of_models(world: World, *wanted: int) -> NDArray[np.bool_]:
    return np.isin(world.fleet.lamp_model, wanted)


def _metered(world: World) -> NDArray[np.bool_]:
    """Lamps that can be seen dark."""
    return np.array([model.metered for model in models.LAMPS])[world.fleet.lamp_model]


def _battery(world: World) -> NDArray[np.bool_]:
    """Lamps that can be seen dark when their supply is gone."""
    alive = np.array([model.metered and model.battery for model in models.LAMPS])
    return np.asarray(alive[world.fleet.lamp_model])


def _lamps_of_segment(world: World, segment: int) -> Codes:
    return np.flatnonzero(world.fleet.wiring.segment == segment).astype(np.int32)


def _uniform(world: World, rows: Codes) -> bool:
    """Whether the lamps have one lighting plan."""
    half = world.fleet.wiring.half_night[rows]
    return bool(half.all() or not half.any())


def _schedule(world: World, row: int) -> Schedule:
    return world.lamps.schedules[int(world.fleet.wiring.half_night[row])]


def _ids(world: World, rows: Codes) -> tuple[str, ...]:
    return tuple(world.fleet.streetlights[row].id for row in rows)
