"""The demo: a simulated district on a virtual clock, its fleet in a process of its own."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from pydantic import BaseModel, Field

from facility.background import Loop
from facility.broker import child, end
from facility.clock import VirtualClock, from_rfc3339, to_rfc3339
from facility.errors import UsageError
from simulators import geojson
from simulators.fleet import build
from simulators.scenario import Scenario, load

_SAVE_EVERY_S = 5.0
_GAP_MS = 60_000


class DemoSettings(BaseModel, extra="forbid"):
    """What a demo shows: a scenario's name or a TOML file, and how many times as fast as life."""

    scenario: str = "jinshui-demo"
    speed: float = Field(default=60.0, gt=0, le=3_600)


class _Saved(msgspec.Struct):
    at: str


class Demo:
    """A district that begins at its scenario's start, or where its last run ended.

    The clock's time is kept in the data directory, so a second start goes on from there.
    """

    def __init__(self, data_dir: Path, settings: DemoSettings) -> None:
        self._folder = data_dir / "demo"
        self._settings = settings
        self._scenario: Scenario = load(settings.scenario)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._saved_clock = self._folder / "clock.json"
        last = self._last_ms()
        start = self._scenario.start_ms if last is None else last + _GAP_MS
        self.clock = VirtualClock(start, settings.speed, datetime.now(UTC).timestamp())
        self._saving = Loop("demo clock", self._save)

    @property
    def timezone(self) -> str:
        return self._scenario.district.timezone

    def write_inventory(self) -> tuple[Path, Path]:
        """Writes the district's inventory and grid; the two files."""
        fleet = build(self._scenario)
        inventory, grid = self._folder / "inventory.geojson", self._folder / "grid.geojson"
        inventory.write_bytes(geojson.inventory(fleet))
        grid.write_bytes(geojson.grid(fleet))
        return inventory, grid

    def start(self, broker_url: str) -> None:
        """Starts the fleet, reporting to the broker."""
        clock = self.clock
        command = [sys.executable, "-m", "xiuhua", "simulate", self._settings.scenario]
        command += ["--mqtt", broker_url, "--clock"]
        command += [f"{to_rfc3339(clock.start_ms)},{clock.speed:g},{clock.origin_s!r}"]
        self._process = child(command, self._folder / "fleet.log")
        self._saving.start()

    def stop(self) -> None:
        """Ends the fleet and keeps the clock's time."""
        self._saving.stop()
        end(self._process)
        self._save_now()

    def _save(self) -> None:
        self._saving.wait(_SAVE_EVERY_S)
        self._save_now()

    def _save_now(self) -> None:
        fresh = self._saved_clock.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(_Saved(to_rfc3339(self.clock.now_ms()))))
        fresh.replace(self._saved_clock)

    def _last_ms(self) -> int | None:
        try:
            return from_rfc3339(msgspec.json.decode(self._saved_clock.read_bytes(), type=_Saved).at)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, ValueError):
            raise UsageError(f"{self._saved_clock} is damaged; delete it to begin anew") from None


def read_clock(text: str) -> VirtualClock:
    """The clock of another process, as :meth:`Demo.start` hands it on: START,SPEED,ORIGIN.

    UsageError where it is none.
    """
    try:
        start, speed, origin = text.split(",")
        clock = VirtualClock(from_rfc3339(start), float(speed), float(origin))
    except ValueError:
        raise UsageError(
            f"{text!r} is no clock; write START,SPEED,ORIGIN: an RFC 3339 time, how many times as "
            "fast as the machine's clock it runs, and the Unix time at which it showed START"
        ) from None
    if clock.speed <= 0:
        raise UsageError(f"the clock's speed must be above 0, not {speed}")
    return clock
