"""The command ``xiuhua``: wires the rooms together, and knows nothing else."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import URL

from api.app import create_app
from api.parts import Site
from api.serve import Server
from cases.database import upgrade
from cases.desk import Desk
from facility import importing, inventory_file
from facility.broker import EmbeddedBroker
from facility.bus import Bus, LocalBus
from facility.clock import Clock, SystemClock, VirtualClock, to_rfc3339
from facility.errors import XiuhuaError
from facility.import_report import format_report
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.mqtt import MqttSettings, Session
from facility.mqtt_bus import MqttBus
from facility.settings import Layered, SiteSettings, StoreSettings
from facility.store.base import ReadingsStore
from facility.store.duckdb import DuckStore
from facility.store.influx import InfluxStore
from ingest.capture import Capture
from ingest.pipeline import Pipeline
from ingest.service import IngestService, IngestSettings
from rules import rulebook
from rules.engine import Engine
from rules.replay import event_line, replay
from rules.score import read_events, read_truth, report, score
from rules.service import RulesService, RulesSettings
from simulators.capture import capture as write_capture
from simulators.demo import Demo, read_clock
from simulators.publish import publish
from simulators.scenario import load as load_scenario

log = logging.getLogger("xiuhua")


class ApiSettings(BaseModel, extra="forbid"):
    """Where the control room is served."""

    host: str = "127.0.0.1"
    port: int = 8080


class CasesSettings(BaseModel, extra="forbid"):
    """The case database, an SQLAlchemy URL; a file in the data directory where none is given."""

    url: str | None = None


class Settings(Layered):
    """Everything that can be set, a section a room."""

    data_dir: Path = Path("data")
    site: SiteSettings = SiteSettings()
    mqtt: MqttSettings = MqttSettings()
    store: StoreSettings = StoreSettings()
    cases: CasesSettings = CasesSettings()
    ingest: IngestSettings = IngestSettings()
    rules: RulesSettings = RulesSettings()
    api: ApiSettings = ApiSettings()


class House:
    """The rooms of one process, opened as they are asked for and closed in reverse."""

    def __init__(self, settings: Settings, stack: ExitStack, clock: Clock, bus: Bus) -> None:
        self._settings = settings
        self._stack = stack
        self._clock = clock
        self._bus = bus
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.inventory: Inventory = inventory_file.load(settings.data_dir)
        if not self.inventory.assets:
            log.warning("the inventory is empty; bring one in with: xiuhua import FILE")
        self.store = self._open_store()
        stack.callback(self.store.close)

    def _open_store(self) -> ReadingsStore:
        store = self._settings.store
        if store.backend == "duckdb":
            return DuckStore(self._settings.data_dir / "readings.duckdb")
        token = store.token.get_secret_value() if store.token else ""
        return InfluxStore(store.url, store.bucket, token=token, org=store.org)

    def _open_desk(self) -> Desk:
        url = self._settings.cases.url
        if url is None:
            path = str(self._settings.data_dir / "cases.sqlite")
            url = URL.create("sqlite", database=path).render_as_string()
        upgrade(url)
        desk = Desk(url)
        self._stack.callback(desk.close)
        return desk

    def run_api(self) -> Server:
        """Serves the control room and the API."""
        site = Site(self._settings.site.area, self._settings.site.timezone)
        app = create_app(
            clock=self._clock,
            inventory=lambda: self.inventory,
            store=self.store,
            desk=self._open_desk(),
            bus=self._bus,
            site=site,
        )
        server = Server(app, self._settings.api.host, self._settings.api.port)
        server.start()
        self._stack.callback(server.stop)
        return server

    def run_rules(self) -> None:
        """Runs the engine over what the bus brings."""
        rules = RulesService(
            self._settings.rules,
            self.inventory,
            load_plans(),
            self._settings.site.timezone,
            self.store,
            self._open_desk(),
            self._bus,
            self._clock,
        )
        self._stack.callback(rules.stop)
        rules.start()

    def run_ingest(self, mqtt: MqttSettings) -> None:
        """Takes the devices' messages in."""
        settings = self._settings
        ingest = IngestService(
            settings.ingest, mqtt, settings.data_dir, self.store, self._bus, self._clock
        )
        self._stack.callback(ingest.stop)
        ingest.start()


