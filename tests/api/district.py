"""A small district and its API, for tests."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import shapely
from fastapi import FastAPI
from pydantic import TypeAdapter

from api.access import Access
from api.app import create_app
from api.limits import Limits
from api.live import Live
from api.parts import Site, Waveform
from cases.desk import Desk
from cases.events import CaseEvent
from cases.indicators.table import Indicators
from cases.people.accounts import Accounts
from cases.people.keys import Keys
from cases.people.who import Role
from cases.registers import Registers
from cases.residents.photos import PhotoFiles
from cases.residents.reports import Reports
from cases.shelvings import Shelvings
from cases.tallies import Tallies
from facility.assets import Asset, Cabinet, Cover, Station, Streetlight
from facility.bus import Health, KindState, LocalBus
from facility.clock import HOUR, from_rfc3339
from facility.grid import Cell, Grid, Level
from facility.inventory import Inventory
from facility.kept_inventory import KeptInventory
from facility.lighting import load_plans
from facility.measurements import Kind
from facility.readings import Names, ReadingBatch
from facility.store.base import ReadingsStore
from facility.store.duckdb import DuckStore
from rules.book.books import Books
from rules.book.rulebook import load
from rules.trials.backtests import Backtests
from tests.api.people import name_of, token_of

DUSK = from_rfc3339("2026-06-21T12:00:00Z")
STREET = "410105001"
LAMP_STATES = ("lit", "dark", "off", "silent", "unknown")


class StoppedClock:
    """A virtual clock that moves when it is told to."""

    speed = 60.0

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms


def lamp(segment: str, seq: int, **more: Any) -> Streetlight:
    """A lamp of the segment; the number of a segment is the number of its road."""
    return Streetlight(
        id=f"{segment}-{seq}",
        area="410105",
        name=f"{segment} 第{seq}盏",
        lon=round(113.6 + seq / 1_000, 6),
        lat=round(34.7 + int(segment[1:]) / 1_000, 6),
        road=f"花园路{segment[1:]}",
        segment=segment,
        seq=seq,
        **more,
    )


def assets() -> list[Asset]:
    place: dict[str, Any] = {"area": "410105", "lon": 113.7, "lat": 34.8}
    return [
        *(lamp("S1", seq, circuit="CAB-1/C1", cabinet="CAB-1", rated_w=60) for seq in range(5)),
        *(lamp("S2", seq, circuit="CAB-1/C1", gateway="G1") for seq in range(4)),
        lamp("S3", 0),
        Cabinet(id="CAB-1", name="箱变一", circuits=("C1", "C2"), **place),
        Cover(id="M1", name="井盖一", road="花园路", tags=("易涝点",), **place),
        Station(id="T1", name="中转站", capacity_t_day=50, clear_by_ms=22 * HOUR, **place),
    ]


def a_grid() -> Grid:
    """A street that names somebody and its community that does not, both around everything."""

    def cell(code: str, name: str, level: Level, parent: str | None, whose: str | None) -> Cell:
        return Cell(code, name, level, parent, whose, shapely.box(113, 34, 114, 35))

    return Grid(
        [
            cell("410105", "金水区", Level.DISTRICT, None, None),
            cell(STREET, "花园路街道", Level.STREET, "410105", "花园路街道办事处"),
            cell(f"{STREET}01", "甲社区", Level.COMMUNITY, STREET, None),
        ]
    )


class District:
    """The parts, the app made of them, and a client that calls it without a network.

    ``url`` is of a case database that has the accounts of :mod:`tests.api.people`. The client is
    signed in as ``role``; nobody where that is None. ``monotonic_s`` is the real time that health
    and limits are judged by, ``wall`` the one that sessions are.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.clock = StoppedClock(DUSK)
        self.inventory = Inventory.of(assets())
        self.grid = Grid()
        self.duck = DuckStore(folder / "readings.duckdb")
        self.store: ReadingsStore = self.duck
        self.desk = Desk(url)
        self.tallies = Tallies(url)
        self.indicators = Indicators(url, self.tallies, ZoneInfo("Asia/Shanghai"))
        self.reports = Reports(
            url,
            self.desk,
            lambda: self.inventory,
            PhotoFiles(folder / "photos"),
        )
        self.bus = LocalBus()
        self.monotonic_s = 0.0
        self.wall = StoppedClock(DUSK)
        self.accounts = Accounts(url)
        self.keys = Keys(url)
        self.access = Access(
            self.accounts, self.keys, bytes(32), self.wall, Limits(lambda: self.monotonic_s)
        )
        self.registers = Registers(url, ZoneInfo("Asia/Shanghai"))
        self.shelvings = Shelvings(url)
        self.backtests = Backtests(
            self.duck, lambda: self.inventory, Grid, load_plans(), "Asia/Shanghai", load
        )
        self.role: Role | None = "admin"
        self.waves: dict[str, list[Waveform]] = {}
        self.static = folder / "static"
        self.app = self.make_app()

    def adopt(self, properties: Mapping[str, Any]) -> Asset:
        """Installs an asset in the kept inventory of its folder, and here."""
        asset = KeptInventory(self.folder).adopt(properties)
        self.inventory = Inventory.of([*self.inventory.assets.values(), asset])
        return asset

    def make_app(self) -> FastAPI:
        """An app of the parts as they are now."""
        return create_app(
            clock=self.clock,
            inventory=lambda: self.inventory,
            adopt=self.adopt,
            waveforms=lambda device, most: self.waves.get(device, [])[:most],
            store=self.store,
            desk=self.desk,
            bus=self.bus,
            site=Site("410105", "Asia/Shanghai"),
            access=self.access,
            registers=self.registers,
            tallies=self.tallies,
            indicators=self.indicators,
            shelvings=self.shelvings,
            reports=self.reports,
            backtests=self.backtests,
            books=Books(None, self.folder / "rulebooks"),
            live=Live(monotonic=lambda: self.monotonic_s),
            static=self.static,
        )

    def close(self) -> None:
        self.backtests.close()
        self.duck.close()
        self.desk.close()
        self.reports.close()
        self.accounts.close()
        self.tallies.close()
        self.indicators.close()
        self.keys.close()
        self.registers.close()
        self.shelvings.close()

    @property
    def signed_in(self) -> dict[str, str]:
        """The header of whoever is signed in."""
        if self.role is None:
            return {}
        return {"Authorization": f"Bearer {token_of(self.access, name_of(self.role))}"}

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Answers whatever the app does; what it raises is raised here."""
        headers = {**self.signed_in, **more.pop("headers", {})}

        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(once())

    def get(self, path: str, **query: Any) -> httpx.Response:
        if not path.startswith("/"):
            path = f"/api/v1/{path}"
        return self.call("GET", path, params=query)

    def answer(self, shape: Any, path: str, **query: Any) -> Any:
        """The JSON of a good answer, which must be exactly as the reference says."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        TypeAdapter(shape).validate_json(response.content)
        return response.json()

    def install(self, **properties: Any) -> httpx.Response:
        return self.call("POST", "/api/v1/assets", json=properties)

    def act(self, case: str, if_match: str | None = None, **body: Any) -> httpx.Response:
        headers = {} if if_match is None else {"If-Match": if_match}
        return self.call("POST", f"/api/v1/cases/{case}/actions", json=body, headers=headers)

    def lamps_are(self, states: dict[str, str], at: int = DUSK) -> None:
        """Tells the bus of the named lamps; the others are lit."""
        ids = tuple(one.id for one in self.inventory.streetlights)
        found = [LAMP_STATES.index(states.get(name, "lit")) for name in ids]
        self.bus.publish(
            KindState(
                Kind.STREETLIGHT,
                at,
                ids,
                LAMP_STATES,
                np.array(found, np.int8),
                np.full(len(ids), at, np.int64),
            )
        )

    def tell(self, service: str, *problems: tuple[str, str, str], **counters: Any) -> None:
        self.bus.publish(Health(service, self.clock.ms, counters, problems))

    def measured(
        self, kind: Kind, series: str, ts: Sequence[int], **columns: Sequence[float]
    ) -> None:
        """Stores readings of one series."""
        times = np.array(ts, np.int64)
        self.duck.write(
            ReadingBatch(
                kind,
                Names([series]),
                np.zeros(len(times), np.int32),
                times,
                times,
                {name: np.array(values, np.float64) for name, values in columns.items()},
            )
        )


def copied(cases: Path, folder: Path) -> str:
    """The URL of a copy, in this folder, of a case database that nobody has open."""
    shutil.copy(cases, folder / "cases.db")
    return f"sqlite:///{folder}/cases.db"


def dark_segment(
    case: str = "C-1", at: int = DUSK, *, subject: str = "segment:S1", **more: Any
) -> CaseEvent:
    """A segment's case opened."""
    values: dict[str, Any] = {
        "type": "streetlight.segment_unlit",
        "members": ("S1-0", "S1-1", "S1-2"),
        "cause": "cable",
        "evidence": {"dark": 3},
        "rule": "segment_unlit",
        "rule_version": "1",
    }
    return CaseEvent(at=at, event="opened", case=case, subject=subject, **{**values, **more})
