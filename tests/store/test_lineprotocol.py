"""Line protocol, letter by letter."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility.store.lineprotocol import LineWriter, from_tag_value, series_key, tag_value
from tests.store.batches import T0, batch_of


def test_rows_have_the_fields_they_were_given() -> None:
    rows = [
        ("CAB-7/C 1", T0, {"power_w": 5300.0, "voltage_v": 0.7 + 0.1}),
        ("CAB-7", T0 + 1, {"power_w": 1e16}),
        ("CAB-7", T0 + 2, {}),
        ("CAB-7/C 1", T0 + 3, {"power_w": 1.5, "voltage_v": -0.0}),
    ]
    assert LineWriter("cabinet").lines(batch_of(rows, "cabinet")) == [
        f"cabinet,device=CAB-7,circuit=C\\ 1 power_w=5300.0,voltage_v=0.7999999999999999,n=1i {T0}",
        f"cabinet,device=CAB-7 power_w=1e16,n=1i {T0 + 1}",
        f"cabinet,device=CAB-7 n=1i {T0 + 2}",
        f"cabinet,device=CAB-7,circuit=C\\ 1 power_w=1.5,voltage_v=-0.0,n=1i {T0 + 3}",
    ]


def test_what_is_infinite_is_left_for_the_database_to_refuse() -> None:
    (line,) = LineWriter("cover").lines(batch_of([("C1", T0, {"hits": math.inf})], "cover"))
    assert line == f"cover,device=C1 hits=null,n=1i {T0}"


def test_a_writer_learns_names_as_they_come() -> None:
    writer = LineWriter("cover")
    batch = batch_of([("C1", T0, {}), ("C2", T0, {})], "cover")
    first = writer.lines(batch)
    batch.names.code("C3")
    assert writer.lines(batch) == first
    other = batch_of([("C2", T0, {}), ("C1", T0, {})], "cover")
    assert writer.lines(other) == first[::-1]


@pytest.mark.parametrize(
    ("circuit", "written"),
    [
        ("a,b=c d", "a\\,b\\=c\\ d"),
        ("back\\slash", "back%5Cslash"),
        ("two\nlines", "two%0Alines"),
        ("100%", "100%25"),
        ("北环路", "北环路"),
        ('"', '"'),
    ],
)
def test_delimiters_are_escaped_and_the_unwritable_is_encoded(circuit: str, written: str) -> None:
    assert series_key("cabinet", f"C1/{circuit}") == f"cabinet,device=C1,circuit={written}"


@given(st.text())
def test_a_tag_value_comes_back(text: str) -> None:
    value = tag_value(text)
    assert from_tag_value(value) == text
    assert not set(value) & set("\n\r\\\x00")
