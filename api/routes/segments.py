"""The segments on the map."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from api.parts import FromApp, answer
from api.segments import segments_now
from api.shapes.live import Segments
from facility.measurements import Kind

router = APIRouter(tags=["segments"])


class GeoJson(JSONResponse):
    media_type = "application/geo+json"


@router.get("/segments", response_model=Segments, response_class=GeoJson)
def segments(parts: FromApp) -> Response:
    """Every segment as GeoJSON: a line along its lamps, with their states and its case."""
    places = parts.places.now()
    unclosed = parts.unclosed.now(places)
    now = segments_now(places, parts.live.kind(Kind.STREETLIGHT, places), unclosed.dark)
    features = []
    for place, (name, state) in enumerate(now.summaries().items()):
        segment = places.segments[place]
        case = unclosed.segments.get(place)
        properties = {"id": name, "road": segment.road, "lamps": len(segment.lamps), **state}
        properties["case"] = case.id if case else None
        features.append(
            {
                "type": "Feature",
                "id": name,
                "geometry": places.lines[place],
                "properties": properties,
            }
        )
    return answer({"type": "FeatureCollection", "features": features}, GeoJson.media_type)
