from datetime import date
from pathlib import Path

import pytest

from facility.clock import from_rfc3339
from facility.errors import UsageError
from simulators.scenario import dusk_ms, known, load, parse, time_of_day_ms
from simulators.sorts import FaultSort, LookAlikeSort

STREET = Path(__file__).parents[2] / "simulators" / "scenarios" / "street.toml"


@pytest.mark.parametrize("name", ["jinshui", "jinshui-demo", "street"])
def test_the_scenarios_load(name: str) -> None:
    assert name in known()
    scenario = load(name)
    assert scenario.name == name
    assert scenario.start_ms == from_rfc3339("2026-09-15T17:32:00+08:00")


def test_a_file_of_ones_own_is_taken_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(STREET.read_text("utf-8"), "utf-8")
    assert load(str(path)).name == "mine"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no scenario 'jinsui'.*jinshui, jinshui-demo, street"):
        load("jinsui")


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the scenario .*nowhere.toml"):
        load(str(tmp_path / "nowhere.toml"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("stations = 2", "station = 2", r"fleet.station: .*unknown field `station`"),
        ("stations = 2", "stations = -2", r"fleet.stations: .*>= 0"),
        ("seed = 7", 'seed = "seven"', r"seed: Expected `int`"),
        ("lamp_dead = 1", "lamp_dad = 1", r"faults.lamp_dad: there is no sort 'lamp_dad'"),
        ("lorry = 1", "larry = 1", r"lookalikes.larry: there is no sort 'larry'"),
        ('sort = "segment_dark"', 'sort = "segment"', r"fault\[0\].sort: .*'segment'"),
        ('at = "sunset-50"', 'at = "noon"', r'fault\[0\].at: write "21:30", "sunset-50"'),
        ("hours = 5.5", "hour = 5.5", r"fault\[0\].hour: .*unknown field `hour`"),
        ('area = "410105"', 'area = "金水"', r"district.area: write the six digits"),
        ('timezone = "Asia/Shanghai"', 'timezone = "Asia/Nowhere"', "timezone: no such time zone"),
        ("[lookalikes]", "[look_alikes]", r"look_alikes: .*unknown field"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, message: str) -> None:
    text = STREET.read_text("utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if new in line)
    with pytest.raises(UsageError, match=f"street.toml:{line}: .*{message}"):
        parse(text, "street.toml")


def test_the_line_is_that_of_the_entry_that_is_wrong() -> None:
    text = STREET.read_text("utf-8") + '\n[[fault]]\nsort = "lamp_dead"\nhours = "long"\n'
    with pytest.raises(UsageError, match=rf"street.toml:{len(text.splitlines())}: fault\[1\]"):
        parse(text, "street.toml")


@pytest.mark.parametrize(
    ("old", "message"), [("main_roads = 1\n", "main_roads"), ("[fleet]", "line")]
)
def test_what_is_missing_is_named(old: str, message: str) -> None:
    text = STREET.read_text("utf-8")
    with pytest.raises(UsageError, match=rf"street.toml.*: .*{message}"):
        parse(text.replace(old, old[1:-1] if old[0] == "[" else "", 1), "street.toml")


def test_dusk_is_sunset_in_the_district() -> None:
    longest = dusk_ms(load("street"), date(2026, 6, 21))
    assert abs(longest - from_rfc3339("2026-06-21T19:41:00+08:00")) < 2 * 60_000


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("17:32", "2026-09-15T17:32:00+08:00"),
        ("17:31", "2026-09-16T17:31:00+08:00"),
        ("00:00", "2026-09-16T00:00:00+08:00"),
    ],
)
def test_a_time_of_day_is_its_next_one(at: str, found: str) -> None:
    scenario = load("street")
    assert time_of_day_ms(scenario, at, scenario.start_ms) == from_rfc3339(found)


def test_a_time_of_day_may_follow_the_sun() -> None:
    scenario = load("street")
    dusk = dusk_ms(scenario, date(2026, 9, 15))
    assert time_of_day_ms(scenario, "sunset-50", scenario.start_ms) == dusk - 50 * 60_000
    assert time_of_day_ms(scenario, "sunset-90", scenario.start_ms) > dusk + 20 * 3_600_000


def test_every_sort_is_in_the_demo() -> None:
    demo = load("jinshui-demo")
    assert set(demo.faults) == set(FaultSort)
    assert set(demo.lookalikes) == set(LookAlikeSort)
