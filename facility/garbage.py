"""How often Python looks for reference cycles, and through what."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """For processes that readings pass through: millions of short-lived dicts without cycles.

    The default, a look at every 700 of them, costs a quarter of the speed.
    """
    gc.set_threshold(50_000, 20, 50)


def set_aside() -> None:
    """Keeps all that there is now out of later looks: modules, what was wired, the inventory.

    It stays to the end, or goes without a cycle. For a service that stands, and again when its
    inventory was replaced: what had been set aside is then looked through once more. Each full
    look would stop every thread for as long as there is much in memory.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def take_back() -> None:
    """Ends :func:`set_aside`, before the process does: then all goes, cycles too. A library that
    counts what is left of its own (nanobind, in DuckDB) would complain of it at every stop."""
    gc.unfreeze()
