"""Something worked out once for each name of a dictionary that many batches share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from facility.readings import Codes, Names

_DICTIONARIES_KEPT = 16


class Translation:
    """Turns the codes of a batch into what ``of`` makes of their names. Safe between threads."""

    def __init__(self, of: Callable[[str], Any], dtype: DTypeLike) -> None:
        self._of = of
        self._dtype = dtype
        self._lock = threading.Lock()
        # Held by identity, together with the dictionary itself so that the identity stays its own.
        self._known: dict[int, tuple[Names, NDArray[Any], NDArray[np.bool_]]] = {}

    def __call__(self, names: Names, codes: Codes) -> NDArray[Any]:
        """For each of ``codes`` what was made of its name, as an array of ``dtype``."""
        with self._lock:
            values, done = self._columns(names)
            if not done[codes].all():
                for code in np.unique(codes[~done[codes]]).tolist():
                    values[code] = self._of(names[code])
                    done[code] = True
            return values[codes]

    def _columns(self, names: Names) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        known = self._known.get(id(names))
        if known is not None and len(known[1]) >= len(names):
            return known[1:]
        room = 2 * len(names)
        values, done = np.empty(room, dtype=self._dtype), np.zeros(room, dtype=bool)
        if known is not None:
            values[: len(known[1])], done[: len(known[2])] = known[1:]
        elif len(self._known) >= _DICTIONARIES_KEPT:
            self._known.clear()
        self._known[id(names)] = (names, values, done)
        return values, done
