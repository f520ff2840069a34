"""Device models: which fields each sends, in which form, and how it is connected.

Real fleets are mixed: some lamps send current and voltage alone, some only a relay state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TimeForm = Literal["ms", "rfc3339"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """``fields`` in the order they are written; ``direct`` devices have a session of their own."""

    name: str
    fields: tuple[str, ...]
    ts: TimeForm = "ms"
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LampModel(Model):
    """``battery``: the controller goes on reporting when the lamp's supply is gone.

    ``metered``: a dead lamp can be told from a lit one by what the controller sends.
    """

    battery: bool = True
    metered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CabinetModel(Model):
    """``by_circuit``: a reading of each outgoing circuit too, all of them in one array."""

    by_circuit: bool = True


LAMPS = (
    LampModel(
        name="full",
        fields=(
            "on",
            "dim_pct",
            "power_w",
            "voltage_v",
            "current_a",
            "power_factor",
            "energy_kwh",
            "temp_c",
            "faults",
        ),
    ),
    LampModel(name="ammeter", fields=("current_a", "voltage_v")),
    LampModel(name="wattmeter", fields=("on", "power_w"), ts="rfc3339"),
    LampModel(
        name="nb-iot",
        fields=("on", "dim_pct", "power_w", "voltage_v", "energy_kwh", "lux"),
        direct=True,
        battery=False,
    ),
    LampModel(name="relay", fields=("on", "dim_pct"), metered=False),
)
FULL, AMMETER, WATTMETER, NB_IOT, RELAY = range(len(LAMPS))

LAMPS_BY_CABINET = (
    *(FULL, NB_IOT, AMMETER, RELAY, WATTMETER, FULL),
    *(FULL, NB_IOT, FULL, AMMETER, RELAY, WATTMETER),
)
"""All lamps of a cabinet were bought together; cabinets take turns through this list."""

_METER = ("power_w", "voltage_v", "current_a", "power_factor", "energy_kwh", "contactor")

CABINETS = (
    CabinetModel(name="concentrator", fields=(*_METER, "door_open", "leakage_ma"), direct=True),
    CabinetModel(name="meter", fields=("power_w", "energy_kwh", "contactor"), direct=True),
    CabinetModel(
        name="whole",
        fields=("power_w", "voltage_v", "current_a", "energy_kwh", "door_open"),
        ts="rfc3339",
        direct=True,
        by_circuit=False,
    ),
)
CABINETS_IN_TURN = (0, 1, 0, 1, 2)

_IMPACTS = ("passes", "hits", "vib_rms_g", "vib_peak_g", "kurtosis")

COVERS = (
    Model(name="acoustic", fields=("tilt_deg", *_IMPACTS, "battery_pct", "temp_c", "burst")),
    Model(name="counter", fields=("tilt_deg", "passes", "hits", "battery_pct"), direct=True),
    Model(name="level", fields=("tilt_deg", "water_m", "battery_pct"), ts="rfc3339"),
    Model(name="rms", fields=("tilt_deg", "passes", "hits", "vib_rms_g", "water_m")),
)
ACOUSTIC, COUNTER, LEVEL, RMS = range(len(COVERS))
ROAD_COVERS_IN_TURN = (ACOUSTIC, COUNTER, RMS, ACOUSTIC, LEVEL, RMS)
SMALL_COVERS_IN_TURN = (LEVEL, COUNTER, ACOUSTIC, LEVEL)

_SCALES = ("inbound_t", "outbound_t", "stock_t", "hopper_pct", "leachate_pct")
_GAS = ("h2s_mg_m3", "nh3_mg_m3")
_MACHINE = ("compactor", "motor_temp_c", "hydraulic_mpa", "fire", "estop")

STATIONS = (
    Model(name="full", fields=(*_SCALES, *_GAS, "odour", *_MACHINE), direct=True),
    Model(name="plain", fields=(*_SCALES, *_GAS, *_MACHINE), ts="rfc3339", direct=True),
)
STATIONS_IN_TURN = (0, 0, 1)
