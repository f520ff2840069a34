"""The rooms of one process, opened as they are asked for and closed in reverse."""

from __future__ import annotations

import logging
import socket
from contextlib import ExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import URL, Engine

from api import signing_key
from api.access import Access
from api.app import create_app
from api.parts import Site
from api.serve import Server
from cases import database
from cases.clerk import Clerk
from cases.database import upgrade
from cases.desk import Desk
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from cases.indicators.table import Indicators
from cases.notices.courier import Courier, routes
from cases.people.accounts import FIRST, Accounts
from cases.people.audit import Trail
from cases.people.keys import Keys
from cases.periodic.occurrences import Rounds
from cases.registers import Registers
from cases.residents.news import News, Residents
from cases.residents.photos import PhotoFiles
from cases.residents.reports import Reports
from cases.residents.tokens import Tokens
from cases.residents.upkeep import ReportUpkeep
from cases.shelvings import Shelvings
from cases.supervision.overseer import Overseer
from cases.tallies import Tallies
from command.offices import read_offices
from command.settings import Settings
from facility.bus import Bus
from facility.clock import DAY, Clock
from facility.errors import UsageError
from facility.garbage import set_aside
from facility.kept_inventory import KeptInventory
from facility.mqtt import MqttSettings
from facility.plans import OWN, load_plans
from facility.store.base import ReadingsStore
from facility.store.duckdb import DuckStore
from facility.store.influx import InfluxStore
from facility.store.rollup import RollUp
from facility.store.upkeep import Upkeep
from ingest.messages import Burst
from ingest.quarantine import bursts
from ingest.service import IngestService
from rules.book import rulebook
from rules.book.books import Books
from rules.book.versions import FOLDER
from rules.service import RulesService
from rules.trials.backtests import Backtests

log = logging.getLogger("xiuhua")

READINGS, CASES = "readings.duckdb", "cases.sqlite"
"""Files of a data directory, where nothing else is set."""

SYSTEM = "xiuhua"
"""Who the audit trail names for what the command does by itself."""


