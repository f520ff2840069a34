"""What is upstream of a lamp: the circuit and the cabinet that a fault of several lamps lies in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facility.assets import Streetlight
from facility.inventory import Inventory
from rules.fleet import Mask, Rows

Contactor = Callable[[int, Rows], float | None]
"""(time ms, lamps) → 0 where their cabinets say that all circuits that feed them are open, 1 where
all are closed, None where that is not known or not the same."""


class Upstream:
    """The lamps of each circuit, and of each cabinet that has several. Rows are the inventory's."""

    def __init__(self, inventory: Inventory) -> None:
        lamps = inventory.streetlights
        self._circuit_of = [lamp.circuit for lamp in lamps]
        self._cabinet_of = [lamp.cabinet for lamp in lamps]
        self._circuits = _groups(lamps, "circuit")
        circuits: dict[str, set[str | None]] = {}
        for lamp in lamps:
            if lamp.cabinet:
                circuits.setdefault(lamp.cabinet, set()).add(lamp.circuit)
        self._cabinets = {
            name: rows
            for name, rows in _groups(lamps, "cabinet").items()
            if len(circuits[name]) > 1
        }

    def fault_of(self, rows: Rows, suspected: Mask, reporting: Mask, share: float) -> str | None:
        """``cabinet`` or ``circuit`` where nearly all (``share``) of one's reporting lamps are
        suspected, and ``rows`` (two or more) all hang on it; the one further up first."""
        for cause, groups, group_of in (
            ("cabinet", self._cabinets, self._cabinet_of),
            ("circuit", self._circuits, self._circuit_of),
        ):
            names = {group_of[row] for row in rows.tolist()}
            lamps = groups.get(names.pop() or "") if len(names) == 1 else None
            if lamps is None:
                continue
            if suspected[lamps].sum() >= share * max(2, int(reporting[lamps].sum())):
                return cause
        return None


def _groups(lamps: list[Streetlight], by: str) -> dict[str, Rows]:
    found: dict[str, list[int]] = {}
    for row, lamp in enumerate(lamps):
        if name := getattr(lamp, by):
            found.setdefault(name, []).append(row)
    return {name: np.array(rows, dtype=np.intp) for name, rows in found.items()}
