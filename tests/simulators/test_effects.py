"""What each effect does to readings: worlds in which one thing is wrong."""

import numpy as np
import pytest

from facility.clock import HOUR, MINUTE
from facility.measurements import Kind
from simulators.faults.draw import rows_of
from simulators.faults.effects import Effect, What
from simulators.physics.covers import Covers
from simulators.physics.lamps import Lamps
from simulators.physics.reports import WINDOW, reports
from simulators.physics.stations import Stations
from simulators.physics.world import World, create
from tests.simulators.sent import scenario, without_faults

Fields = dict[str, list[float]]


def world() -> World:
    return create(without_faults(scenario("street")))


def watch(
    made: World, kind: Kind, row: int, from_h: float, hours: float
) -> tuple[list[int], Fields]:
    """(times, fields) of a device's reports, ``from_h`` hours after the scenario's start."""
    start = (made.scenario.start_ms + round(from_h * HOUR)) // WINDOW * WINDOW
    physics: dict[Kind, Lamps | Covers | Stations] = {
        Kind.STREETLIGHT: made.lamps,
        Kind.COVER: made.covers,
        Kind.STATION: made.stations,
    }
    times: list[int] = []
    fields: Fields = {}
    for window in range(round(hours * HOUR / WINDOW)):
        due = reports(made.fleet, kind, start + window * WINDOW, made.scenario.seed)
        columns = physics[kind].columns(due, start + window * WINDOW)
        mine = np.flatnonzero(due.rows == row)
        times += due.ts[mine].tolist()
        for name, column in columns.items():
            fields.setdefault(name, []).extend(column[mine].tolist())
    return times, fields


def effect(made: World, kind: Kind, what: What, size: float = 0.0, row: int = 0) -> Effect:
    """Something that is wrong with a device from the fifth to the eighth hour: by night."""
    start = made.scenario.start_ms + 5 * HOUR
    found = Effect(kind, what, rows_of(row), start, start + 3 * HOUR, size)
    made.effects.add([found])
    return found


def test_a_weak_lamp_draws_its_share() -> None:
    weak, sound = world(), world()
    effect(weak, Kind.STREETLIGHT, What.WEAK, 0.4)
    power = [np.mean(watch(w, Kind.STREETLIGHT, 0, 6, 1)[1]["power_w"]) for w in (weak, sound)]
    assert power[0] == pytest.approx(0.4 * power[1], rel=0.03)


def test_a_cycling_lamp_is_dark_for_one_report_at_a_time() -> None:
    made = world()
    effect(made, Kind.STREETLIGHT, What.CYCLING, 10 * MINUTE)
    dark = [power < 2 for power in watch(made, Kind.STREETLIGHT, 0, 5.25, 2)[1]["power_w"]]
    assert 0.35 < np.mean(dark) < 0.65
    runs = "".join("d" if d else "l" for d in dark).replace("l", " ").split()
    assert max(len(run) for run in runs) <= 2


def test_a_poor_factor_raises_the_current() -> None:
    poor, sound = world(), world()
    effect(poor, Kind.STREETLIGHT, What.POOR_FACTOR, 0.5)
    amps = [np.mean(watch(w, Kind.STREETLIGHT, 0, 6, 1)[1]["current_a"]) for w in (poor, sound)]
    assert amps[0] > 1.7 * amps[1]


def test_a_lamp_that_is_stuck_burns_by_day() -> None:
    made = world()
    start = made.scenario.start_ms - HOUR
    made.effects.add([Effect(Kind.STREETLIGHT, What.STUCK_ON, rows_of(0), start, start + 3 * HOUR)])
    burning, beside = (watch(made, Kind.STREETLIGHT, row, -0.5, 1)[1]["power_w"] for row in (0, 1))
    assert min(burning) > 20
    assert max(beside) < 1


def test_a_replaced_meter_begins_at_zero() -> None:
    made = world()
    replaced = effect(made, Kind.STREETLIGHT, What.METER_REPLACED)
    times, fields = watch(made, Kind.STREETLIGHT, 0, 4, 3)
    energy = fields["energy_kwh"]
    first = next(k for k, ts in enumerate(times) if ts >= replaced.start)
    assert energy[first - 1] > 10
    assert energy[first] < 0.1
    assert energy[first:] == sorted(energy[first:])


