"""What the rules tell of this moment beside the cases, as the API shows it (docs/api.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.places import Places


def lighting_now(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """Lamps that should be lit now, by what is seen of them; None while the rules have not said."""
    lighting = told.get("lighting")
    if lighting is None:
        return None
    counts = {name: lighting[name] for name in ("lamps", "lit", "dark", "unknown")}
    return {**counts, "rate": share(counts["lit"], counts["lit"] + counts["dark"])}


def warnings_now(told: Mapping[str, Any], places: Places) -> list[dict[str, Any]]:
    """What is foreseen, with where it is."""
    shown = []
    for warning in told.get("warnings", ()):
        lon, lat = places.point_of(warning["subject"]) or (None, None)
        shown.append({**warning, "lon": lon, "lat": lat})
    return shown


def share(part: float, of: float) -> float | None:
    """A share to four places; None of nothing."""
    return round(part / of, 4) if of else None
