"""What is installed, and how each of it is now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.paging import Key, page_of
from api.parameters import Cursor, Limit, Parameters, Text
from api.parts import FromApp, Parts, answer
from api.places import Places
from api.problems import BadParameter, Problem
from api.represent import asset_json, case_json
from api.shapes.assets import AssetDetails, AssetPage
from facility.assets import Asset, Cabinet
from facility.clock import to_rfc3339
from facility.measurements import MEASUREMENTS, Kind
from facility.readings import ReadingBatch, series_of

router = APIRouter(tags=["assets"])


Sort = Literal["id", "name", "last_seen"]


class _Standing(NamedTuple):
    """An asset as it is now; ``last_seen`` (ms) is None where it never was."""

    asset: Asset
    state: str
    last_seen: int | None


_KEYS: dict[Sort, Callable[[_Standing], Key]] = {
    "id": lambda one: (one.asset.id,),
    "name": lambda one: (one.asset.name or "", one.asset.id),
    "last_seen": lambda one: (one.last_seen or 0, one.asset.id),
}


class AssetQuery(Parameters):
    kind: Kind | None = None
    state: Text | None = None
    segment: Text | None = None
    tag: Annotated[Text | None, Query(description="a word of the inventory's")] = None
    q: Annotated[Text | None, Query(description="part of an id, a name or a road")] = None
    sort: Annotated[
        Sort | None,
        Query(description="by id or name, or those first that were not heard from for longest"),
    ] = None
    limit: Limit = 100
    cursor: Cursor = None


@router.get("/assets", response_model=AssetPage)
def assets(parts: FromApp, query: Annotated[AssetQuery, Query()]) -> Response:
    """The assets that fit; unless sorted otherwise in the inventory's order, a segment's lamps
    in order along it."""
    places = parts.places.now()
    candidates = _candidates(places, query)
    if query.sort is None:
        rest = _fitting(parts, places, query, _after(query.cursor, candidates))
        found = list(islice(rest, query.limit + 1))
        shown = found[: query.limit]
        after = shown[-1].asset.id if len(found) > query.limit else None
    else:
        fitting = _fitting(parts, places, query, candidates)
        shown, after = page_of(fitting, _KEYS[query.sort], query.sort, query.limit, query.cursor)
    return answer({"items": [asset_json(*one) for one in shown], "next": after})


@router.get("/assets/{asset_id}", response_model=AssetDetails)
def asset(parts: FromApp, asset_id: str) -> Response:
    """One asset with its latest readings and its cases that are not closed."""
    places = parts.places.now()
    found = known_asset(places, asset_id)
    cases = parts.unclosed.now(places).by_asset.get(asset_id, ())
    shown = asset_json(found, *_now(parts, places, found))
    shown.update(_latest(parts, found))
    filing, now_ms = parts.desk.filing, parts.clock.now_ms()
    shown["cases"] = [case_json(case, places, filing, now_ms) for case in cases]
    return answer(shown)


def known_asset(places: Places, asset_id: str) -> Asset:
    """The asset, or a 404."""
    found = places.inventory.assets.get(asset_id)
    if found is None:
        raise Problem(404, f"no asset {asset_id!r} in the inventory", f"没有设施 {asset_id}")
    return found


def _now(parts: Parts, places: Places, asset: Asset) -> tuple[str, int | None]:
    return parts.live.kind(asset.kind, places).of(places.row[asset.id])


def _candidates(places: Places, query: AssetQuery) -> Iterable[Asset]:
    inventory = places.inventory
    if query.segment is not None:
        segment = inventory.segments.get(query.segment)
        lamps: Iterable[Asset] = segment.lamps if segment else ()
        return lamps if query.kind in (None, Kind.STREETLIGHT) else ()
    if query.kind is not None:
        return inventory.of_kind(query.kind)
    return inventory.assets.values()


def _after(cursor: str | None, assets: Iterable[Asset]) -> Iterator[Asset]:
    rest = iter(assets)
    if cursor is not None and not any(asset.id == cursor for asset in rest):
        raise BadParameter("cursor", "not of this list; start without one")
    return rest


def _fitting(
    parts: Parts, places: Places, query: AssetQuery, assets: Iterable[Asset]
) -> Iterator[_Standing]:
    for asset in assets:
        if query.q and not _says(asset, query.q):
            continue
        if query.tag is not None and query.tag not in asset.tags:
            continue
        state, last_seen = _now(parts, places, asset)
        if query.state is None or state == query.state:
            yield _Standing(asset, state, last_seen)


def _says(asset: Asset, text: str) -> bool:
    wanted = text.casefold()
    said = (asset.id, asset.name, getattr(asset, "road", None))
    return any(wanted in one.casefold() for one in said if one)


def _latest(parts: Parts, asset: Asset) -> dict[str, Any]:
    """``latest`` of the asset, and of each circuit of a cabinet."""
    circuits = asset.circuits if isinstance(asset, Cabinet) else ()
    series = {series_of(asset.id, circuit): circuit for circuit in (None, *circuits)}
    batch = parts.store.latest(asset.kind, list(series))
    by_circuit = {series[batch.name(row)]: _values(batch, row) for row in range(len(batch))}
    shown: dict[str, Any] = {"latest": by_circuit.pop(None, None)}
    if isinstance(asset, Cabinet):
        shown["latest_by_circuit"] = by_circuit
    return shown


def _values(batch: ReadingBatch, row: int) -> dict[str, Any]:
    measurements = MEASUREMENTS[batch.table]
    values = {
        name: measurements[name].to_public(float(column[row]))
        for name, column in batch.columns.items()
    }
    return {
        "at": to_rfc3339(int(batch.ts[row])),
        "values": {name: value for name, value in values.items() if value is not None},
    }
