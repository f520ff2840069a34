"""What sound devices send: plausible numbers that agree with each other."""

import base64
from collections import defaultdict
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pytest

from facility.clock import HOUR, MINUTE
from facility.measurements import MEASUREMENTS, WAVEFORM, Kind
from simulators import models
from simulators.physics.reports import nominal, reports
from simulators.physics.world import create
from tests.simulators.sent import Sent, a_day_of_the_street, scenario, send, without_faults


@lru_cache(maxsize=1)
def sound_evening() -> Sent:
    """Four hours from an hour before dusk on, with nothing wrong."""
    return send(without_faults(scenario("street")), 4)


def test_every_field_is_in_its_range() -> None:
    seen = defaultdict(set)
    for reading in a_day_of_the_street().readings:
        table = MEASUREMENTS[reading.kind]
        for name, value in reading.fields.items():
            seen[reading.kind].add(name)
            if name in {"circuit", WAVEFORM}:
                continue
            measurement = table[name]
            if measurement.type == "bool":
                assert isinstance(value, bool)
            elif measurement.type == "choice":
                assert value in measurement.choices
            elif measurement.type == "flags":
                assert set(value) <= set(measurement.choices)
            else:
                assert measurement.low <= value <= measurement.high
    assert seen[Kind.COVER] >= {WAVEFORM}
    for kind in Kind:
        sent = {name for name in MEASUREMENTS[kind] if not name.startswith("burst_")}
        assert sent - seen[kind] <= {"faults"}


def test_a_burst_is_what_an_accelerometer_captures() -> None:
    bursts = [r for r in a_day_of_the_street().readings if WAVEFORM in r.fields]
    assert len(bursts) > 5
    for reading in bursts:
        assert reading.fields["hits"] > 0
        burst = reading.fields[WAVEFORM]
        counts = np.frombuffer(base64.b64decode(burst["samples"]), "<i2")
        peak = np.abs(counts).max() * burst["scale_g"]
        assert peak == pytest.approx(reading.fields["vib_peak_g"], rel=0.15)
        assert len(counts) / burst["rate_hz"] == pytest.approx(0.16)


def test_devices_report_at_their_interval() -> None:
    fleet = sound_evening().run.fleet
    for kind in Kind:
        for row in range(0, len(fleet.of_kind(kind)), 7):
            every = int(fleet.every[kind][row])
            times = [r.ts for r in sound_evening().of(fleet.of_kind(kind)[row].id)]
            gaps = np.diff(times)
            assert (np.abs(gaps - every) <= 0.05 * every + 1).all()


def test_a_report_knows_when_the_one_before_it_was() -> None:
    fleet = sound_evening().run.fleet
    start = sound_evening().run.start_ms // (15 * MINUTE) * 15 * MINUTE
    for kind in Kind:
        last = dict[int, int]()
        for window in range(8):
            due = reports(fleet, kind, start + window * 15 * MINUTE, 7)
            for row, ts, since in zip(
                due.rows.tolist(), due.ts.tolist(), due.since.tolist(), strict=True
            ):
                assert last.get(row, since) == since
                last[row] = ts


def test_report_times_do_not_depend_on_the_start() -> None:
    every, phase = np.array([300_000]), np.array([17_000])
    assert nominal(every, phase, 1_000_000).tolist() == [1_217_000]
    assert nominal(every, phase, 1_217_000).tolist() == [1_217_000]


def test_lamps_follow_their_plan() -> None:
    sent = sound_evening()
    schedule = sent.run.world.lamps.schedules[0]
    dusk = int(schedule.until(np.array([sent.run.start_ms]))[0])
    for row, lamp in enumerate(sent.run.fleet.streetlights):
        if "power_w" not in models.LAMPS[sent.run.fleet.lamp_model[row]].fields:
            continue
        assert lamp.rated_w
        for reading in sent.of(lamp.id):
            power = reading.fields["power_w"]
            if reading.ts < dusk:
                assert power < 1
                assert not reading.fields["on"]
            elif reading.ts > dusk + 7 * MINUTE:
                assert 0.3 * lamp.rated_w < power < 1.1 * lamp.rated_w
                assert reading.fields["on"]


def test_power_current_voltage_and_factor_agree() -> None:
    lit = [
        r.fields
        for r in sound_evening().readings
        if r.kind == "streetlight" and "power_factor" in r.fields and r.fields["power_w"] > 10
    ]
    assert len(lit) > 1000
    for fields in lit[::20]:
        apparent = fields["voltage_v"] * fields["current_a"] * fields["power_factor"]
        assert apparent == pytest.approx(fields["power_w"], rel=0.03)


def test_a_cabinet_draws_what_its_lamps_draw() -> None:
    sent = sound_evening()
    lamps = sent.run.world.lamps
    wiring = sent.run.fleet.wiring
    row_of = {name: code for code, name in enumerate(wiring.circuits)}
    checked = 0
    for reading in sent.readings:
        if reading.kind != "cabinet" or "circuit" not in reading.fields:
            continue
        if reading.ts < sent.run.start_ms + 80 * MINUTE:  # all switched on by then
            continue
        rows = np.flatnonzero(wiring.circuit == row_of[reading.fields["circuit"]])
        drawn = lamps.state(rows.astype(np.int32), np.full(len(rows), reading.ts), []).power_w.sum()
        assert reading.fields["power_w"] == pytest.approx(drawn, rel=0.04)
        checked += 1
        if checked == 200:
            break
    assert checked == 200


