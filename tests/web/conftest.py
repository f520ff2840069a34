"""The real app with the built control room, and a real Chromium looking at it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from fastapi import FastAPI
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api import page as control_room
from api.access import Access
from api.app import create_app
from api.caller import COOKIE
from api.parts import Adopt, Site
from api.serve import Server
from cases.database import upgrade
from cases.desk import Desk
from cases.events import CaseEvent
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from cases.indicators.table import Indicators
from cases.notices.units import Units
from cases.people.accounts import Accounts
from cases.people.keys import Keys
from cases.people.who import Role
from cases.registers import Registers
from cases.residents.photos import PhotoFiles
from cases.residents.reports import Reports
from cases.shelvings import Shelvings
from cases.supervision.supervised import Ledger
from cases.tallies import Tallies
from facility.assets import Cover, Streetlight
from facility.bus import Bus, KindState, LocalBus
from facility.clock import MINUTE, VirtualClock, from_rfc3339
from facility.grid import Grid
from facility.inventory import Inventory
from facility.kept_inventory import KeptInventory
from facility.lighting import load_plans
from facility.measurements import Kind
from facility.readings import Names, ReadingBatch
from facility.store.duckdb import DuckStore
from rules.book.books import Books
from rules.book.rulebook import load
from rules.trials.backtests import Backtests
from tests.api.people import add_accounts, name_of, token_of

DUSK = from_rfc3339("2026-06-21T20:30:00+08:00")
LAMPS = tuple(f"L{n}" for n in range(1, 9))
STATES = ("lit", "dark", "off", "silent", "unknown")

# WebGL without a graphics card, and a browser that speaks to nobody but the page.
CHROMIUM = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# Bounds what hangs; five seconds, as it is by itself, is too short on a busy machine.
expect.set_options(timeout=20_000)


@dataclass
class District:
    """Two segments of four lamps and a cover, served at ``url``."""

    clock: VirtualClock
    desk: Desk
    bus: Bus
    store: DuckStore
    inventory: Inventory
    adopt: Adopt
    access: Access
    registers: Registers
    tallies: Tallies
    indicators: Indicators
    shelvings: Shelvings
    reports: Reports
    backtests: Backtests
    folder: Path

    @property
    def url(self) -> str:
        return self.server.url

    def app(self) -> FastAPI:
        return create_app(
            clock=self.clock,
            inventory=lambda: self.inventory,
            adopt=self.adopt,
            waveforms=lambda *_: [],
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
        )

    def start(self, port: int = 0) -> None:
        """Serves it."""
        self.server = Server(self.app(), port=port)
        self.server.start()

    def restart(self) -> None:
        """Starts a server again, where the last one was, after :meth:`Server.stop`."""
        self.start(self.server.port)

    def cookie(self, role: Role = "admin") -> SetCookieParam:
        """The session of the account of that role, for a browser."""
        token = token_of(self.access, name_of(role))
        return {"name": COOKIE, "value": token, "url": self.url, "httpOnly": True}

    def lamps_are(self, **states: tuple[str, ...]) -> None:
        """What the rules hold of the lamps now; those not named are lit."""
        named = {lamp: state for state, lamps in states.items() for lamp in lamps}
        codes = [STATES.index(named.get(lamp, "lit")) for lamp in LAMPS]
        now = self.clock.now_ms()
        seen = np.full(len(LAMPS), now, dtype=np.int64)
        state = np.array(codes, dtype=np.int8)
        self.bus.publish(KindState(Kind.STREETLIGHT, now, LAMPS, STATES, state, seen))

    def opens(self, case: str, kind: str, subject: str, *members: str, cause: str = "") -> None:
        """Records that the rules opened a case, at the clock's time."""
        event = CaseEvent(
            at=self.clock.now_ms(),
            event="opened",
            case=case,
            type=kind,
            subject=subject,
            members=members,
            cause=cause,
            evidence={"lamps": len(members), "power_w": 0.4, "odd_<b>key</b>": "<i>text</i>"},
            rule="test",
            rule_version="1",
        )
        assert self.desk.record([event]) == 1


