"""Turns columns into the payloads that devices publish, as the contract's section 1 writes them.

Written apart from the decoders of ingest on purpose: each is the other's witness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.clock import MINUTE
from facility.readings import Times
from simulators.models import Model, TimeForm

Columns = Mapping[str, NDArray[Any]]

_BOOL = ("false", "true")
_FORMATS = {
    "on": "%s",
    "contactor": "%s",
    "door_open": "%s",
    "fire": "%s",
    "estop": "%s",
    "compactor": '"%s"',
    "circuit": '"%s"',
    "dim_pct": "%.0f",
    "power_w": "%.1f",
    "voltage_v": "%.1f",
    "current_a": "%.3f",
    "power_factor": "%.2f",
    "energy_kwh": "%.3f",
    "lux": "%.1f",
    "temp_c": "%.1f",
    "leakage_ma": "%.1f",
    "tilt_deg": "%.2f",
    "passes": "%d",
    "hits": "%d",
    "vib_rms_g": "%.3f",
    "vib_peak_g": "%.3f",
    "kurtosis": "%.2f",
    "water_m": "%.3f",
    "battery_pct": "%.0f",
    "inbound_t": "%.2f",
    "outbound_t": "%.2f",
    "stock_t": "%.2f",
    "hopper_pct": "%.1f",
    "leachate_pct": "%.1f",
    "h2s_mg_m3": "%.4f",
    "nh3_mg_m3": "%.3f",
    "odour": "%.1f",
    "motor_temp_c": "%.1f",
    "hydraulic_mpa": "%.2f",
}
_READY_MADE = {"faults", "burst"}
"""Fields whose column holds the JSON text itself, with its comma, or nothing."""


class Encoder:
    """Writes readings of one model: its fields, in its order, its way of giving the time."""

    def __init__(self, fields: Sequence[str], ts: TimeForm) -> None:
        self._ts = ts
        self._fields = [name for name in fields if name not in _READY_MADE]
        self._ready_made = [name for name in fields if name in _READY_MADE]
        stamp = "%d" if ts == "ms" else '"%s"'
        parts = [f'"ts":{stamp}', *(f'"{name}":{_FORMATS[name]}' for name in self._fields)]
        self._template = "{" + ",".join(parts) + "%s" * len(self._ready_made) + "}"

    @classmethod
    def of(cls, model: Model, *without: str) -> Encoder:
        """The encoder of a model, without some of its fields."""
        return cls([name for name in model.fields if name not in without], model.ts)

    def encode(self, ts: Times, columns: Columns, offset: int, rows: NDArray[np.intp]) -> list[str]:
        """One JSON object a reading of ``rows``; ``offset`` is local time ahead of UTC, ms."""
        chosen = ts[rows]
        stamps = chosen.tolist() if self._ts == "ms" else rfc3339(chosen, offset)
        values = [_texts(columns[name][rows]) for name in [*self._fields, *self._ready_made]]
        template = self._template
        return [template % row for row in zip(stamps, *values, strict=True)]


def _texts(column: NDArray[Any]) -> list[Any]:
    if column.dtype == np.bool_:
        return [_BOOL[value] for value in column.tolist()]
    texts: list[Any] = column.tolist()
    return texts


def rfc3339(ts: Times, offset: int) -> list[str]:
    """``2026-09-15T17:32:00.123+08:00`` of each time."""
    local = np.datetime_as_string((ts + offset).astype("datetime64[ms]"), unit="ms")
    zone = _zone(offset, ":")
    return [f"{text}{zone}" for text in local.tolist()]


def _zone(offset: int, separator: str) -> str:
    minutes = abs(offset) // MINUTE
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02}{separator}{minutes % 60:02}"


def arrival_texts(arrivals: Times, offset: int) -> list[str]:
    """``2026-09-15T17:32:00.123000Z+0800``: mosquitto_sub writes a Z and the offset as well."""
    local = np.datetime_as_string((arrivals + offset).astype("datetime64[ms]"), unit="us")
    zone = "Z" + _zone(offset, "")
    return [f"{text}{zone}" for text in local.tolist()]


def array_of(payloads: Iterable[str]) -> str:
    """Several readings in one message."""
    return "[" + ",".join(payloads) + "]"


def status(ts: int, state: str, reason: str | None) -> str:
    """The payload of the status channel."""
    told = f',"reason":"{reason}"' if reason else ""
    return f'{{"ts":{ts},"state":"{state}"{told}}}'


def telemetry_topic(area: str, kind: str, device: str) -> str:
    return f"facility/{area}/{kind}/{device}/telemetry"


def status_topic(area: str, kind: str, device: str) -> str:
    return f"facility/{area}/{kind}/{device}/status"
