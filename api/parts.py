"""What the routes work with: the parts that the app was made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import msgspec
from fastapi import Depends, Request
from starlette.responses import Response

from api.access import Access
from api.hub import Hub
from api.live import Live
from api.metrics import Metrics
from api.places import CurrentPlaces
from api.unclosed import CurrentUnclosed
from cases.desk import Desk
from cases.indicators.table import Indicators
from cases.registers import Registers
from cases.residents.reports import Reports
from cases.shelvings import Shelvings
from cases.tallies import Tallies
from facility.assets import Asset
from facility.clock import Clock
from facility.grid import Grid
from facility.store.base import ReadingsStore
from rules.book.books import Books
from rules.trials.backtests import Backtests


@dataclass(frozen=True, slots=True)
class Site:
    """The place: its area code, and the time zone that its people live in."""

    area: str
    timezone: str


Adopt = Callable[[Mapping[str, Any]], Asset]
"""Installs an asset of the contract's properties; see :class:`facility.kept_inventory`."""


class Waveform(Protocol):
    """A captured waveform: int16 little-endian ``samples``, each worth ``scale_g``."""

    @property
    def ts(self) -> int: ...
    @property
    def rate_hz(self) -> float: ...
    @property
    def scale_g(self) -> float: ...
    @property
    def samples(self) -> bytes: ...


Waveforms = Callable[[str, int], Sequence[Waveform]]
"""(device, at most so many) → its newest waveforms, newest first."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a request may need."""

    clock: Clock
    site: Site
    places: CurrentPlaces
    adopt: Adopt
    waveforms: Waveforms
    live: Live
    store: ReadingsStore
    desk: Desk
    unclosed: CurrentUnclosed
    hub: Hub
    metrics: Metrics
    access: Access
    registers: Registers
    tallies: Tallies
    indicators: Indicators
    shelvings: Shelvings
    reports: Reports
    backtests: Backtests
    books: Books

    def grid(self) -> Grid:
        """The cells as they are now; none where cases are not filed."""
        return self.desk.filing.grid() if self.desk.filing else Grid()


async def _parts(request: Request) -> Parts:
    # Not a plain function: those are each sent to a thread, which takes longer than they do.
    parts: Parts = request.app.state.parts
    return parts


FromApp = Annotated[Parts, Depends(_parts)]


def answer(value: Any, media_type: str = "application/json", status: int = 200) -> Response:
    """A JSON answer; NaN becomes null. Nothing here may be kept by a cache: all of it is live."""
    return Response(
        msgspec.json.encode(value),
        status_code=status,
        media_type=media_type,
        headers={"Cache-Control": "no-store"},
    )
