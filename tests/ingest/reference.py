"""The contract's rules for one reading, one field after the other: the decoder's witness.

Written apart from ``ingest.decoders`` and as plainly as the contract itself.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from facility.measurements import MEASUREMENTS, Measurement, PublicValue
from tests.ingest.arrivals import NOW, Row


@dataclass
class Judged:
    """What becomes of one reading: a row, or the reason of its quarantine."""

    row: Row | None = None
    reason: str = ""
    without_ts: bool = False
    dropped: list[tuple[str, str, str]] = field(default_factory=list)


def judge(topic: str, reading: dict[str, Any]) -> Judged:
    """What the contract says of ``reading``, received at NOW on ``topic``."""
    _, _, kind, device, channel = topic.split("/")
    table = "status" if channel == "status" else kind
    judged = Judged()
    series = device
    ts: int | None = NOW
    values: dict[str, PublicValue] = {}
    circuit_ok = True
    judged.without_ts = reading.get("ts") is None
    for name, cell in reading.items():
        if name == "ts":
            ts = NOW if cell is None else _time(cell)
        elif name == "circuit" and table == "cabinet":
            circuit_ok = cell is None or (
                isinstance(cell, str) and len(cell) <= 64 and cell.isprintable()
            )
            series = f"{device}/{cell}" if cell else device
        elif name not in MEASUREMENTS[table]:
            judged.dropped.append((table, name, "unknown"))
        elif cell is not None:
            value, drops = _value(cell, MEASUREMENTS[table][name])
            judged.dropped += [(table, name, drop) for drop in drops]
            if value is not None:
                values[name] = value
    if ts is None:
        judged.reason = "bad_ts"
    elif ts - NOW > 5 * 60_000:
        judged.reason = "future_ts"
    elif not circuit_ok:
        judged.reason = "bad_circuit"
    elif not values:
        judged.reason = "nothing_left"
    else:
        judged.row = (series, ts, values)
    return judged


def _time(cell: object) -> int | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int) and 946_684_800_000 <= cell < 2**62:
        return cell
    if isinstance(cell, str) and len(cell) > 19:
        moment = datetime.fromisoformat(cell)
        return int(moment.timestamp() * 1000)
    return None


def _value(cell: Any, measurement: Measurement) -> tuple[PublicValue, list[str]]:
    match measurement.type:
        case "bool":
            return (cell, []) if isinstance(cell, bool) else (None, ["type"])
        case "choice":
            if not isinstance(cell, str):
                return None, ["type"]
            return (cell, []) if cell in measurement.choices else (None, ["choice"])
        case "flags":
            if not isinstance(cell, list) or not all(isinstance(word, str) for word in cell):
                return None, ["type"]
            known = [word for word in measurement.choices if word in cell]
            drops = ["choice" for word in cell if word not in measurement.choices]
            return (None if cell and not known else known), drops
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return None, ["type"]
    if not measurement.low <= cell <= measurement.high or abs(cell) > sys.float_info.max:
        return None, ["range"]
    return float(cell), []
