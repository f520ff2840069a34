"""A street with a grid, and residents who report what is wrong with it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import shapely

from cases.actions import Given
from cases.desk import Desk
from cases.filing.basis import Filing
from cases.filing.standard import load
from cases.people.who import Who
from cases.residents.photos import Photo, PhotoFiles, develop
from cases.residents.reported import Contact, Told
from cases.residents.reports import Reports
from cases.residents.tokens import Tokens
from facility.assets import Asset, Cover, CoverType, Station, Streetlight
from facility.grid import Cell, Grid, Level
from facility.inventory import Inventory
from tests.cases.filings import SHANGHAI, local
from tests.cases.photos import photo

MONDAY = local("2026-06-22 09:00")
LON, LAT = 113.69, 34.78
PHONE, MAIL, NAME = "13812345678", "wang@example.cn", "王小明"
SOMEBODY = Contact(NAME, PHONE, MAIL, "device-77", "account-88", wants_news=True)

OPERATOR = Who("op", "operator")
DISPATCHER = Who("di", "dispatcher")


def _cell(code: str, level: Level, parent: str | None, half: float, who: str | None) -> Cell:
    box = shapely.box(LON - half, LAT - half, LON + half, LAT + half)
    return Cell(code, code, level, parent, who, box)


GRID = Grid(
    [
        _cell("410105", Level.DISTRICT, None, 0.05, None),
        _cell("410105001", Level.STREET, "410105", 0.01, "花园路街道办事处"),
        _cell("410105001001", Level.COMMUNITY, "410105001", 0.005, None),
    ]
)
_PLACE: dict[str, Any] = {"area": "410105", "lat": LAT, "grid": "410105001001"}
ASSETS: list[Asset] = [
    *(
        Streetlight(id=f"L{n}", name="", lon=LON + n * 0.0003, segment="S1", seq=n, **_PLACE)
        for n in range(5)
    ),
    Cover(id="M1", name="", lon=LON, cover_type=CoverType.STORM, owner="排水公司", **_PLACE),
    Station(id="T1", name="", lon=LON, **_PLACE),
]
INVENTORY = Inventory.of(ASSETS)
TOKENS = Tokens(b"the secret of a place")
FILING = Filing(load(), SHANGHAI, INVENTORY.assets.get, lambda: GRID)


@contextmanager
def reports_on(url: str, folder: Path) -> Iterator[Reports]:
    """Reports, and a desk, on a database that has its tables."""
    desk = Desk(url, FILING)
    files = PhotoFiles(folder / "photos")
    reports = Reports(url, desk, lambda: INVENTORY, files, tokens=TOKENS)
    yield reports
    reports.close()
    desk.close()


def told(service: str = "L201-damaged", **more: Any) -> Told:
    """A report of a pothole in the middle of the street."""
    where = {} if {"asset", "address"} & more.keys() else {"lon": LON, "lat": LAT}
    values: dict[str, Any] = {"channel": "hotline", "description": "路上有个大坑", **where}
    return Told(service, **{**values, **more})


def sent() -> Photo:
    """A photo that came with a report."""
    return develop(io.BytesIO(photo()))


def worked_off(desk: Desk, case_id: str, at: int, unit: str = "市政一队") -> None:
    """People file, hand over, handle, check and close a resident's case, a minute each."""
    handler = Who("ha", "handler", unit)
    steps: list[tuple[Any, Who, Given]] = [
        ("file", OPERATOR, Given()),
        ("dispatch", DISPATCHER, Given(unit=unit)),
        ("accept", handler, Given()),
        ("handle", handler, Given(result="坑已补平")),
        ("check", OPERATOR, Given()),
        ("confirm", OPERATOR, Given()),
    ]
    for minute, (action, who, given) in enumerate(steps, 1):
        desk.act(case_id, action, who, at + minute * 60_000, given)
