"""How each sensor was installed: what was learned of it, or set by a person.

A tilt sensor's installed position is the median of its first readings; until there are enough of
them, of those there are. Kept as JSON by whoever owns the pipeline.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import msgspec

FIRST_READINGS = 9
"""Readings that a position is learned from; a lorry on fewer than half of them does no harm."""

Angles = Sequence[float]


class _Device(msgspec.Struct, omit_defaults=True):
    """``numbers`` were set; ``position`` was learned, from ``first`` while there are too few."""

    numbers: dict[str, float] = {}
    position: list[float] = []
    first: list[list[float]] = []


class Installed:
    """What is known of the sensors, by device id. ``version`` grows with every change."""

    def __init__(self, devices: Mapping[str, _Device] | None = None) -> None:
        self._devices: dict[str, _Device] = dict(devices or {})
        self.version = 0

    @classmethod
    def from_json(cls, data: bytes | str) -> Installed:
        """What :meth:`to_json` gave. ValueError where it is not that."""
        try:
            return cls(msgspec.json.decode(data, type=dict[str, _Device]))
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(f"not a record of installed sensors: {error}") from None

    def to_json(self) -> bytes:
        """Everything that is known, with the devices in order."""
        return msgspec.json.encode(dict(sorted(self._devices.items())))

    def number(self, device: str, name: str) -> float | None:
        """A number set for the device, None where none was."""
        known = self._devices.get(device)
        return known.numbers.get(name) if known else None

    def set(self, device: str, name: str, value: float) -> None:
        """Sets a number, such as how deep below the cover a sensor hangs."""
        self._device(device).numbers[name] = value
        self.version += 1

    def position(self, device: str, angles: Angles) -> Angles:
        """The installed position to compare ``angles`` with; learns from them while it is new.

        The very first reading is compared with itself.
        """
        known = self._device(device)
        if known.position:
            return known.position
        before = known.first or [[*angles]]
        known.first = [*known.first, [*angles]]
        self.version += 1
        if len(known.first) >= FIRST_READINGS:
            known.position, known.first = _median(known.first), []
        return _median(before)

    def reset(self, device: str) -> None:
        """Forgets the device's position: it is learned anew."""
        known = self._device(device)
        known.position, known.first = [], []
        self.version += 1

    def _device(self, device: str) -> _Device:
        return self._devices.setdefault(device, _Device())


def _median(readings: list[list[float]]) -> list[float]:
    """Axis by axis, of an odd number of them: the mean of two positions is neither."""
    odd = readings[: len(readings) - 1 + len(readings) % 2]
    return [statistics.median(axis) for axis in zip(*odd, strict=True)]
