"""Captures as mosquitto_sub prints them, read back as the messages they were."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility.errors import UsageError
from ingest.capture import Capture
from ingest.pipeline import Pipeline
from tests.ingest.arrivals import COVER, LAMP, NOW, rows

AT = "2026-06-21T19:41:00.123456Z+0800"


def line(payload: object, topic: str = LAMP, tst: str = AT) -> str:
    return json.dumps({"tst": tst, "topic": topic, "qos": 1, "payload": payload}) + "\n"


def written(path: Path, text: str) -> str:
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def read(capture: Capture) -> list[tuple[str, str, int]]:
    found = []
    for messages in capture.messages():
        for topic, payload, at in zip(
            messages.topics, messages.payloads, messages.arrived, strict=True
        ):
            text = payload.decode() if isinstance(payload, bytes) else payload
            found.append((str(topic), text, at))
    return found


@pytest.mark.parametrize("name", ["c.ndjson", "c.ndjson.gz"])
def test_text_and_json_payloads_are_the_messages_they_were(tmp_path: Path, name: str) -> None:
    reading = {"ts": NOW, "on": True}
    text = line(json.dumps(reading)) + line(reading, tst="2026-06-21T19:41:01.000000Z+0800")
    capture = Capture(written(tmp_path / name, text))
    found = read(capture)
    assert [json.loads(payload) for _, payload, _ in found] == [reading] * 2
    assert [at - NOW for _, _, at in found] == [123, 1000]
    assert (capture.lines, capture.skipped, capture.bad) == (2, 0, [])


def test_a_capture_is_decoded_like_live_messages(tmp_path: Path) -> None:
    text = line('{"on": true}') + line([{"hits": 1}, {"hits": 2}], COVER)
    capture = Capture(written(tmp_path / "c.ndjson", text))
    pipeline = Pipeline()
    found = [row for messages in capture.messages() for row in rows(pipeline.decode(messages))]
    assert found == [
        ("L1", NOW + 123, {"on": True}),
        ("C1", NOW + 123, {"hits": 1}),
        ("C1", NOW + 123, {"hits": 2}),
    ]


@pytest.mark.parametrize(
    ("tst", "ms"),
    [
        ("2026-06-21T11:41:00Z", 0),
        ("2026-06-21T19:41:00+08:00", 0),
        ("2026-06-21T19:41:00.500000Z+0800", 500),
        ("2026-06-21T07:41:00.500000Z-0400", 500),
    ],
)
def test_times_of_arrival(tmp_path: Path, tst: str, ms: int) -> None:
    capture = Capture(written(tmp_path / "c.ndjson", line("{}", tst=tst)))
    assert [at for _, _, at in read(capture)] == [NOW + ms]


def test_lines_that_cannot_be_read_are_told_with_their_number(tmp_path: Path) -> None:
    text = line("{}") + "\nnot json\n" + line("{}", tst="yesterday") + '{"tst": "x"}\n' + line("{}")
    capture = Capture(written(tmp_path / "c.ndjson", text))
    assert len(read(capture)) == 2
    assert (capture.lines, capture.skipped) == (6, 3)
    assert [number for number, _ in capture.bad] == [3, 4, 5]


def test_no_more_than_ten_bad_lines_are_told(tmp_path: Path) -> None:
    capture = Capture(written(tmp_path / "c.ndjson", "x\n" * 25))
    assert read(capture) == []
    assert (capture.skipped, len(capture.bad)) == (25, 10)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line("{}").encode())))
    assert len(read(Capture("-"))) == 1


def test_a_file_that_is_not_there_or_cut_off(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the capture"):
        read(Capture(str(tmp_path / "none")))
    path = tmp_path / "c.gz"
    written(path, line("{}") * 5000)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UsageError, match="damaged or cut off"):
        read(Capture(str(path)))
    path.write_bytes(b"no gzip at all")
    with pytest.raises(UsageError, match="damaged or cut off"):
        read(Capture(str(path)))


@given(st.lists(st.text() | st.dictionaries(st.text(), st.integers(-5, 5)), max_size=6))
def test_any_payloads_come_back(
    tmp_path_factory: pytest.TempPathFactory, sent: list[object]
) -> None:
    path = tmp_path_factory.mktemp("capture") / "c.ndjson"
    found = read(Capture(written(path, "".join(map(line, sent)))))
    assert [
        text if isinstance(p, str) else json.loads(text)
        for (_, text, _), p in zip(found, sent, strict=True)
    ] == sent
