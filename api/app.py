"""The app: every part is an argument, nothing is global, and importing it does nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI

from api import page, problems, reference
from api.access import Access
from api.caller import Guard
from api.edge import Edge
from api.feed import Feed
from api.gauges import Gauges
from api.hub import Hub
from api.live import Live
from api.metrics import Metrics
from api.parts import Adopt, Parts, Site, Waveforms
from api.places import CurrentPlaces
from api.routes import (
    accounts,
    assets,
    backtests,
    bursts,
    calendar,
    cases,
    coverages,
    daybook,
    grid,
    health,
    kpi,
    metrics,
    monthly,
    open311,
    photos,
    public_reports,
    readings,
    recurrent,
    resident,
    rulebooks,
    schedules,
    segments,
    session,
    shelvings,
    standard,
    states,
    stream,
    supervision,
    unregistered,
)
from api.routes import reports as staff_reports
from api.shapes.shape import Problem
from api.unclosed import CurrentUnclosed
from cases.desk import Desk
from cases.indicators.table import Indicators
from cases.registers import Registers
from cases.residents.reports import Reports
from cases.shelvings import Shelvings
from cases.tallies import Tallies
from facility.bus import Bus
from facility.clock import Clock
from facility.inventory import Inventory
from facility.store.base import ReadingsStore
from rules.book.books import Books
from rules.trials.backtests import Backtests

BASE = "/api/v1"


def create_app(
    *,
    clock: Clock,
    inventory: Callable[[], Inventory],
    adopt: Adopt,
    waveforms: Waveforms,
    store: ReadingsStore,
    desk: Desk,
    bus: Bus,
    site: Site,
    access: Access,
    registers: Registers,
    tallies: Tallies,
    indicators: Indicators,
    shelvings: Shelvings,
    reports: Reports,
    backtests: Backtests,
    books: Books,
    live: Live | None = None,
    static: Path = page.STATIC,
) -> FastAPI:
    """The API and the control room.

    ``inventory`` is asked again for every request, and may answer another one when it was
    replaced; ``adopt`` installs one asset, ``waveforms`` finds captured ones. The app listens on
    ``bus`` from now on; it owns none of its parts, so closing them is the caller's. ``live`` and
    ``static`` are for tests.
    ``app.state.parts.hub.wake()`` makes the stream tell of a new case event at once.
    """
    live = live or Live()
    places = CurrentPlaces(inventory)
    unclosed = CurrentUnclosed(desk)
    hub = Hub(Feed(clock, places, live, desk, unclosed))
    counters = Metrics()
    parts = Parts(
        clock=clock,
        site=site,
        places=places,
        adopt=adopt,
        waveforms=waveforms,
        live=live,
        store=store,
        desk=desk,
        unclosed=unclosed,
        hub=hub,
        metrics=counters,
        access=access,
        registers=registers,
        tallies=tallies,
        indicators=indicators,
        shelvings=shelvings,
        reports=reports,
        backtests=backtests,
        books=books,
    )
    counters.registry.register(Gauges(parts))
    bus.listen(live.hear)

    app = FastAPI(
        title="Xiuhua HTTP API",
        description="A city's facilities, their state, and one case per real fault. "
        "Errors are RFC 9457 problem documents.",
        version=version("xiuhua"),
        docs_url=None,
        redoc_url=None,
        openapi_url=reference.OPENAPI,
        redirect_slashes=False,
        lifespan=_running,
        responses={"default": _PROBLEM},
    )
    app.state.parts = parts
    app.state.developing = asyncio.Semaphore(1)
    allowed = reports.settings.photos
    app.add_middleware(Edge, metrics=counters, photo_bytes=allowed.most * allowed.most_bytes)
    problems.install(app)
    for room in _ROOMS:
        guard = Guard(BASE, keeps_own_trail=room in (session, accounts, schedules))
        app.include_router(room.router, prefix=BASE, dependencies=[Depends(guard)])
    for room in (metrics, open311, resident):
        app.include_router(room.router, dependencies=[Depends(Guard())])
    app.include_router(reference.router)
    reference.describe_calls(app)
    app.router.default = page.ControlRoom(static)
    return app


_ROOMS = (
    health,
    session,
    assets,
    states,
    unregistered,
    bursts,
    readings,
    segments,
    cases,
    supervision,
    schedules,
    calendar,
    standard,
    grid,
    daybook,
    kpi,
    coverages,
    monthly,
    recurrent,
    shelvings,
    rulebooks,
    backtests,
    stream,
    accounts,
    staff_reports,
    public_reports,
    photos,
)

_PROBLEM: dict[str, Any] = {
    "description": "what is wrong",
    "content": {problems.MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
}


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    hub: Hub = app.state.parts.hub
    polling = asyncio.create_task(hub.run())
    yield
    hub.close()
    await polling
