"""Reading rows: every row with its line, and one clear line for a file that cannot be read."""

import json
import os
from pathlib import Path

import pytest

from facility import rowfile
from facility.errors import UsageError
from facility.rowfile import read_rows

FEATURE = '{"type":"Feature","geometry":null,"properties":{"id":"A"}}'


def collection(*features: str, between: str = ",") -> str:
    return '{"type":"FeatureCollection","features":[' + between.join(features) + "]}"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read_rows(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_features_have_the_line_they_begin_on(tmp_path: Path) -> None:
    pretty = json.dumps(json.loads(collection(FEATURE, FEATURE, FEATURE)), indent=1)
    lines = [n for n, line in enumerate(pretty.splitlines(), 1) if line.strip(" ,") == "{"]
    file = read_rows(write(tmp_path / "a.geojson", pretty))
    # The outermost brace is the collection's, on line 1.
    assert [row.place.line for row in file.rows] == lines[1:]
    assert all(row.place.feature is None for row in file.rows)


def test_features_that_share_a_line_have_their_number(tmp_path: Path) -> None:
    file = read_rows(write(tmp_path / "a.geojson", collection(FEATURE, FEATURE)))
    assert [str(row.place) for row in file.rows] == ["line 1, feature 1", "line 1, feature 2"]


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    geojson = write(tmp_path / "a.geojson", b"\xef\xbb\xbf" + collection(FEATURE).encode())
    assert len(read_rows(geojson).rows) == 1
    table = read_rows(write(tmp_path / "a.csv", b"\xef\xbb\xbfid,kind\nA,cover\n"))
    assert table.rows[0].values == {"id": "A", "kind": "cover"}


@pytest.mark.parametrize(
    ("feature", "reason"),
    [
        ('{"type":"Point","properties":{}}', "its type is 'Point'"),
        ('{"type":"Feature","properties":null}', "has no properties"),
        ('{"type":"Feature","properties":[1]}', "has no properties"),
        ("7", "is no feature"),
        ('{"type":"Feature","properties":{"seq":1e999}}', "out of range"),
    ],
)
def test_a_bad_feature_is_named_and_the_others_are_read(
    tmp_path: Path, feature: str, reason: str
) -> None:
    file = read_rows(write(tmp_path / "a.json", collection(FEATURE, feature, between=",\n")))
    assert len(file.rows) == 1
    (issue,) = file.unreadable
    assert issue.place.line == 2
    assert reason in issue.reason


def test_records_have_the_line_they_begin_on(tmp_path: Path) -> None:
    text = 'id,name\nA,"two\nlines"\n\nB,b\n,\nC\nD,d,d\r\nE,e\n'
    file = read_rows(write(tmp_path / "a.csv", text))
    assert [(row.values["id"], row.place.line) for row in file.rows] == [
        ("A", 2),
        ("B", 5),
        ("E", 9),
    ]
    assert [(issue.place.line, issue.reason) for issue in file.unreadable] == [
        (7, "has 1 cells where the header has 2"),
        (8, "has 3 cells where the header has 2"),
    ]


def test_an_unclosed_quote_is_a_bad_row(tmp_path: Path) -> None:
    file = read_rows(write(tmp_path / "a.csv", 'id,name\nA,a\nB,"b\nC,c\n'))
    assert [row.values["id"] for row in file.rows] == ["A"]
    assert [issue.place.line for issue in file.unreadable] == [3]


def test_the_first_character_decides_where_the_name_does_not(tmp_path: Path) -> None:
    assert read_rows(write(tmp_path / "export", collection(FEATURE))).rows[0].values == {"id": "A"}
    assert read_rows(write(tmp_path / "list.txt", "id\nA\n")).rows[0].values == {"id": "A"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.geojson", b"", "is empty"),
        ("a.csv", b" \n ", "is empty"),
        ("a.csv", b"id,kind\n", "holds no rows"),
        ("a.geojson", collection().encode(), "holds no rows"),
        ("a.geojson", b"hello", "is not JSON: line 1"),
        ("a.geojson", b'{"type":\n"FeatureCollection",\n!', "is not JSON: line 3"),
        ("a.geojson", collection(FEATURE)[:-1].encode(), "is not JSON"),
        ("a.geojson", b"[1]", "is no GeoJSON FeatureCollection"),
        ("a.geojson", FEATURE.encode(), "its type is 'Feature'"),
        ("a.geojson", b'{"type":"FeatureCollection"}', "is no GeoJSON FeatureCollection"),
        ("a.geojson", b"[" * 100_000, "is no GeoJSON FeatureCollection"),
        (
            "a.geojson",
            b'{"type":"FeatureCollection","features":[' + b"[" * 99_999,
            "is not JSON",
        ),
        ("a.csv", "id,name\nA,路灯\n".encode("gbk"), "line 2 is not UTF-8"),
        ("a.csv", b"id,id\nA,B\n", "has id twice"),
        ("a.csv", b"id;kind\nA;cover\n", "not separated by commas"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = write(tmp_path / name, content)
    text = refusal(path)
    assert says in text
    assert text.startswith(str(path))


def test_what_is_no_file_says_so(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "a.csv")
    assert "is not a file" in refusal(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "is not a file" in refusal(pipe)


def test_a_file_too_large_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rowfile, "MAX_BYTES", 2**20)
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(3 * 2**20)
    assert "3 MB is more than the 1 MB" in refusal(path)


@pytest.mark.parametrize(
    ("crs", "accepted"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
        ("urn:ogc:def:crs:EPSG::4326", True),
        ("EPSG:4326", True),
        ("urn:ogc:def:crs:EPSG::3857", False),
        ("urn:ogc:def:crs:EPSG::4490", True),
        ("urn:ogc:def:crs:EPSG::4547", False),
    ],
)
def test_coordinates_must_be_wgs_84(tmp_path: Path, crs: str, accepted: bool) -> None:
    member = json.dumps({"type": "name", "properties": {"name": crs}})
    text = collection(FEATURE).replace('"features"', f'"crs":{member},"features"')
    path = write(tmp_path / "a.geojson", text)
    if accepted:
        assert len(read_rows(path).rows) == 1
    else:
        assert "not WGS 84" in refusal(path)
