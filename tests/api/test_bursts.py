"""Captured waveforms come out as they went in."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from tests.api.district import DUSK, District


@dataclass(frozen=True)
class Wave:
    ts: int
    rate_hz: float
    scale_g: float
    samples: bytes


def test_the_newest_waveforms_of_a_cover(district: District) -> None:
    waves = [Wave(DUSK - i, 1600.0, 0.004, bytes([i, 0, 255, 127])) for i in range(3)]
    district.waves["M1"] = list(waves)
    items = district.get("assets/M1/bursts", limit=2).json()["items"]
    assert [one["at"] for one in items] == ["2026-06-21T12:00:00Z", "2026-06-21T11:59:59.999Z"]
    assert [base64.b64decode(one["samples"]) for one in items] == [w.samples for w in waves[:2]]
    assert (items[0]["rate_hz"], items[0]["scale_g"]) == (1600.0, 0.004)
    assert district.get("assets/S1-0/bursts").json() == {"items": []}
    assert district.get("assets/nobody/bursts").status_code == 404
    assert district.get("assets/M1/bursts", limit=101).status_code == 422
