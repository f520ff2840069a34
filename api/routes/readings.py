"""What an asset has measured: every reading, or windows of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.parameters import Moment, Parameters, Text
from api.parts import FromApp, answer
from api.problems import BadParameter
from api.routes.assets import known_asset
from api.shapes.readings import History, Readings
from facility.assets import Asset, Cabinet
from facility.clock import DAY, SECOND
from facility.measurements import MEASUREMENTS, Measurement
from facility.readings import Floats, series_of
from facility.store.base import ReadingsStore

router = APIRouter(tags=["assets"])

RAW_DAYS = 31
"""The longest span that is looked through reading by reading."""
MOST_VALUES = 100_000
"""Readings × fields, or windows × fields, of one answer."""


class ReadingsQuery(Parameters):
    start: Annotated[Moment | None, Field(alias="from", description="default: a day before to")] = (
        None
    )
    end: Annotated[Moment | None, Field(alias="to", description="default: now")] = None
    every: Annotated[
        int | None, Field(ge=1, le=366 * 86_400, description="width of a window in seconds")
    ] = None
    fields: Annotated[
        Text | None, Field(description="names, with commas between; default: all")
    ] = None
    circuit: Annotated[Text | None, Field(description="of a cabinet")] = None


@router.get("/assets/{asset_id}/readings", response_model=Readings | History)
def readings(parts: FromApp, asset_id: str, query: Annotated[ReadingsQuery, Query()]) -> Response:
    """The readings in [from, to), or with ``every`` their mean, least and greatest a window."""
    asset = known_asset(parts.places.now(), asset_id)
    end = parts.clock.now_ms() if query.end is None else query.end
    start = end - DAY if query.start is None else query.start
    if start >= end:
        raise BadParameter("from", "must be before to")
    measured = _fields(asset, query)
    series = _series(asset, query.circuit)
    shown = {
        "asset": asset.id,
        "units": {name: measurement.unit for name, measurement in measured.items()},
    }
    if query.every is None:
        shown |= _raw(parts.store, asset, series, measured, start, end)
    else:
        shown |= _windows(parts.store, asset, series, measured, start, end, query.every)
    return answer(shown)


def _fields(asset: Asset, query: ReadingsQuery) -> dict[str, Measurement]:
    """The fields asked for; windows have only those that can be averaged."""
    table = MEASUREMENTS[asset.kind]
    if query.every is not None:
        table = {name: one for name, one in table.items() if one.type in ("number", "bool")}
    if query.fields is None:
        return table
    wanted = [name.strip() for name in query.fields.split(",")]
    for name in wanted:
        if name not in table:
            raise BadParameter("fields", f"no {name!r} here; possible: {', '.join(table)}")
    return {name: table[name] for name in wanted}


def _series(asset: Asset, circuit: str | None) -> str:
    if circuit is None:
        return asset.id
    circuits = asset.circuits if isinstance(asset, Cabinet) else ()
    if circuit not in circuits:
        possible = ", ".join(circuits) or f"none, {asset.id} has no circuits"
        raise BadParameter("circuit", f"no {circuit!r} here; possible: {possible}")
    return series_of(asset.id, circuit)


def _raw(
    store: ReadingsStore,
    asset: Asset,
    series: str,
    measured: dict[str, Measurement],
    start: int,
    end: int,
) -> dict[str, Any]:
    if end - start > RAW_DAYS * DAY:
        raise BadParameter("every", f"is needed for more than {RAW_DAYS} days, as every=3600")
    found = store.read(asset.kind, series, list(measured), start, end)
    many = len(found.ts) * len(measured)
    if many > MOST_VALUES:
        # Windows as narrow as they may be for this span.
        every = -(-(end - start) * len(measured) // (MOST_VALUES * SECOND))
        raise BadParameter(
            "every",
            f"is needed for so many readings ({many:,} values, at most {MOST_VALUES:,}), "
            f"as every={every}; or ask for a shorter span or fewer fields",
        )
    return {
        "ts": found.ts.tolist(),
        "columns": {
            name: _public(measurement, found.columns.get(name), len(found.ts))
            for name, measurement in measured.items()
        },
    }


def _public(measurement: Measurement, values: Floats | None, many: int) -> list[Any]:
    if values is None:
        return [None] * many
    held: list[float] = values.tolist()
    if measurement.type == "number":
        return held  # NaN is null in the answer
    return [measurement.to_public(value) for value in held]


def _windows(
    store: ReadingsStore,
    asset: Asset,
    series: str,
    measured: dict[str, Measurement],
    start: int,
    end: int,
    every_s: int,
) -> dict[str, Any]:
    every = every_s * SECOND
    if (end - start) * len(measured) > MOST_VALUES * every:
        least = -(-(end - start) * len(measured) // (MOST_VALUES * SECOND))
        raise BadParameter("every", f"is too narrow for this span; use every={least} or more")
    found = store.history(asset.kind, series, list(measured), start, end, every)
    return {
        "every_s": every_s,
        "ts": found.ts.tolist(),
        "count": found.count.tolist(),
        "columns": {
            name: {
                "mean": found.mean[name].tolist(),
                "min": found.low[name].tolist(),
                "max": found.high[name].tolist(),
            }
            for name in measured
        },
    }
