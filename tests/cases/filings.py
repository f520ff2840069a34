"""A calendar, the shipped standard and a few assets, for tests."""

from __future__ import annotations

from typing import Any

from cases.filing import calendar, standard
from cases.filing.basis import Filing
from facility.assets import Asset, Cabinet, Cover, CoverType, Station, Streetlight
from facility.clock import from_rfc3339

SHANGHAI = calendar.load("Asia/Shanghai")
_PLACE: dict[str, Any] = {"area": "410105", "name": "", "lon": 113.7, "lat": 34.8}
ASSETS: dict[str, Asset] = {
    asset.id: asset
    for asset in (
        Streetlight(id="L1", **_PLACE),
        Cabinet(id="CAB", circuits=("C1",), **_PLACE),
        Station(id="T1", **_PLACE),
        *(Cover(id=f"M-{one}", cover_type=one, **_PLACE) for one in CoverType),
    )
}
FILING = Filing(standard.load(), SHANGHAI, ASSETS.get)


def local(text: str) -> int:
    """The ms of a time in Zhengzhou, written 2026-02-13 16:00."""
    return from_rfc3339(f"{text.replace(' ', 'T')}:00+08:00")
