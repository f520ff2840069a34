"""The state of every asset in one answer."""

from __future__ import annotations

import gzip

from api.shapes.live import LiveStates
from tests.api.district import DUSK, District


def test_every_asset_has_a_place_in_each_column(district: District) -> None:
    district.lamps_are({"S1-1": "dark"})
    told = district.answer(LiveStates, "states")
    lamps = told["kinds"]["streetlight"]
    words = [lamps["vocabulary"][state] for state in lamps["state"]]
    assert dict(zip(lamps["ids"], words, strict=True))["S1-1"] == "dark"
    assert words.count("lit") == 9
    assert set(lamps["last_seen"]) == {DUSK}
    covers = told["kinds"]["cover"]
    assert (covers["ids"], covers["vocabulary"], covers["state"]) == (["M1"], ["unknown"], [0])
    assert covers["last_seen"] == [0], "never heard of"
    assert told["now"] == "2026-06-21T12:00:00Z"


def test_it_is_small_for_whoever_can_unpack_it(district: District) -> None:
    path = "/api/v1/states"
    packed = district.call("GET", path, headers={"Accept-Encoding": "br, gzip"})
    plain = district.call("GET", path, headers={"Accept-Encoding": "identity"})
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == (
        "gzip",
        "Accept-Encoding",
    )
    assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, 1))
    assert packed.json() == plain.json()
    assert "content-encoding" not in plain.headers
