"""``up``, and ``ingest``, ``rules`` and ``api`` alone."""

from __future__ import annotations

import argparse
import logging
from contextlib import ExitStack
from functools import partial

from api.serve import listen
from cases.notices import units
from command import demo_people, demo_rounds
from command.house import House, make_folder
from command.settings import settings_of
from command.stopping import Stopping
from facility import importing
from facility.broker import EmbeddedBroker
from facility.bus import LocalBus
from facility.clock import Clock, SystemClock
from facility.garbage import set_aside, take_back
from facility.mqtt import MqttSettings
from facility.mqtt_bus import MqttBus
from simulators.demo import Demo
from simulators.people.district import People

log = logging.getLogger("xiuhua")


def up(options: argparse.Namespace) -> int:
    """Everything in one process tree, on embedded parts."""
    settings = settings_of(options)
    with ExitStack() as stack:
        stopping = Stopping()
        listener = stack.enter_context(listen(settings.api.host, settings.api.port))
        make_folder(settings.data_dir)
        demo = Demo(settings.data_dir, settings.demo) if options.demo else None
        clock: Clock = SystemClock()
        if demo:
            clock = demo.clock
            inventory, grid = demo.write_inventory()
            importing.import_files(settings.data_dir, inventory, grid_file=grid)
            settings.site.timezone = demo.timezone
            units.give_example(settings.data_dir)
        mqtt = settings.mqtt
        if options.mqtt is None:
            broker = EmbeddedBroker(settings.data_dir / "broker", options.mqtt_port)
            stack.callback(broker.stop)
            mqtt = MqttSettings(url=broker.url)
            log.info("broker: %s on %s", broker.name, broker.url)
        house = House(settings, stack, clock, LocalBus())
        access = house.open_access()
        passwords = demo_people.prepare(access, house.kept(), settings.data_dir) if demo else None
        if demo:
            demo_rounds.prepare(settings, clock)
        server = house.run_api(access, listener)
        house.run_rules()
        house.run_ingest(mqtt)
        if demo:
            demo.start(mqtt.url)
            stack.callback(demo.stop)
            people = People(server.url, partial(demo_people.crew_key, access), clock)
            stack.callback(people.loop.stop)
            people.loop.start()
        address = server.url
        if passwords:
            once = access.make_once("admin")
            address = f"{address}/#key={once} (signs in one time; other accounts: {passwords})"
        log.info("the control room is at %s; Ctrl-C stops everything", address)
        set_aside()
        stack.callback(take_back)
        stopping.wait()
        log.info("stopping")
    return 0


def one_service(options: argparse.Namespace) -> int:
    """``ingest``, ``rules`` or ``api`` alone, over the broker's bus."""
    settings = settings_of(options)
    name: str = options.command
    listens_to = {"ingest": (), "rules": ("batch/#",), "api": ("state/#", "health/#")}[name]
    with ExitStack() as stack:
        stopping = Stopping()
        bus = MqttBus(settings.mqtt, f"xiuhua-bus-{name}-{settings.ingest.client_id}", listens_to)
        stack.callback(bus.close)
        house = House(settings, stack, SystemClock(), bus)
        match name:
            case "ingest":
                house.run_ingest(settings.mqtt)
            case "rules":
                house.run_rules()
            case "api":
                listener = listen(settings.api.host, settings.api.port)
                server = house.run_api(house.open_access(), listener)
                log.info("the control room is at %s", server.url)
        set_aside()
        stack.callback(take_back)
        stopping.wait()
    return 0
