"""What can be measured: every field a device may send, with its unit and range, declared once.

Decoders, stores, rules, the API and the documentation all read this table. Inside, every value
is a float64 with NaN for "not given": a bool is 0 or 1, a choice its index in ``choices``, flags
a bit mask over ``choices``. :meth:`Measurement.to_public` turns it back into what the contract
shows.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """What a facility is; also the ``{kind}`` of its topic."""

    STREETLIGHT = "streetlight"
    CABINET = "cabinet"
    COVER = "cover"
    STATION = "station"


STATUS = "status"
"""The table of the ``status`` channel, beside one table a kind for ``telemetry``."""

WAVEFORM = "burst"
"""The field of a cover's telemetry that carries a captured waveform. What is measured of it are
the ``burst_…`` fields, worked out on arrival."""

PublicValue = bool | float | str | list[str] | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One field: its unit, its inclusive range, and how it is held as a number."""

    name: str
    unit: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    type: Literal["number", "bool", "choice", "flags"] = "number"
    counter: bool = False
    choices: tuple[str, ...] = ()

    def to_public(self, value: float) -> PublicValue:
        """The contract's form of a held number; None for NaN."""
        if math.isnan(value):
            return None
        match self.type:
            case "bool":
                return value != 0
            case "choice":
                return self.choices[int(value)]
            case "flags":
                bits = int(value)
                return [flag for i, flag in enumerate(self.choices) if bits >> i & 1]
        return value


def _number(
    name: str, unit: str, low: float, high: float, meaning: str, *, counter: bool = False
) -> Measurement:
    return Measurement(name, unit, meaning, low, high, counter=counter)


def _switch(name: str, meaning: str) -> Measurement:
    return Measurement(name, "", meaning, 0, 1, type="bool")


LAMP_FAULTS = (
    "lamp_failure",
    "gear_failure",
    "relay_failure",
    "supply_loss",
    "day_burner",
    "cycling",
    "leakage",
)
COMPACTOR_STATES = ("idle", "run", "fault", "off")
STATUS_STATES = ("offline", "online")
STATUS_REASONS = ("power_loss", "low_battery", "shutdown", "lost")

_INF = math.inf

_STREETLIGHT = (
    _switch("on", "what the controller says it does (relay closed)"),
    _number("dim_pct", "%", 0, 100, "commanded level"),
    _number("power_w", "W", 0, 5_000, "active power at the lamp"),
    _number("voltage_v", "V", 0, 500, "voltage at the lamp"),
    _number("current_a", "A", 0, 50, "current at the lamp"),
    _number("power_factor", "", 0, 1, "power factor at the lamp"),
    _number("energy_kwh", "kWh", 0, _INF, "energy counter", counter=True),
    _number("lux", "lx", 0, 200_000, "illuminance at the lamp"),
    _number("temp_c", "°C", -50, 120, "temperature in the luminaire"),
    Measurement(
        "faults",
        "",
        "what the controller itself reports",
        0,
        2 ** len(LAMP_FAULTS) - 1,
        type="flags",
        choices=LAMP_FAULTS,
    ),
)
_CABINET = (
    _number("power_w", "W", 0, 500_000, "active power of the circuit or cabinet"),
    _number("voltage_v", "V", 0, 500, "voltage"),
    _number("current_a", "A", 0, 1_000, "current"),
    _number("power_factor", "", 0, 1, "power factor"),
    _number("energy_kwh", "kWh", 0, _INF, "energy counter", counter=True),
    _switch("contactor", "the contactor is closed"),
    _switch("door_open", "the cabinet's door is open"),
    _number("leakage_ma", "mA", 0, 10_000, "earth leakage current"),
)
_COVER = (
    _number("tilt_deg", "°", 0, 180, "angle from the installed position"),
    _number("passes", "", 0, _INF, "wheels that went over it since the previous reading"),
    _number("hits", "", 0, _INF, "those that set off the impact threshold"),
    _number("vib_rms_g", "g", 0, 200, "RMS vibration over those passes"),
    _number("vib_peak_g", "g", 0, 400, "peak vibration over those passes"),
    _number("kurtosis", "", 0, _INF, "kurtosis of the vibration over those passes"),
    _number("water_m", "m", -50, 50, "water level below (−) or above (+) the cover"),
    _number("battery_pct", "%", 0, 100, "battery charge"),
    _number("temp_c", "°C", -50, 120, "temperature at the sensor"),
    _number("burst_rms_g", "g", 0, 200, "RMS of the captured waveform"),
    _number("burst_peak_g", "g", 0, 400, "peak of the captured waveform"),
    _number("burst_peak_over_mad", "", 0, _INF, "its peak over its median absolute deviation"),
    _number("burst_kurtosis", "", 0, _INF, "its kurtosis, 3 for Gaussian noise"),
    _number("burst_double_impacts", "", 0, _INF, "impacts in it that a second one followed"),
    _number("burst_band_hz", "Hz", 0, 1_000_000, "middle of its strongest third-octave band"),
)
_STATION = (
    _number("inbound_t", "t", 0, _INF, "total ever weighed in", counter=True),
    _number("outbound_t", "t", 0, _INF, "total ever weighed out", counter=True),
    _number("stock_t", "t", 0, _INF, "waste in the station"),
    _number("hopper_pct", "%", 0, 100, "hopper fill"),
    _number("leachate_pct", "%", 0, 100, "leachate tank fill"),
    _number("h2s_mg_m3", "mg/m³", 0, _INF, "hydrogen sulphide at the sensor"),
    _number("nh3_mg_m3", "mg/m³", 0, _INF, "ammonia at the sensor"),
    _number("odour", "", 0, _INF, "odour concentration, dimensionless"),
    Measurement(
        "compactor",
        "",
        "what the compactor does",
        0,
        len(COMPACTOR_STATES) - 1,
        type="choice",
        choices=COMPACTOR_STATES,
    ),
    _number("motor_temp_c", "°C", -50, 300, "compactor motor temperature"),
    _number("hydraulic_mpa", "MPa", 0, 100, "hydraulic pressure"),
    _switch("fire", "fire alarm"),
    _switch("estop", "emergency stop pressed"),
)
_STATUS = (
    Measurement(
        "state",
        "",
        "what the device, or its last will, says of its connection",
        0,
        len(STATUS_STATES) - 1,
        type="choice",
        choices=STATUS_STATES,
    ),
    Measurement(
        "reason",
        "",
        "why it went offline",
        0,
        len(STATUS_REASONS) - 1,
        type="choice",
        choices=STATUS_REASONS,
    ),
)


def _by_name(measurements: tuple[Measurement, ...]) -> dict[str, Measurement]:
    return {m.name: m for m in measurements}


MEASUREMENTS: dict[str, dict[str, Measurement]] = {
    Kind.STREETLIGHT: _by_name(_STREETLIGHT),
    Kind.CABINET: _by_name(_CABINET),
    Kind.COVER: _by_name(_COVER),
    Kind.STATION: _by_name(_STATION),
    STATUS: _by_name(_STATUS),
}
"""table → field → its measurement. A table is a kind, or ``status``."""
