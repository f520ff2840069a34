"""A district served by the API, for benchmarks: its assets, and the server's process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import FastAPI

from api.access import Access
from api.app import create_app
from api.parts import Site
from api.serve import Server
from cases.desk import Desk
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from cases.indicators.table import Indicators
from cases.people.accounts import Accounts
from cases.people.audit import By
from cases.people.keys import Keys
from cases.people.who import Who
from cases.registers import Registers
from cases.residents.photos import PhotoFiles
from cases.residents.reports import Reports
from cases.shelvings import Shelvings
from cases.tallies import Tallies
from facility.assets import Asset, Cabinet, Cover, Station, Streetlight
from facility.bus import KindState, LocalBus
from facility.clock import MINUTE, Clock, VirtualClock, from_rfc3339
from facility.garbage import collect_seldom
from facility.grid import Grid
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.measurements import Kind
from facility.store.duckdb import DuckStore
from rules.book.books import Books
from rules.book.rulebook import load
from rules.trials.backtests import Backtests


class _Closed(Protocol):
    def close(self) -> None: ...


P = TypeVar("P", bound=_Closed)

NOW = from_rfc3339("2026-06-26T15:00:00+08:00")  # a Friday
UNITS = [f"第{n}养护所" for n in range(12)]
STREETS = [f"4101050{n:02}" for n in range(1, 18)]
ADMIN = Who("bench", "admin")
TIMEZONE = "Asia/Shanghai"
STATES_EVERY_S = 2.0
"""How often the rules tell of every asset's state."""

_STATES = {
    Kind.STREETLIGHT: ("lit", "dark", "off", "silent", "unknown"),
    Kind.CABINET: ("ok", "lamps_lost", "silent", "unknown"),
    Kind.COVER: ("ok", "rattling", "displaced", "silent", "unknown"),
    Kind.STATION: ("ok", "backlog", "silent", "unknown"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """What is served: where its files are, and how much of it there is."""

    folder: str
    url: str
    assets: int


def district(many: int) -> Inventory:
    """Nine lamps to one cover, in segments of 20; a cabinet to 200 lamps; 21 stations."""
    area, owner = "410105", UNITS[0]
    covers, stations = many // 10, 21
    cabinets = many // 250
    lamps = many - covers - stations - cabinets
    found: list[Asset] = [
        Streetlight(
            id=f"L{n:06}", name=f"路灯{n}", lon=113.6 + n % 400 * 3e-4,
            lat=34.7 + n // 400 * 9e-4, road=f"R{n // 400}",
            segment=f"S{n // 20}", seq=n % 20, circuit=f"K{n // 200:05}/C{n % 3}", rated_w=60.0,
            grid=STREETS[n % 17], area=area, owner=owner,
        )
        for n in range(lamps)
    ]  # fmt: skip
    found += [
        Cabinet(id=f"K{n:05}", name=f"箱变{n}", lon=113.6, lat=34.78, area=area, owner=owner)
        for n in range(cabinets)
    ]
    found += [
        Cover(
            id=f"M{n:06}",
            name=f"井盖{n}",
            lon=113.6,
            lat=34.78,
            grid=STREETS[n % 17],
            area=area,
            owner=owner,
        )
        for n in range(covers)
    ]
    found += [
        Station(id=f"T{n:02}", name=f"转运站{n}", lon=113.6, lat=34.78, area=area, owner=owner)
        for n in range(stations)
    ]
    return Inventory.of(found)


def filing_of(inventory: Inventory) -> Filing:
    grid = Grid()
    return Filing(standard.load(), calendar.load(TIMEZONE), inventory.assets.get, lambda: grid)


def serve(place: Place, core: int, to: Connection) -> None:
    """Serves until ``to`` says stop; tells it the address and a token first, then when asked how
    much time its core has worked (s). The work of a process."""
    os.sched_setaffinity(0, {core})
    collect_seldom()
    inventory = district(place.assets)
    clock = VirtualClock(NOW, 1.0)
    bus = LocalBus()
    with ExitStack() as stack:
        app, access = _app(place, inventory, clock, bus, stack)
        stopped = threading.Event()

        def tell_states() -> None:
            chance = np.random.default_rng(1)
            while True:
                for message in _states(inventory, clock.now_ms(), chance):
                    bus.publish(message)
                if stopped.wait(STATES_EVERY_S):
                    return

        telling = threading.Thread(target=tell_states)
        telling.start()
        account = access.accounts.get(ADMIN.name)
        assert account is not None
        with Server(app, port=0) as server:
            to.send((server.url, access.token(access.renewed(account))))
            while to.recv() != "stop":
                to.send(time.process_time())
        stopped.set()
        telling.join()


def _app(
    place: Place, inventory: Inventory, clock: Clock, bus: LocalBus, stack: ExitStack
) -> tuple[FastAPI, Access]:
    """The app over its parts, which ``stack`` closes."""
    url, folder = place.url, Path(place.folder)

    def kept(part: P) -> P:
        return stack.enter_context(closing(part))

    def installed() -> Inventory:
        return inventory

    store = kept(DuckStore(folder / "readings.duckdb"))
    desk = kept(Desk(url, filing_of(inventory)))
    accounts = kept(Accounts(url))
    accounts.add(ADMIN, "a password for a bench", By("bench", NOW))
    access = Access(accounts, kept(Keys(url)), os.urandom(32))
    tallies = kept(Tallies(url))
    app = create_app(
        clock=clock,
        inventory=installed,
        adopt=_nobody,
        waveforms=lambda _device, _most: [],
        store=store,
        desk=desk,
        bus=bus,
        site=Site("410105", TIMEZONE),
        access=access,
        registers=kept(Registers(url, ZoneInfo(TIMEZONE))),
        tallies=tallies,
        indicators=kept(Indicators(url, tallies, ZoneInfo(TIMEZONE), calendar.load(TIMEZONE))),
        shelvings=kept(Shelvings(url)),
        reports=kept(Reports(url, desk, installed, PhotoFiles(folder / "photos"))),
        backtests=kept(Backtests(store, installed, Grid, load_plans(), TIMEZONE, load)),
        books=Books(None, folder / "rulebooks"),
    )
    return app, access


def _states(inventory: Inventory, now: int, chance: np.random.Generator) -> Iterator[KindState]:
    for kind, vocabulary in _STATES.items():
        ids = tuple(asset.id for asset in inventory.of_kind(kind))
        state = chance.choice(len(vocabulary), len(ids), p=_shares(len(vocabulary))).astype(np.int8)
        seen = now - chance.integers(0, 5 * MINUTE, len(ids))
        yield KindState(kind, now, ids, vocabulary, state, seen)


def _shares(many: int) -> list[float]:
    return [0.94, *[0.06 / (many - 1)] * (many - 1)]


def _nobody(_properties: object) -> Asset:
    raise NotImplementedError("nothing is installed here")
