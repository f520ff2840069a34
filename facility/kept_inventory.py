"""The kept inventory as a running service sees it: taken up again when it was replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from facility import inventory_file
from facility.asset_rows import Fault, to_asset
from facility.assets import Asset
from facility.errors import Permanent, UsageError
from facility.grid import Grid
from facility.inventory import Inventory
from facility.plans import OWN, load_plans

_LOOKED_AT_EVERY_S = 2.0


class AlreadyInstalled(Permanent):
    """The inventory has an asset of this id."""


class KeptInventory:
    """The inventory of a data directory. Calling it gives the newest; it may be called often.

    A file that was damaged meanwhile leaves the last good inventory in place: UsageError only at
    the first load. ``replaced`` is called after each later one.
    """

    def __init__(self, data_dir: Path, replaced: Callable[[], None] | None = None) -> None:
        self._data_dir = data_dir
        self._replaced = replaced
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        self._stamp = self._stamped()
        self._inventory = inventory_file.load(data_dir)
        self._grid = inventory_file.load_grid(data_dir)

    def __call__(self) -> Inventory:
        with self._lock:
            if time.monotonic() - self._looked >= _LOOKED_AT_EVERY_S:
                self._take_up()
            return self._inventory

    def grid(self) -> Grid:
        """The newest grid; one without cells where none was imported."""
        with self._lock:
            if time.monotonic() - self._looked >= _LOOKED_AT_EVERY_S:
                self._take_up()
            return self._grid

    def adopt(self, properties: Mapping[str, Any]) -> Asset:
        """Adds one asset, in the contract's properties with ``lon`` and ``lat``.

        UsageError names what is missing or wrong; AlreadyInstalled where the id is taken;
        Retryable while an import is at work.
        """
        try:
            asset, unknown = to_asset(properties, load_plans(self._data_dir / OWN))
        except Fault as fault:
            raise UsageError(str(fault)) from None
        if unknown:
            raise UsageError(f"a {asset.kind} has no {', '.join(unknown)}")
        with inventory_file.locked(self._data_dir):
            assets = inventory_file.load_assets(self._data_dir)
            if asset.id in assets:
                raise AlreadyInstalled(f"{asset.id} is in the inventory already")
            assets[asset.id] = asset
            grid = inventory_file.load_grid(self._data_dir)
            inventory_file.keep_assets(self._data_dir, assets, grid)
        with self._lock:
            self._take_up()
            return self._inventory.assets[asset.id]

    def _take_up(self) -> None:
        self._looked = time.monotonic()
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        try:
            grid = inventory_file.load_grid(self._data_dir)
            self._inventory = inventory_file.load(self._data_dir)
        except UsageError:
            return
        self._grid = grid
        self._stamp = stamp
        if self._replaced:
            self._replaced()

    def _stamped(self) -> tuple[tuple[int, int, int], ...]:
        """What tells one state of the files from another: they are replaced, never rewritten."""
        stamps = []
        for name in (inventory_file.INVENTORY, inventory_file.GRID):
            try:
                stat = (self._data_dir / name).stat()
                stamps.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
            except FileNotFoundError:
                stamps.append((0, 0, 0))
        return tuple(stamps)