def test_a_cabinet_is_the_sum_of_its_circuits_and_little_more() -> None:
    wholes = dict[tuple[str, int], float]()
    parts = defaultdict[tuple[str, int], dict[str, float]](dict)
    for reading in sound_evening().readings:
        if reading.kind == "cabinet":
            key = reading.device, reading.ts
            if "circuit" in reading.fields:
                parts[key][reading.fields["circuit"]] = reading.fields["power_w"]
            else:
                wholes[key] = reading.fields["power_w"]
    assert parts
    for key, powers in parts.items():
        total = sum(powers.values())
        assert 0 < wholes[key] - total + 0.02 * total < 60 + 0.04 * total


def test_the_evening_begins_with_a_ramp() -> None:
    sent = sound_evening()
    dusk = int(sent.run.world.lamps.schedules[0].until(np.array([sent.run.start_ms]))[0])
    at = dusk // MINUTE * MINUTE
    by_minute = [
        float(sent.run.world.cabinets.circuit_power_w(at + k * MINUTE).sum()) for k in range(9)
    ]
    assert by_minute == sorted(by_minute)
    assert by_minute[0] < 0.1 * by_minute[-1] < by_minute[2] < 0.7 * by_minute[-1]
    assert by_minute[7] == pytest.approx(by_minute[8])


def test_counters_only_grow() -> None:
    last = dict[tuple[str, str, str], tuple[int, float]]()
    readings = sorted(a_day_of_the_street().readings, key=lambda r: r.ts)
    for reading in readings:
        for name, value in reading.fields.items():
            if name not in {"circuit", WAVEFORM} and MEASUREMENTS[reading.kind][name].counter:
                key = reading.device, reading.fields.get("circuit", ""), name
                before = last.get(key, (0, 0.0))
                assert value >= before[1]
                last[key] = reading.ts, value
    assert len(last) > 100


def test_energy_is_power_over_time() -> None:
    cabinet = sound_evening().run.fleet.cabinets[0].id
    readings = sound_evening().of(cabinet)
    counted = readings[-1].fields["energy_kwh"] - readings[0].fields["energy_kwh"]
    powers = np.array([r.fields["power_w"] for r in readings])
    times = np.array([r.ts for r in readings])
    assert counted == pytest.approx(np.trapezoid(powers, times) / HOUR / 1000, rel=0.05)


def test_traffic_makes_passes_and_few_of_them_hit() -> None:
    rates = defaultdict[str, list[float]](list)
    fleet = a_day_of_the_street().run.fleet
    normal = a_day_of_the_street().run.world.covers.normal
    class_of = {cover.id: cover.road_class or "" for cover in fleet.covers.assets}
    row_of = {cover.id: row for row, cover in enumerate(fleet.covers.assets)}
    passes, hits = defaultdict[str, int](int), defaultdict[str, int](int)
    for reading in a_day_of_the_street().readings:
        if "passes" in reading.fields:
            passes[reading.device] += reading.fields["passes"]
            hits[reading.device] += reading.fields["hits"]
            assert reading.fields["hits"] <= reading.fields["passes"]
    rattling = {f.members[0] for f in a_day_of_the_street().run.plan.faults if "rattle" in f.type}
    for device, count in passes.items():
        rates[class_of[device]].append(count / 24)
        if device not in rattling and count > 400:
            assert hits[device] / count == pytest.approx(normal[row_of[device]], abs=0.04)
    assert np.mean(rates["main"]) > 4 * np.mean(rates["pavement"])


def test_jinshui_clears_about_900_tonnes_and_is_empty_by_night() -> None:
    world = create(scenario("jinshui"))
    for day in range(3):
        lived = world.stations.day(date(2026, 9, 15) + timedelta(days=day))
        assert sum(station.inbound[-1] for station in lived) == pytest.approx(900, rel=0.06)
        for station, asset in zip(lived, world.fleet.stations, strict=True):
            cleared = asset.clear_by_ms // MINUTE - 25
            assert (station.stock[cleared:] < 0.2).all()
            assert (station.stock >= 0).all()
            assert station.stock.max() > 10


def test_sound_stations_smell_below_the_limits() -> None:
    fields = [r.fields for r in a_day_of_the_street().readings if r.kind == "station"]
    assert np.mean([f["h2s_mg_m3"] for f in fields]) < 0.04
    assert max(f["h2s_mg_m3"] for f in fields) < 0.06
    assert max(f["nh3_mg_m3"] for f in fields) < 1.5
    assert max(f.get("odour", 0) for f in fields) < 20
    assert max(f["leachate_pct"] for f in fields) < 70
    assert {f["compactor"] for f in fields} == {"idle", "run", "off"}
