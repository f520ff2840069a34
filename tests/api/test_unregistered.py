"""Devices nobody installed: kept, listed with what they send, adopted."""

from __future__ import annotations

from typing import Any

import numpy as np

from facility.measurements import Kind
from facility.readings import Names, ReadingBatch
from tests.api.district import DUSK, District

STRANGER: dict[str, Any] = {
    "id": "M-NEW",
    "kind": "cover",
    "area": "410105",
    "name": "新井盖",
    "lon": 113.7,
    "lat": 34.8,
    "cover_type": "storm",
}


def heard(district: District, kind: str, name: str, ts: int, **values: float) -> None:
    columns = {field: np.array([value]) for field, value in values.items()}
    times = np.array([ts], dtype=np.int64)
    series = np.zeros(1, dtype=np.int32)
    district.store.write(ReadingBatch(kind, Names([name]), series, times, times, columns))


def test_a_stranger_is_listed_and_adopted(district: District) -> None:
    heard(district, Kind.COVER, "M-NEW", DUSK, tilt_deg=3.0, battery_pct=80.0)
    heard(district, Kind.CABINET, "X-9/C1", DUSK + 1000, power_w=3.0)
    heard(district, Kind.COVER, "S1-0", DUSK - 1000, tilt_deg=1.0)
    listed = district.get("unregistered").json()
    assert [(one["id"], one["kind"], one["sends"]) for one in listed["items"]] == [
        ("X-9", "cabinet", ["power_w"]),
        ("M-NEW", "cover", ["battery_pct", "tilt_deg"]),
        ("S1-0", "cover", ["tilt_deg"]),
    ]
    assert listed["items"][0]["last_seen"] == "2026-06-21T12:00:01Z"
    assert listed["more"] == 0

    adopted = district.install(**STRANGER)
    assert adopted.status_code == 201
    assert adopted.json()["cover_type"] == "storm"
    shown = district.get("assets/M-NEW").json()
    assert shown["latest"]["values"] == {"tilt_deg": 3.0, "battery_pct": 80.0}
    left = district.get("unregistered").json()["items"]
    assert [one["id"] for one in left] == ["X-9", "S1-0"]


def test_what_cannot_be_adopted_is_said(district: District) -> None:
    assert district.install(**STRANGER).status_code == 201
    again = district.install(**STRANGER)
    assert again.status_code == 409
    assert "already" in again.json()["detail"]
    for wrong, words in (
        ({**STRANGER, "id": "a b"}, "id"),
        ({**STRANGER, "id": "M2", "lon": 200}, "lon"),
        ({**STRANGER, "id": "M3", "rated_w": 60}, "rated_w"),
        ({"id": "M4"}, "kind is missing"),
    ):
        refused = district.install(**wrong)
        assert refused.status_code == 422
        assert words in refused.json()["errors"][0]["detail"]