def test_replaced_scales_begin_at_zero_and_count_on() -> None:
    made = world()
    replaced = effect(made, Kind.STATION, What.METER_REPLACED)
    times, fields = watch(made, Kind.STATION, 0, 1, 24)
    first = next(k for k, ts in enumerate(times) if ts >= replaced.start)
    for name in ("inbound_t", "outbound_t"):
        counted = fields[name]
        assert counted[first] == 0
        assert counted[:first] == sorted(counted[:first])
        assert counted[first:] == sorted(counted[first:])
        assert counted[-1] > 5


def test_a_lorry_tilts_a_cover_for_one_reading() -> None:
    made = world()
    every, phase = (int(column[Kind.COVER][0]) for column in (made.fleet.every, made.fleet.phase))
    start = phase - (phase - made.scenario.start_ms) // every * every + 6 * every
    made.effects.add([Effect(Kind.COVER, What.TILTED, rows_of(0), start, start + every // 2, 40.0)])
    tilts = watch(made, Kind.COVER, 0, 0, 5)[1]["tilt_deg"]
    assert len([tilt for tilt in tilts if tilt > 15]) == 1


def test_water_rises_over_the_limit_and_stays_below_it_in_rain() -> None:
    made = world()
    effect(made, Kind.COVER, What.WATER_RISES, 0.05)
    effect(made, Kind.COVER, What.WATER_RISES, -0.55, row=1)
    flooded, wet = (watch(made, Kind.COVER, row, 4, 5)[1]["water_m"] for row in (0, 1))
    assert flooded[0] < -1
    assert -0.2 < max(flooded) < 0.15
    assert flooded[-1] < -1
    assert -0.8 < max(wet) < -0.5


def test_a_detour_multiplies_passes_and_not_the_share_that_hits() -> None:
    busy, calm = world(), world()
    effect(busy, Kind.COVER, What.TRAFFIC, 4.0)
    found = [watch(made, Kind.COVER, 0, 5.5, 2)[1] for made in (busy, calm)]
    passes = [sum(fields["passes"]) for fields in found]
    assert passes[0] == pytest.approx(4 * passes[1], rel=0.35)
    shares = [sum(fields["hits"]) / sum(fields["passes"]) for fields in found]
    assert shares[0] == pytest.approx(shares[1], abs=0.08)


def test_gas_goes_over_the_workers_limit_and_an_odour_over_the_boundary() -> None:
    made = world()
    effect(made, Kind.STATION, What.GAS, 20.0)
    effect(made, Kind.STATION, What.ODOUR, 8.0, row=1)
    gas, odour = (watch(made, Kind.STATION, row, 5, 3)[1]["h2s_mg_m3"] for row in (0, 1))
    assert 18 < max(gas) < 21
    assert 0.06 < np.mean(odour) < 1


def test_without_its_pump_a_tank_fills() -> None:
    made = world()
    effect(made, Kind.STATION, What.NO_PUMP, 30.0)
    level = watch(made, Kind.STATION, 0, 5.25, 2.5)[1]["leachate_pct"]
    assert level[-1] > level[0] + 30
    assert max(level) <= 98


@pytest.mark.parametrize(
    ("what", "size", "field", "value"),
    [
        (What.COMPACTOR_FAULT, 0.0, "compactor", "fault"),
        (What.EMERGENCY_STOP, 0.0, "estop", True),
        (What.FIRE, 0.0, "fire", True),
        (What.OVERHEATED, 118.0, "motor_temp_c", pytest.approx(118, abs=5)),
        (What.OVERPRESSURE, 31.0, "hydraulic_mpa", pytest.approx(31, abs=2)),
    ],
)
def test_equipment_says_what_is_wrong(what: What, size: float, field: str, value: object) -> None:
    made = world()
    effect(made, Kind.STATION, what, size)
    wrong = watch(made, Kind.STATION, 0, 6, 1)[1][field]
    sound = watch(made, Kind.STATION, 1, 6, 1)[1][field]
    assert all(item == value for item in wrong)
    assert not any(item == value for item in sound)


def test_a_dead_circuit_shows_at_its_cabinet() -> None:
    made = world()
    rows = np.flatnonzero(made.fleet.wiring.circuit == 0).astype(np.int32)
    at = made.scenario.start_ms + 4 * HOUR
    before = made.cabinets.circuit_power_w(at)
    made.effects.add([Effect(Kind.STREETLIGHT, What.NO_SUPPLY, rows, at, at + HOUR)])
    after = made.cabinets.circuit_power_w(at)
    assert before[0] > 500
    assert after[0] == 0
    assert (after[1:] == before[1:]).all()
