"""The notation of readings in rule tests: ``"60 x 20, 0 x 10"``.

Items are separated by commas, each a value and how often it comes. ``2..8 x 4`` goes from one to
the other in four readings; ``_`` is a reading without the field. Words are those of the contract:
``true``, ``fault``, ``gear_failure+leakage``. A value that is no text is that of every reading.
"""

from __future__ import annotations

import math
import re

import numpy as np

from facility.measurements import Measurement
from facility.readings import Floats

_ITEM = re.compile(r"(?P<value>\S+?)(?:\s*\.\.\s*(?P<to>\S+?))?(?:\s+x\s*(?P<times>\d+))?")


def series(text: object, measurement: Measurement) -> Floats:
    """The values of one field, (n,); (1,) where it is one for all. ValueError where it is wrong."""
    if not isinstance(text, str):
        return np.array([_value(str(text).lower(), measurement)])
    parts = []
    for item in text.split(","):
        match = _ITEM.fullmatch(item.strip())
        if match is None:
            raise ValueError(f'{item.strip()!r} is no item; write "60 x 20", "2..8 x 4" or "_"')
        times = int(match["times"] or 1)
        first = _value(match["value"], measurement)
        last = _value(match["to"], measurement) if match["to"] else first
        parts.append(np.linspace(first, last, times))
    return np.concatenate(parts)


def _value(word: str, measurement: Measurement) -> float:
    if word == "_":
        return math.nan
    value = _number(word, measurement)
    if not measurement.low <= value <= measurement.high:
        raise ValueError(f"{word} is not between {measurement.low:g} and {measurement.high:g}")
    return value


def _number(word: str, measurement: Measurement) -> float:
    try:
        match measurement.type:
            case "bool":
                return float({"true": 1, "false": 0}[word])
            case "choice":
                return float(measurement.choices.index(word))
            case "flags":
                flags = [] if word == "none" else word.split("+")
                return float(sum(1 << measurement.choices.index(flag) for flag in flags))
        return float(word)
    except (KeyError, ValueError):
        possible = {"bool": ("true", "false")}.get(measurement.type, measurement.choices)
        wanted = f"one of {', '.join(possible)}" if possible else "a number"
        raise ValueError(f"{word!r} is not {wanted}") from None