def up(options: argparse.Namespace) -> int:
    """Everything in one process tree, on embedded parts."""
    settings = _settings(options)
    with ExitStack() as stack:
        stopped = _until_stopped()
        demo = Demo(settings.data_dir) if options.demo else None
        clock: Clock = SystemClock()
        if demo:
            clock = demo.clock
            inventory, grid = demo.write_inventory()
            importing.import_files(settings.data_dir, inventory, grid_file=grid)
            settings.site.timezone = demo.timezone
        mqtt = settings.mqtt
        if options.mqtt is None:
            broker = EmbeddedBroker(settings.data_dir / "broker", options.mqtt_port)
            stack.callback(broker.stop)
            mqtt = MqttSettings(url=broker.url)
            log.info("broker: %s on %s", broker.name, broker.url)
        house = House(settings, stack, clock, LocalBus())
        server = house.run_api()
        house.run_rules()
        house.run_ingest(mqtt)
        if demo:
            demo.start(mqtt.url)
            stack.callback(demo.stop)
        log.info("the control room is at %s (Ctrl-C stops everything)", server.url)
        stopped.wait()
        log.info("stopping")
    return 0


def one_service(options: argparse.Namespace) -> int:
    """``ingest``, ``rules`` or ``api`` alone, over the broker's bus."""
    settings = _settings(options)
    name: str = options.command
    listens_to = {"ingest": (), "rules": ("batch/#",), "api": ("state/#", "health/#")}[name]
    with ExitStack() as stack:
        stopped = _until_stopped()
        bus = MqttBus(settings.mqtt, f"xiuhua-bus-{name}-{settings.ingest.client_id}", listens_to)
        stack.callback(bus.close)
        house = House(settings, stack, SystemClock(), bus)
        match name:
            case "ingest":
                house.run_ingest(settings.mqtt)
            case "rules":
                house.run_rules()
            case "api":
                log.info("the control room is at %s", house.run_api().url)
        stopped.wait()
    return 0


def import_command(options: argparse.Namespace) -> int:
    """Brings an inventory in; 1 where a row was refused."""
    settings = _settings(options)
    result = importing.import_files(settings.data_dir, options.file, options.map, options.grid)
    sys.stderr.write(format_report(result) + "\n")
    return 1 if result.rejected else 0


def simulate_command(options: argparse.Namespace) -> int:
    """A simulated district: a recording as fast as the machine can, or live to a broker."""
    scenario = load_scenario(options.scenario)
    if options.capture:
        files = {"truth_path": options.truth, "grid_path": options.grid}
        inventory = options.inventory or _beside(options.capture)
        written = write_capture(scenario, options.capture, inventory_path=inventory, **files)
        sys.stderr.write(
            f"{written.messages:,} messages from {to_rfc3339(written.start_ms)} to "
            f"{to_rfc3339(written.end_ms)} with {written.faults} faults; "
            f"its inventory is {inventory or 'not written: name a file with --inventory'}\n"
        )
        return 0
    clock: Clock = SystemClock()
    if options.clock:
        clock = read_clock(options.clock)
    elif options.speed != 1:
        clock = VirtualClock(scenario.start_ms, options.speed, origin_s=time.time())
    settings = _settings(options)
    stopped = _until_stopped()
    session = Session(settings.mqtt, f"xiuhua-simulator-{os.getpid()}")
    session.start()
    try:
        publish(scenario, session.publish, clock, stopped)
    finally:
        session.stop()
    return 0


def _beside(capture: str) -> Path | None:
    """Where the inventory of a recording goes: beside it, by its name."""
    if capture == "-":
        return None
    path = Path(capture)
    return path.with_name(path.name.split(".")[0] + ".inventory.geojson")


def replay_command(options: argparse.Namespace) -> int:
    """The live engine over a recording: events on standard output, the rest on standard error."""
    settings = Settings.read(options.config)
    inventory = importing.read_inventory(
        options.inventory,
        grid_file=options.grid,
        on_report=lambda result: sys.stderr.write(format_report(result) + "\n"),
    )
    book = rulebook.load(settings.rules.rulebook)
    engine = Engine(inventory, load_plans(), settings.site.timezone, book)
    capture = Capture(options.capture)
    pipeline = Pipeline(settings.ingest.root)
    quarantined = 0
    write = sys.stdout.buffer.write
    for messages in capture.messages():
        decoded = pipeline.decode(messages)
        quarantined += len(decoded.quarantined)
        for event in replay(engine, [decoded.batches]):
            write(event_line(event))
    sys.stdout.buffer.flush()
    sys.stderr.write(
        f"{capture.lines:,} lines, {capture.skipped:,} unreadable; {engine.readings:,} readings, "
        f"{quarantined:,} quarantined, {engine.unknown_devices:,} of unknown devices\n"
    )
    for line, reason in capture.bad or ():
        sys.stderr.write(f"{options.capture}:{line}: {reason}\n")
    return 0


