"""A district served by the API, for benchmarks: assets, a year of cases, the server's process."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from api.access import Access
from api.app import create_app
from api.parts import Site
from api.serve import Server
from cases import calendar, standard
from cases.accounts import Accounts
from cases.actions import ActionName, Given, decide
from cases.audit import By
from cases.case import Case
from cases.database import connect, upgrade, writing
from cases.deadlines import with_deadline
from cases.desk import Desk
from cases.events import CaseEvent, EventName, Opening
from cases.filing import Filing
from cases.follow import following
from cases.keys import Keys
from cases.lifecycle import apply
from cases.people import Who
from cases.rows import case_row, event_row
from cases.schema import case_events, cases
from facility.assets import Asset, Cabinet, Cover, Station, Streetlight
from facility.bus import KindState, LocalBus
from facility.clock import DAY, HOUR, MINUTE, VirtualClock, from_rfc3339
from facility.garbage import collect_seldom
from facility.inventory import Inventory
from facility.measurements import Kind
from facility.store.duckdb import DuckStore

NOW = from_rfc3339("2026-06-26T15:00:00+08:00")  # a Friday
UNITS = [f"第{n}养护所" for n in range(12)]
STREETS = [f"4101050{n:02}" for n in range(1, 18)]
ADMIN = Who("bench", "admin")
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
    place = {"area": "410105", "lat": 34.78, "owner": UNITS[0]}
    covers, stations = many // 10, 21
    cabinets = many // 250
    lamps = many - covers - stations - cabinets
    found: list[Asset] = [
        Streetlight(
            id=f"L{n:06}", name=f"路灯{n}", lon=113.6 + n / 1e6, road=f"R{n // 400}",
            segment=f"S{n // 20}", seq=n % 20, circuit=f"K{n // 200:05}/C{n % 3}", rated_w=60.0,
            grid=STREETS[n % 17], **place,  # type: ignore[arg-type]
        )
        for n in range(lamps)
    ]  # fmt: skip
    found += [
        Cabinet(id=f"K{n:05}", name=f"箱变{n}", lon=113.6, **place)  # type: ignore[arg-type]
        for n in range(cabinets)
    ]
    found += [
        Cover(id=f"M{n:06}", name=f"井盖{n}", lon=113.6, grid=STREETS[n % 17], **place)  # type: ignore[arg-type]
        for n in range(covers)
    ]
    found += [
        Station(id=f"T{n:02}", name=f"转运站{n}", lon=113.6, **place)  # type: ignore[arg-type]
        for n in range(stations)
    ]
    return Inventory.of(found)


def filing_of(inventory: Inventory) -> Filing:
    return Filing(standard.load(), calendar.load("Asia/Shanghai"), inventory.assets.get)


def fill(place: Place, many: int) -> int:
    """Puts a year of cases into the database, most of them closed; how many events they have."""
    upgrade(place.url)
    filing = filing_of(district(place.assets))
    chance = random.Random(1)
    engine = connect(place.url)
    total = 0
    rows: list[dict[str, object]] = []
    events: list[dict[str, object]] = []
    with writing(engine) as connection:
        for n in range(many):
            case, life = _life(n, many, chance, filing)
            rows.append(case_row(case))
            events += [event_row(event) for event in life]
            if len(rows) == 5_000 or n == many - 1:
                connection.execute(insert(cases), rows)
                connection.execute(insert(case_events), events)
                total += len(events)
                rows, events = [], []
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()
    return total


_HELD: tuple[EventName, ...] = ("recovered", "verified")
_WAY: tuple[ActionName, ...] = ("dispatch", "accept", "handle")


def _life(n: int, many: int, chance: random.Random, filing: Filing) -> tuple[Case, list[CaseEvent]]:
    """A case and its events: the older ones are over, the last two in a hundred at all stages."""
    left = (many - n) / many
    at = NOW - int(left * 365 * DAY) - chance.randrange(HOUR)
    lamp = chance.randrange(60_000)
    kind = chance.choice(
        ["streetlight.unlit", "streetlight.unlit", "cover.rattle", "device.silent"]
    )
    name = f"M{lamp // 10:06}" if kind == "cover.rattle" else f"L{lamp:06}"
    subject = f"cover:{name}" if kind == "cover.rattle" else f"streetlight:{name}"
    street = STREETS[lamp % 17]
    opened = CaseEvent(
        at, "opened", f"20260626-{n:08x}", kind, subject, (name,), "lamp",
        {"power_w": 0.4, "rated_w": 60.0, "dark_min": 12, "voltage_v": 228.1}, kind, "3",
        opening=Opening(street=street, cell=street),
    )  # fmt: skip
    opened = replace(opened, filed=filing.filed(opened))
    case = apply(None, opened)
    assert isinstance(case, Case)
    life = [opened]
    over = left > 0.02
    for action in _WAY if over else _WAY[: chance.randrange(4)]:
        at += chance.randrange(10 * MINUTE, 8 * HOUR)
        unit, result = chance.choice(UNITS), "已更换"
        said = {"dispatch": Given(unit=unit), "handle": Given(result=result)}
        event = decide(case, action, ADMIN, at, said.get(action, Given()))
        assert isinstance(event, CaseEvent)
        case = _add(case, with_deadline(case, event, filing.calendar), life)
    if chance.random() < 0.05:
        said_level = Given(reason="民生", level=chance.randrange(1, 4))
        event = decide(case, "supervise", ADMIN, at + 1, said_level)
        assert isinstance(event, CaseEvent)
        case = _add(case, event, life)
    if over:
        for name_ in _HELD:
            at += chance.randrange(HOUR, 20 * HOUR)
            seen = replace(opened, at=at, event=name_, filed=None, opening=None)
            case = _add(case, seen, life)
    return case, life


def _add(case: Case, event: CaseEvent, life: list[CaseEvent]) -> Case:
    after = apply(case, event)
    assert isinstance(after, Case), after
    life.append(event)
    end = following(after, event)
    return after if end is None else _add(after, end, life)


def serve(place: Place, core: int, to: Connection) -> None:
    """Serves until ``to`` says stop; tells it the address and a token first, then when asked how
    much time its core has worked (s). The work of a process."""
    os.sched_setaffinity(0, {core})
    collect_seldom()
    inventory = district(place.assets)
    clock = VirtualClock(NOW, 1.0)
    store = DuckStore(Path(place.folder) / "readings.duckdb")
    desk = Desk(place.url, filing_of(inventory))
    accounts = Accounts(place.url)
    accounts.add(ADMIN, "a password for a bench", By("bench", NOW, ""))
    keys = Keys(place.url)
    access = Access(accounts, keys, os.urandom(32))
    account = accounts.get(ADMIN.name)
    assert account is not None
    bus = LocalBus()
    app = create_app(
        clock=clock,
        inventory=lambda: inventory,
        adopt=_nobody,
        waveforms=lambda _device, _most: [],
        store=store,
        desk=desk,
        bus=bus,
        site=Site("410105", "Asia/Shanghai"),
        access=access,
    )
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
    with Server(app, port=0) as server:
        to.send((server.url, access.token(access.renewed(account))))
        while to.recv() != "stop":
            to.send(time.process_time())
    stopped.set()
    telling.join()
    for one in (desk, accounts, keys, store):
        one.close()


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
