"""The inventory of a data directory, as a service that runs sees it."""

from __future__ import annotations

import gc
from pathlib import Path

from facility.garbage import set_aside
from facility.kept_inventory import KeptInventory

LAMP = {"id": "L1", "kind": "streetlight", "area": "410105", "lon": 113.7, "lat": 34.8}


def test_who_holds_it_is_told_when_it_was_replaced(tmp_path: Path) -> None:
    told: list[int] = []
    kept = KeptInventory(tmp_path, lambda: told.append(len(kept._inventory)))
    assert not kept().assets
    assert told == []
    kept.adopt(LAMP)
    assert told == [1]
    assert kept().assets.keys() == {"L1"}
    assert told == [1], "once"


def test_what_was_set_aside_is_not_looked_through_again_but_let_go() -> None:
    class Node:
        alive = 0

        def __init__(self) -> None:
            self.me = self
            Node.alive += 1

        def __del__(self) -> None:
            Node.alive -= 1

    try:
        held = Node()
        set_aside()
        assert gc.get_freeze_count() > 1_000
        del held
        gc.collect()
        assert Node.alive == 1, "not looked at"
        set_aside()
        assert Node.alive == 0
    finally:
        gc.unfreeze()