class House:
    """The rooms of one process, opened as they are asked for and closed in reverse."""

    def __init__(self, settings: Settings, stack: ExitStack, clock: Clock, bus: Bus) -> None:
        self._settings = settings
        self._stack = stack
        self._clock = clock
        self._bus = bus
        make_folder(settings.data_dir)
        self.kept = KeptInventory(settings.data_dir, set_aside)
        if not self.kept().assets:
            log.warning("the inventory is empty; bring one in with: xiuhua import FILE")
        self.store = open_store(settings)
        stack.callback(self.store.close)
        self._filing = read_filing(settings, self.kept)
        self._offices = read_offices(settings, self._filing)

    def _open_desk(self) -> Desk:
        url = cases_url(self._settings)
        upgrade(url)
        settings = self._settings
        news = News(settings.reports.news, self._filing, settings.notify.window_s)
        hooks = (*self._offices.hooks, news.hook)
        desk = Desk(url, self._filing, hooks, settings.cases.recurs_within_days * DAY)
        self._stack.callback(desk.close)
        return desk

    def _open_tallies(self) -> Tallies:
        tallies = Tallies(cases_url(self._settings))
        self._stack.callback(tallies.close)
        return tallies

    def _open_indicators(self, tallies: Tallies) -> Indicators:
        zone = ZoneInfo(self._settings.site.timezone)
        url = cases_url(self._settings)
        indicators = Indicators(url, tallies, zone, self._filing.calendar)
        self._stack.callback(indicators.close)
        return indicators

    def _open_shelvings(self) -> Shelvings:
        shelvings = Shelvings(cases_url(self._settings))
        self._stack.callback(shelvings.close)
        return shelvings

    def _open_backtests(self) -> Backtests:
        backtests = Backtests(
            self.store,
            self.kept,
            self.kept.grid,
            load_plans(self._settings.data_dir / OWN),
            self._settings.site.timezone,
            lambda: rulebook.load(self._settings.rules.rulebook),
        )
        self._stack.callback(backtests.close)
        return backtests

    def open_access(self) -> Access:
        """Who may come in."""
        url = cases_url(self._settings)
        upgrade(url)
        accounts, keys = Accounts(url), Keys(url)
        self._stack.callback(accounts.close)
        self._stack.callback(keys.close)
        return Access(accounts, keys, signing_key.load(self._settings.data_dir))

    def _open_reports(self, desk: Desk) -> Reports:
        files = PhotoFiles(self._settings.data_dir / "photos")
        url, settings = cases_url(self._settings), self._settings.reports
        tokens = Tokens(signing_key.load(self._settings.data_dir))
        reports = Reports(url, desk, self.kept, files, settings, tokens)
        self._stack.callback(reports.close)
        return reports

    def run_api(self, access: Access, listener: socket.socket) -> Server:
        """Serves the control room and the API.

        Where there is no account yet it makes ``admin``, whose password is told this once: last,
        when nothing is left that could make the start fail.
        """
        site = Site(self._settings.site.area, self._settings.site.timezone)
        registers = Registers(cases_url(self._settings), ZoneInfo(site.timezone))
        shelvings, backtests = self._open_shelvings(), self._open_backtests()
        self._stack.callback(registers.close)
        desk, tallies = self._open_desk(), self._open_tallies()
        app = create_app(
            clock=self._clock,
            inventory=self.kept,
            adopt=self.kept.adopt,
            waveforms=self._waveforms,
            store=self.store,
            desk=desk,
            bus=self._bus,
            site=site,
            access=access,
            registers=registers,
            tallies=tallies,
            indicators=self._open_indicators(tallies),
            shelvings=shelvings,
            reports=self._open_reports(desk),
            backtests=backtests,
            books=Books(self._settings.rules.rulebook, self._settings.data_dir / FOLDER),
        )
        server = Server(app, self._settings.api.host, listener=listener)
        password = access.accounts.first_admin(access.by(SYSTEM, ""))
        if password is not None:
            log.warning("first start: sign in as %s with the password %s", FIRST, password)
            log.warning("it is kept nowhere; if it is lost: xiuhua user password %s", FIRST)
        server.start()
        self._stack.callback(server.stop)
        return server

    def _waveforms(self, device: str, most: int) -> list[Burst]:
        """The newest of what every ingest on this data directory keeps."""
        found = [
            burst
            for spool in sorted(self._settings.data_dir.glob("*.spool"))
            for burst in bursts(spool, device, most)
        ]
        return sorted(found, key=lambda burst: -burst.ts)[:most]

    def run_rules(self) -> None:
        """Runs the engine over what the bus brings."""
        rules = RulesService(
            self._settings.rules,
            self.kept,
            load_plans(self._settings.data_dir / OWN),
            self._settings.site.timezone,
            self.store,
            self._open_desk(),
            self._bus,
            self._clock,
            self._settings.data_dir / "rules.state",
            self.kept.grid,
            self._open_tallies(),
            self._open_shelvings(),
        )
        self._stack.callback(rules.stop)
        # Here because of rules there is one process only, and one is enough.
        kept = self._settings.store
        roll_up = RollUp(self.store, raw_days=kept.raw_days, retention_days=kept.retention_days)
        upkeep = Upkeep(roll_up, self._clock)
        self._stack.callback(upkeep.loop.stop)
        upkeep.loop.start()
        rules.start()
        self._run_clerk()

    def _run_clerk(self) -> None:
        """Lets time pass over the cases, and sends what is to be told of them."""
        settings, telling = self._settings, self._offices.telling
        desk = self._open_desk()
        engine = database.connect(cases_url(settings))
        self._stack.callback(engine.dispose)
        ways = routes(telling.recipients(), settings.notify.gateways)
        residents = open_residents(settings, engine, telling.book.timezone)
        clerk = Clerk(
            desk,
            Overseer(desk, engine, self._offices.figures, telling),
            Rounds(desk, engine, self.kept, self.kept.grid, ZoneInfo(settings.site.timezone)),
            Courier(engine, ways, telling.book, settings.notify, self._clock, residents),
            Trail(engine, settings.cases.keep_audit_days),
            self._bus,
            self._clock,
        )
        self._stack.callback(clerk.stop)
        clerk.start()
        upkeep = ReportUpkeep(self._open_reports(desk), self._clock)
        self._stack.callback(upkeep.loop.stop)
        upkeep.loop.start()

    def run_ingest(self, mqtt: MqttSettings) -> None:
        """Takes the devices' messages in."""
        settings = self._settings
        ingest = IngestService(
            settings.ingest, mqtt, settings.data_dir, self.store, self._bus, self._clock
        )
        self._stack.callback(ingest.stop)
        ingest.start()


def make_folder(data_dir: Path) -> None:
    """Makes the data directory where it is not there. UsageError where that cannot be."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot use the data directory {data_dir} ({error.strerror}); "
            "choose another with --data-dir"
        ) from None


def open_store(settings: Settings) -> ReadingsStore:
    """The readings store of the settings. UsageError where it cannot be opened."""
    store = settings.store
    if store.backend == "duckdb":
        return DuckStore(settings.data_dir / READINGS)
    token = store.token.get_secret_value() if store.token else ""
    return InfluxStore(
        store.url,
        store.bucket,
        token=token,
        org=store.org,
        raw_days=store.raw_days,
        retention_days=store.retention_days,
    )


def read_filing(settings: Settings, kept: KeptInventory) -> Filing:
    """What cases are filed by: the data directory's own standard and days, or those shipped."""
    standards, days = settings.data_dir / "standards", settings.data_dir / "calendar.toml"
    return Filing(
        standard.load(standards if standards.is_dir() else standard.SHIPPED),
        calendar.load(settings.site.timezone, days if days.exists() else None),
        lambda asset: kept().assets.get(asset),
        kept.grid,
    )


def open_residents(settings: Settings, engine: Engine, timezone: ZoneInfo) -> Residents:
    """The ways to residents who want news."""
    tokens = Tokens(signing_key.load(settings.data_dir))
    return Residents(engine, settings.reports, settings.notify.gateways, timezone, tokens)


def cases_url(settings: Settings) -> str:
    """Where the cases are kept, as SQLAlchemy writes it."""
    if settings.cases.url:
        return settings.cases.url
    path = str(settings.data_dir / CASES)
    return URL.create("sqlite", database=path).render_as_string()
