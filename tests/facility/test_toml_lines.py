"""Lines of keys, in every way that TOML can write them."""

from __future__ import annotations

import tomllib
from typing import Any

from facility.toml_lines import Keys, key_lines, line_of

TEXT = '''# a comment = 1
[lamps]
settle = "15min"   # until then nothing
"dark share" = 0.1

[[override]]
where = { road_class = "main", id = ["A", # a bracket ] in a comment
  "B]"] }
lamps.settle = """many
lines = 2
"""
[override.displaced]
tilt_deg = 10.0

[[override]]
  [override.where]
  area = '410105'
[last]
days = [1,
  2]
at = 2026-06-21T08:00:00+08:00
'''


def test_each_key_has_its_line() -> None:
    lines = key_lines(TEXT)
    found = {
        ("lamps",): 2,
        ("lamps", "settle"): 3,
        ("lamps", "dark share"): 4,
        ("override", 0): 6,
        ("override", 0, "where", "road_class"): 7,
        ("override", 0, "where", "id", 1): 8,
        ("override", 0, "lamps", "settle"): 9,
        ("override", 0, "displaced"): 12,
        ("override", 0, "displaced", "tilt_deg"): 13,
        ("override", 1): 15,
        ("override", 1, "where", "area"): 17,
        ("last", "days", 1): 20,
        ("last", "at"): 21,
    }
    assert {place: lines[place] for place in found} == found


def test_every_place_that_tomllib_reads_is_found() -> None:
    lines = key_lines(TEXT)

    def walk(value: Any, place: Keys) -> None:
        if place:
            assert place in lines
        if isinstance(value, dict):
            for key, child in value.items():
                walk(child, (*place, key))
        elif isinstance(value, list):
            for number, child in enumerate(value):
                walk(child, (*place, number))

    walk(tomllib.loads(TEXT), ())


def test_what_is_not_written_has_the_line_of_what_holds_it() -> None:
    assert line_of(key_lines(TEXT), ("override", 1, "lamps")) == 15
    assert line_of(key_lines(TEXT), ("nowhere",)) == 1
