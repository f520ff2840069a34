"""``doctor``: looks at everything a running Xiuhua needs, and says what is wrong with it."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from api import signing_key
from api.page import STATIC
from cases.database import upgrade
from cases.desk import Desk
from cases.notices import units
from cases.notices.courier import routes
from command.house import CASES, READINGS, cases_url, open_store, read_filing
from command.offices import read_offices
from command.settings import Settings, settings_of
from facility import inventory_file
from facility.broker_check import find_limits
from facility.clock import to_rfc3339
from facility.errors import XiuhuaError
from facility.grid import Level
from facility.kept_inventory import KeptInventory
from facility.measurements import STATUS, Kind

_LITTLE_DISK = 2 << 30
_REACH_S = 3.0
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``level`` is ``ok``, ``warn`` (it runs, but) or ``fail``."""

    level: str
    what: str
    words: str


def doctor(options: argparse.Namespace) -> int:
    """Prints what was found, a line each; 1 where something fails."""
    settings = settings_of(options)
    failed = False
    for check in _CHECKS:
        for finding in _findings(check, settings):
            failed |= finding.level == "fail"
            sys.stdout.write(f"{finding.level:5} {finding.what}: {finding.words}\n")
            sys.stdout.flush()
    return int(failed)


def _findings(
    check: Callable[[Settings], Iterator[Finding]], settings: Settings
) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except XiuhuaError as error:
        yield Finding("fail", check.__name__.strip("_").replace("_", " "), str(error))