def score_command(options: argparse.Namespace) -> int:
    """Events held against the truth; 1 where a fault was missed or an alarm was false."""
    scores = score(read_events(options.events), read_truth(options.truth))
    if options.json:
        figures = {type_: one.to_json() for type_, one in scores.items()}
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        sys.stdout.write(report(scores))
    return 0 if all(one.recall == one.precision == 1 for one in scores.values()) else 1


def _settings(options: argparse.Namespace) -> Settings:
    """The settings, with what the command line says in their place."""
    settings = Settings.read(options.config)
    given = vars(options)
    if given.get("data_dir"):
        settings.data_dir = given["data_dir"]
    if given.get("api_port") is not None:
        settings.api.port = given["api_port"]
    if given.get("mqtt"):
        settings.mqtt.url = given["mqtt"]
    return settings


def _until_stopped() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "xiuhua", description="绣花 Xiuhua watches a city's facilities."
    )
    parser.add_argument("--config", type=Path, help="settings, instead of ./xiuhua.toml")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int], words: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=words, description=words)
        sub.add_argument("--config", type=Path, default=argparse.SUPPRESS)
        sub.set_defaults(run=run)
        return sub

    everything = command("up", up, "everything in one process tree, on embedded parts")
    everything.add_argument("--demo", action="store_true", help="with a simulated district")
    everything.add_argument("--mqtt-port", type=int, default=1883)
    for name in ("ingest", "rules", "api"):
        command(name, one_service, f"the {name} service alone, for production")
    for name in ("up", "ingest", "rules", "api"):
        service = commands.choices[name]
        service.add_argument("--data-dir", type=Path)
        service.add_argument("--mqtt", metavar="URL", help="use this broker")
        if name in ("up", "api"):
            service.add_argument("--api-port", type=int)

    bring = command("import", import_command, "brings an inventory in")
    bring.add_argument("file", type=Path)
    bring.add_argument("--grid", type=Path)
    bring.add_argument("--map", type=Path)
    bring.add_argument("--data-dir", type=Path)

    fleet = command("simulate", simulate_command, "a simulated district, recorded or live")
    fleet.add_argument("scenario", help="a scenario's name, or a TOML file")
    fleet.add_argument("--capture", metavar="OUT", help="write a recording; - is standard output")
    fleet.add_argument("--truth", type=Path, metavar="OUT", help="write what went wrong")
    fleet.add_argument("--inventory", type=Path, metavar="OUT", help="write what is installed")
    fleet.add_argument("--grid", type=Path, metavar="OUT", help="write the district's grid")
    fleet.add_argument("--speed", type=float, default=1.0, help="how many times as fast as life")
    fleet.add_argument("--clock", metavar="START,SPEED,ORIGIN", help="another process's clock")
    fleet.add_argument("--mqtt", metavar="URL", help="publish to this broker")

    again = command("replay", replay_command, "runs the live engine over a recording")
    again.add_argument("capture", help="what mosquitto_sub -F '%%j' prints; - is standard input")
    again.add_argument("--inventory", type=Path, required=True)
    again.add_argument("--grid", type=Path)

    mark = command("score", score_command, "holds a replay's events against the truth")
    mark.add_argument("--events", type=Path, required=True)
    mark.add_argument("--truth", type=Path, required=True)
    mark.add_argument("--json", action="store_true")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command; the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "uvicorn.error", "amqtt"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    options = _parser().parse_args(arguments)
    # Readings pass through as millions of short-lived dicts without cycles: the collector's default
    # of one look every 700 of them costs a quarter of the speed.
    gc.set_threshold(50_000, 20, 50)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except XiuhuaError as error:
        sys.stderr.write(f"xiuhua: {error}\n")
        return 2
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
