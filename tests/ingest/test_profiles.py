"""Device profiles: the shipped ones hold their own examples, and a bad one is refused in a line."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ingest.profiles
from facility.errors import UsageError
from ingest.profiles.examples import run_profile_examples
from ingest.profiles.fields import tilt_between
from ingest.profiles.installed import FIRST_READINGS, Installed
from ingest.profiles.layout import BadPayload
from ingest.profiles.profile import (
    Payload,
    Profiles,
    decode,
    load,
    parse,
    shipped,
    shipped_and_own,
)

SHIPPED = sorted(Path(ingest.profiles.__path__[0]).glob("*.toml"))

MINIMAL = """
model = "Maker M1"
kind = "cover"
source = "a data sheet"
names = ["M1"]
[[messages]]
ports = [2]
steps = [{ name = "battery", type = "u8" }]
[fields]
battery_pct = { from = "battery" }
[[examples]]
name = "half"
port = 2
bytes = "32"
values = { battery_pct = 50 }
[[examples]]
name = "empty"
port = 2
bytes = "3232"
fails = "bad_payload"
"""


def made(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "m1.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_profile_holds_its_examples(path: Path) -> None:
    assert run_profile_examples(path) == []


def test_the_models_that_are_shipped() -> None:
    assert {load(path).model for path in SHIPPED} == {
        "Milesight EM310-TILT",
        "Milesight EM310-UDL",
        "Milesight EM320-TILT",
        "Milesight EM500-SWL",
        "Milesight GS301",
        "NAS UL20xx",
    }


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('bytes = "32"', 'bytes = "33"', "gave [{'battery_pct': 51.0}], not [{'battery_pct': 50}]"),
        ('bytes = "32"', 'bytes = "FF"', "failed with 'nothing_left"),
        ('bytes = "32"', 'bytes = "XX"', "cannot be run"),
        ('bytes = "3232"', 'bytes = "32"', "should fail with 'bad_payload'"),
        ('fails = "bad_payload"', 'fails = "no_profile"', "failed with 'bad_payload"),
        ('port = 2\nbytes = "32"\n', 'port = 3\nbytes = "32"\n', "no profile for 'M1' on port 3"),
        ("values = { battery_pct = 50 }", "values = {}", "not [{}]"),
        (
            "values = { battery_pct = 50 }",
            'values = { battery_pct = 50 }\ndropped = { tilt_deg = "range" }',
            "dropped {}, not {'tilt_deg': 'range'}",
        ),
    ],
)
def test_an_example_that_does_not_hold_is_told(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    (failure,) = run_profile_examples(made(MINIMAL.replace(old, new), tmp_path))
    assert failure.startswith("m1.toml: example ")
    assert says in failure


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("model =", "modell =", "modell"),
        ('kind = "cover"', 'kind = "bench"', "bench"),
        ('names = ["M1"]', "names = []", "names is empty"),
        ("battery_pct = {", "battery = {", "cover has no field 'battery'"),
        ('from = "battery"', 'form = "battery"', "form"),
        ('from = "battery"', "", "needs one of from, tilt and flags"),
        ('from = "battery"', 'tilt = ["a", "b"]', "three angles"),
        ('from = "battery"', 'from = "battery", unit = "V"', "'V' cannot be converted to '%'"),
        ('type = "u8"', 'type = "u7"', "type 'u7' is none of"),
        ('type = "u8"', 'type = "u8", when = "x"', "not of the form name.bit"),
        ('type = "u8"', 'type = "u8", combine = "mean"', "combine"),
        ('{ name = "battery", type = "u8" }', '{ repeat = [{ name = "x" }] }', "always read"),
        ("steps =", "nothing = 'x'\nsteps =", "one of steps, channels, object and nothing"),
        ("steps = [", "channels = { 0X75 = [", "TOML"),
        (MINIMAL[MINIMAL.index('[[examples]]\nname = "empty"') :], "", "no example that fails"),
        ("kind =", "kind", "is not TOML"),
    ],
)
def test_a_profile_that_is_none_is_refused_in_one_line(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as raised:
        load(made(MINIMAL.replace(old, new, 1), tmp_path))
    assert says in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path))
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load(tmp_path / "none.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="UTF-8"):
        load(path)


@pytest.mark.parametrize(
    ("names", "port", "model"),
    [
        (["Milesight EM310-TILT"], 85, "Milesight EM310-TILT"),
        (["milesight-iot em310-tilt"], 85, "Milesight EM310-TILT"),
        (["EU868 GS301 rev 2"], 85, "Milesight GS301"),
        (["ul2014"], 26, "NAS UL20xx"),
        (["ul2014"], 85, None),
        (["default"], 85, None),
        (["default", "gs301"], 85, "Milesight GS301"),
        ([], 85, None),
        ([""], 85, None),
    ],
)
def test_a_profile_is_found_by_a_part_of_the_name_and_the_port(
    names: list[str], port: int, model: str | None
) -> None:
    found = shipped().find(names, port)
    assert (found.model if found else None) == model


def test_of_several_the_most_particular_profile_is_found() -> None:
    plain = parse(MINIMAL, "a")
    particular = parse(MINIMAL.replace('["M1"]', '["M1-X"]').replace("Maker M1", "X"), "b")
    profiles = Profiles([plain, particular])
    assert profiles.find(["maker m1-x"], 2) is particular
    assert profiles.find(["maker m1"], 2) is plain


def test_ones_own_profiles_stand_for_shipped_ones(tmp_path: Path) -> None:
    made(MINIMAL.replace('["M1"]', '["M1", "GS301"]').replace("[2]", "[2, 85]"), tmp_path)
    profiles = shipped_and_own(tmp_path)
    for name, model in [("M1", "Maker M1"), ("GS301", "Maker M1"), ("UL2014", "NAS UL20xx")]:
        found = profiles.find([name], 26 if name == "UL2014" else 85)
        assert found is not None
        assert found.model == model
    assert shipped_and_own(tmp_path / "none").find(["GS301"], 85) is not None
    (tmp_path / "bad.toml").write_text("x = ")
    with pytest.raises(UsageError, match=r"bad\.toml"):
        shipped_and_own(tmp_path)


OBJECT = """
model = "Maker M2"
kind = "station"
source = "its codec"
names = ["M2"]
[[messages]]
ports = [2, 3]
object = true
[fields]
h2s_mg_m3 = { from = "gas.0.h2s", unit = "ppm", temperature = "temp" }
hopper_pct = { from = "fill" }
fire = { from = "alarm", means = { yes = true, no = false, 1 = true } }
compactor = { from = "press", means = { running = "run", "0" = "off" } }
[[examples]]
name = "all of it"
port = 2
object = { gas = [{ h2s = 1 }], temp = 0, fill = 40, alarm = "yes", press = "running" }
values = { h2s_mg_m3 = 1.5205229, hopper_pct = 40, fire = true, compactor = "run" }
[[examples]]
name = "numbers where words are usual"
port = 3
object = { alarm = 1, press = 0, fill = 0 }
values = { hopper_pct = 0, fire = true, compactor = "off" }
[[examples]]
name = "words that mean nothing"
port = 2
object = { alarm = "maybe", press = "stuck", fill = "40", gas = 5 }
fails = "nothing_left: hopper_pct: type, fire: choice, compactor: choice"
[[examples]]
name = "not decoded"
port = 2
bytes = "00"
fails = "bad_payload: Maker M2: the network server sent no decoded object"
"""


def test_a_profile_may_read_what_the_network_server_decoded(tmp_path: Path) -> None:
    assert run_profile_examples(made(OBJECT, tmp_path)) == []


@pytest.mark.parametrize(
    ("installed", "now", "degrees"),
    [
        ((0, 0, 90), (0, 0, 90), 0),
        ((0, 0, 90), (30, 0, 60), 30),
        ((0, 0, 90), (0, -45, 45), 45),
        ((0, 0, 90), (90, 0, 0), 90),
        ((0, 0, 90), (0, 0, -90), 180),
        ((10, 0, 80), (30, 0, 60), 20),
        ((0, 0, 90), (0.01, 0, 89.99), 0.01),
        ((0, 90, 0), (0, 90, 0), 0),
    ],
)
def test_tilt_is_the_angle_from_the_installed_position(
    installed: tuple[float, ...], now: tuple[float, ...], degrees: float
) -> None:
    assert tilt_between(installed, now) == pytest.approx(degrees, abs=2e-3)


@given(*(st.floats(0, 360) for _ in range(4)))
def test_tilt_of_any_two_positions(a: float, b: float, c: float, d: float) -> None:
    def position(longitude: float, latitude: float) -> list[float]:
        east, north = math.radians(longitude), math.radians(latitude)
        flat = math.cos(north)
        down = (flat * math.cos(east), flat * math.sin(east), math.sin(north))
        return [math.degrees(math.asin(max(-1.0, min(1.0, part)))) for part in down]

    u, v = position(a, b), position(c, d)
    assert 0 <= tilt_between(u, v) <= 180
    assert tilt_between(u, v) == tilt_between(v, u)
    assert tilt_between(u, u) == pytest.approx(0, abs=1e-3)


FLAT, LORRY, TIPPED = (0.0, 0.0, 90.0), (30.0, 0.0, 60.0), (0.0, 20.0, 70.0)


def test_the_installed_position_is_the_median_of_the_first_readings() -> None:
    installed = Installed()
    first = [LORRY, FLAT, LORRY, FLAT, FLAT, TIPPED, FLAT, FLAT, LORRY]
    assert len(first) == FIRST_READINGS
    for angles in first:
        installed.position("c1", angles)
    version = installed.version
    assert [*installed.position("c1", TIPPED)] == [*FLAT]
    assert installed.version == version
    assert [*installed.position("c2", TIPPED)] == [*TIPPED]


def test_while_it_is_learned_a_reading_is_compared_with_those_before_it() -> None:
    installed = Installed()
    assert [[*installed.position("c", angles)] for angles in (FLAT, LORRY, FLAT, FLAT)] == [
        [*FLAT]
    ] * 4


def test_a_position_can_be_learned_anew() -> None:
    installed = Installed()
    for _ in range(FIRST_READINGS):
        installed.position("c", FLAT)
    installed.reset("c")
    assert [*installed.position("c", TIPPED)] == [*TIPPED]
    assert [*installed.position("c", FLAT)] == [*TIPPED]


def test_what_is_known_of_sensors_is_kept_as_json() -> None:
    installed = Installed()
    installed.set("swl", "sensor_depth_m", 3.2)
    for angles in (FLAT, FLAT, LORRY):
        installed.position("tilt", angles)
    again = Installed.from_json(installed.to_json())
    assert again.to_json() == installed.to_json()
    assert again.number("swl", "sensor_depth_m") == 3.2
    assert again.number("swl", "other") is None
    assert again.number("other", "sensor_depth_m") is None
    assert [*again.position("tilt", LORRY)] == [*FLAT]


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"first": [["x"]]}}'])
def test_a_record_of_sensors_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a record"):
        Installed.from_json(text)


PORTS = [2, 23, 24, 25, 26, 61, 85, 99]
STARTS = [
    b"",
    b"\x00",
    b"\x01",
    b"\x83",
    b"\x84",
    b"\x01\x75",
    b"\x03\xcf",
    b"\x03\xd4",
    b"\x20\xce",
]


@settings(deadline=None)
@given(
    st.sampled_from(SHIPPED),
    st.sampled_from(PORTS),
    st.lists(st.sampled_from(STARTS) | st.binary(max_size=12), max_size=5).map(b"".join),
)
def test_any_bytes_are_read_or_refused(path: Path, port: int, data: bytes) -> None:
    try:
        outcome = decode(LOADED[path], Payload(port, data), "d", Installed())
    except BadPayload as error:
        assert str(error)  # noqa: PT017
    else:
        assert outcome.readings


LOADED: dict[Path, Any] = {path: load(path) for path in SHIPPED}


def test_the_documentations_example_holds_its_examples(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "device-profiles.md").read_text()
    example = text.split("```toml\n")[1].split("```")[0]
    assert run_profile_examples(made(example, tmp_path)) == []
    for path in SHIPPED:
        assert f"| {load(path).model} | {load(path).kind} |" in text