def _data_dir(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir
    existing = next(p for p in (path, *path.resolve().parents) if p.exists())
    if not os.access(existing, os.W_OK):
        yield Finding("fail", "data dir", f"{path} cannot be written by this user")
        return
    free = shutil.disk_usage(existing).free
    level = "warn" if free < _LITTLE_DISK else "ok"
    new = "" if path.exists() else " (not there yet; the first start makes it)"
    yield Finding(level, "data dir", f"{path}{new}, {free / 2**30:.1f} GiB free")


def _signing_key(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir / signing_key.FILE
    if not path.exists():
        yield Finding("ok", "signing key", "none yet; the first start makes it")
        return
    signing_key.load(settings.data_dir)
    if signing_key.open_to_others(path):
        yield Finding(
            "fail",
            "signing key",
            f"others can read {path}, and sign in as anybody; delete it and start again",
        )
    else:
        yield Finding("ok", "signing key", "for its owner alone")


def _inventory(settings: Settings) -> Iterator[Finding]:
    inventory = inventory_file.load(settings.data_dir)
    if not inventory.assets:
        yield Finding("warn", "inventory", "empty; bring one in with: xiuhua import FILE")
        return
    counts = ", ".join(f"{len(inventory.of_kind(kind)):,} {kind}" for kind in Kind)
    yield Finding("ok", "inventory", counts)
    learned = sum(asset.report_every_s is None for asset in inventory.assets.values())
    if learned:
        yield Finding(
            "warn",
            "inventory",
            f"{learned:,} assets have no report_every_s: silence is judged once it is learned",
        )


def _page(_: Settings) -> Iterator[Finding]:
    if (STATIC / "index.html").exists():
        yield Finding("ok", "page", "built")
    else:
        yield Finding("fail", "page", "not built; run: make setup")


def _broker(settings: Settings) -> Iterator[Finding]:
    limits = find_limits(settings.mqtt)
    where = settings.mqtt.url.rpartition("@")[2].removeprefix("mqtt://")
    if limits.loses_acknowledged:
        yield Finding(
            "fail",
            "broker",
            f"{where} keeps only {limits.queued:,} messages for a subscriber that is away and "
            "drops the rest; set max_queued_messages as in deploy/mosquitto.conf",
        )
    else:
        yield Finding("ok", "broker", f"{where} keeps messages for a subscriber that is away")
    if limits.slow:
        yield Finding(
            "warn",
            "broker",
            f"{where} lets {limits.in_flight} messages be unacknowledged, which holds ingest back; "
            "set max_inflight_messages 0",
        )
    yield Finding(
        "ok", "broker", "whether it keeps them over a restart cannot be seen: set persistence true"
    )


def _readings(settings: Settings) -> Iterator[Finding]:
    backend = settings.store.backend
    if backend == "duckdb" and not (settings.data_dir / READINGS).exists():
        yield Finding("ok", "readings", "duckdb, none yet; the first start makes the file")
        return
    store = open_store(settings)
    try:
        newest = max(
            (int(batch.ts.max()) for table in (*Kind, STATUS) if len(batch := store.latest(table))),
            default=0,
        )
    finally:
        store.close()
    told = f"newest reading {to_rfc3339(newest)}" if newest else "no reading yet"
    yield Finding("ok", "readings", f"{backend}, {told}")


def _cases(settings: Settings) -> Iterator[Finding]:
    if settings.cases.url is None and not (settings.data_dir / CASES).exists():
        yield Finding("ok", "cases", "none yet; the first start makes the file")
        return
    url = cases_url(settings)
    upgrade(url)
    desk = Desk(url)
    try:
        counts = ", ".join(f"{many:,} {state}" for state, many in desk.counts().items())
    finally:
        desk.close()
    yield Finding("ok", "cases", counts)


def _units(settings: Settings) -> Iterator[Finding]:
    """Whether units, inventory and grid mean the same units and streets."""
    found = units.load(settings.data_dir / "units.toml")
    if not len(found):
        yield Finding("warn", "units", "none: supervision tells nobody (docs/supervision.md)")
        return
    yield Finding("ok", "units", f"{len(found):,}")
    kept = KeptInventory(settings.data_dir)
    grid, owners = kept.grid(), Counter(asset.owner for asset in kept().assets.values())
    unknown = sorted({street for unit in found for street in unit.streets} - grid.cells.keys())
    if unknown:
        yield Finding("warn", "units", f"streets that are not in the grid: {_some(unknown)}")
    streets = (cell.code for cell in grid.cells.values() if cell.level is Level.STREET)
    if alone := [street for street in streets if found.office(street) is None]:
        yield Finding("warn", "units", f"streets without an office: {_some(alone)}")
    named = read_filing(settings, kept).standard.editions[0].owners
    if unknown := sorted({one for owner in named for one in owner.streets} - grid.cells.keys()):
        yield Finding("warn", "standard", f"streets that are not in the grid: {_some(unknown)}")
    if absent := sorted({owner.unit for owner in named if not found.get(owner.unit)}):
        yield Finding("warn", "standard", f"owners that are no unit: {_some(absent)}")
    if absent := [owner for owner, _ in owners.most_common() if owner and not found.get(owner)]:
        yield Finding("warn", "units", f"owners of assets that are no unit: {_some(absent)}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _contacts(settings: Settings) -> Iterator[Finding]:
    """Whether everybody who is to be told can be reached; nothing is sent."""
    offices = read_offices(settings, read_filing(settings, KeptInventory(settings.data_dir)))
    ways = routes(offices.telling.recipients(), settings.notify.gateways)
    if not ways:
        yield Finding("ok", "contacts", "none: nobody is told of cases (docs/notifications.md)")
        return
    hosts: dict[tuple[str, int], list[str]] = {}
    for (who, by), route in ways.items():
        if (host := route.channel.host) is not None:
            hosts.setdefault(host, []).append(f"{who} ({by})")
    for host, reached in sorted(hosts.items()):
        where = f"{host[0]}:{host[1]}, for {len(reached)}: {_some(reached)}"
        try:
            socket.create_connection(host, _REACH_S).close()
        except OSError as error:
            yield Finding("warn", "contacts", f"cannot reach {where}: {error.strerror or error}")
        else:
            yield Finding("ok", "contacts", f"can reach {where}")
    if settings.notify.dry_run:
        yield Finding("warn", "contacts", "notify.dry_run is set: nothing is sent")


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _data_dir,
    _signing_key,
    _inventory,
    _page,
    _broker,
    _readings,
    _cases,
    _units,
    _contacts,
)