def _lamp(number: int) -> Streetlight:
    segment, seq = divmod(number - 1, 4)
    return Streetlight(
        id=f"L{number}",
        area="410105",
        name=f"花园路{number}号灯",
        lon=113.68 + 0.0004 * seq,
        lat=34.78 + 0.002 * segment,
        road="花园路",
        segment=f"S{segment + 1}",
        seq=seq + 1,
        rated_w=120,
    )


def _readings() -> ReadingBatch:
    """An evening of L1: lit, then dark ten minutes before dusk."""
    ts = np.arange(DUSK - 60 * MINUTE, DUSK, 5 * MINUTE, dtype=np.int64)
    power = np.where(ts < DUSK - 10 * MINUTE, 118.0, 0.4)
    series = np.zeros(len(ts), dtype=np.int32)
    return ReadingBatch(Kind.STREETLIGHT, Names(["L1"]), series, ts, ts, {"power_w": power})


@pytest.fixture
def district(tmp_path: Path) -> Iterator[District]:
    if not (control_room.STATIC / "index.html").is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no built page: run make setup")
    url = f"sqlite:///{tmp_path}/cases.db"
    upgrade(url)
    add_accounts(url)
    cover = Cover(id="M1", area="410105", name="花园路雨水井", lon=113.681, lat=34.781)
    inventory = Inventory.of([*(_lamp(n + 1) for n in range(len(LAMPS))), cover])
    clock, bus = VirtualClock(DUSK, 1.0), LocalBus()
    desk = Desk(url, hooks=(Ledger(Units()).hook,))
    store = DuckStore(tmp_path / "readings.duckdb")
    store.write(_readings())
    access = Access(Accounts(url), Keys(url), bytes(32))
    registers = Registers(url, ZoneInfo("Asia/Shanghai"))
    shelvings, tallies = Shelvings(url), Tallies(url)
    indicators = Indicators(url, tallies, ZoneInfo("Asia/Shanghai"))
    adopt = KeptInventory(tmp_path).adopt
    reports = Reports(url, desk, lambda: inventory, PhotoFiles(tmp_path / "photos"))
    served = District(
        clock,
        desk,
        bus,
        store,
        inventory,
        adopt,
        access,
        registers,
        tallies,
        indicators,
        shelvings,
        reports,
        Backtests(store, lambda: inventory, Grid, load_plans(), "Asia/Shanghai", load),
        tmp_path,
    )
    served.start()
    served.lamps_are()
    yield served
    served.server.stop()
    served.backtests.close()
    store.close()
    desk.close()
    reports.close()
    access.accounts.close()
    access.keys.close()
    registers.close()
    tallies.close()
    indicators.close()
    shelvings.close()


# Not for longer: while it is open no other test on this thread can have an event loop.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def filed(district: District) -> District:
    """Its cases are filed from here on."""
    district.desk.filing = Filing(
        standard.load(), calendar.load("Asia/Shanghai"), district.inventory.assets.get
    )
    return district


@pytest.fixture
def role() -> Role:
    """Who :func:`page` is signed in as; a test that wants another parametrizes it."""
    return "admin"


@pytest.fixture
def page(browser: Browser, district: District, role: Role) -> Iterator[Page]:
    """The control room, signed in and live. Fails if it asked anything of another machine."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    context.add_cookies([district.cookie(role)])
    page = context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.extend(_refused_by_policy(said.text)))
    page.goto(district.url)
    page.get_by_text("实时", exact=True).wait_for()
    yield page
    context.close()
    own = (district.url, f"blob:{district.url}", "data:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert faults == []


def _refused_by_policy(said: str) -> list[str]:
    """What the browser says of something that the page's own policy forbids it."""
    return [said] if "Content Security Policy" in said else []
