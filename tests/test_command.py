"""The command, as a person uses it: the main job end to end, and a clear line for wrong input."""

from __future__ import annotations

import contextlib
import io
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import xiuhua
from cases.database import upgrade
from ingest.ledger import entries_of
from ingest.messages import Decoded, Quarantined
from ingest.service import IngestSettings
from ingest.spool import Spool
from tests.servers import free_port

WORKING = (
    "cover.displaced",
    "cover.rattle",
    "device.silent",
    "station.backlog",
    "streetlight.segment_unlit",
    "streetlight.unlit",
)


@dataclass
class Said:
    """What a command answered."""

    status: int
    out: bytes
    err: str


def run(*arguments: object) -> Said:
    """Runs the command in this process."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = xiuhua.main([str(argument) for argument in arguments])
    out.buffer.seek(0)
    return Said(status, out.buffer.read(), err.getvalue())


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of jinshui-demo with its truth and inventory."""
    folder = tmp_path_factory.mktemp("recording")
    said = run(
        "simulate",
        "jinshui-demo",
        "--capture",
        folder / "c.ndjson.gz",
        "--truth",
        folder / "t.json",
    )
    assert said.status == 0, said.err
    assert "c.inventory.geojson" in said.err
    return folder


@pytest.fixture(scope="module")
def events(recording: Path) -> bytes:
    said = run(
        "replay", recording / "c.ndjson.gz", "--inventory", recording / "c.inventory.geojson"
    )
    assert said.status == 0, said.err
    (recording / "e.ndjson").write_bytes(said.out)
    return said.out


def test_every_fault_is_found_and_nothing_else(recording: Path, events: bytes) -> None:
    assert events
    said = run(
        "score", "--events", recording / "e.ndjson", "--truth", recording / "t.json", "--json"
    )
    scores = json.loads(said.out)
    for type_ in WORKING:
        assert scores[type_]["hits"] > 0, type_
        assert scores[type_]["missed"] == [], type_
    for type_, score in scores.items():
        assert score["false_alarms"] == [], type_
        assert score["early_recoveries"] == [], type_


def test_the_same_recording_gives_the_same_bytes(recording: Path, events: bytes) -> None:
    again = run(
        "replay", recording / "c.ndjson.gz", "--inventory", recording / "c.inventory.geojson"
    )
    assert again.out == events


def test_an_event_line_has_what_the_contract_says(events: bytes) -> None:
    for line in events.splitlines():
        event = json.loads(line)
        assert list(event) == [
            "at",
            "event",
            "case",
            "type",
            "subject",
            "members",
            "cause",
            "evidence",
        ]
        assert event["event"] in ("opened", "joined", "left", "recovered", "relapsed")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A hundred lines of nothing in particular, with an inventory."""
    said = run("simulate", "street", "--capture", tmp_path / "s.ndjson")
    assert said.status == 0, said.err
    lines = (tmp_path / "s.ndjson").read_bytes().splitlines(keepends=True)
    (tmp_path / "s.ndjson").write_bytes(b"".join(lines[:100]))
    return tmp_path


def test_replay_goes_on_past_bad_lines_and_counts_them(small: Path) -> None:
    path = small / "s.ndjson"
    good = path.read_bytes()
    path.write_bytes(
        good + b'not json\n\n{"tst": "yesterday", "topic": "a", "payload": "{}"}\n' + good
    )
    said = run("replay", path, "--inventory", small / "s.inventory.geojson")
    assert said.status == 0
    assert "203 lines, 2 unreadable" in said.err
    assert f"{path}:101:" in said.err


def test_replay_goes_by_the_settings_that_it_is_given(small: Path) -> None:
    (small / "book.toml").write_text("[lamps]\nunlit_holt = 3\n")
    (small / "x.toml").write_text(f'[rules]\nrulebook = "{small / "book.toml"}"\n')
    inventory = small / "s.inventory.geojson"
    said = run("replay", small / "s.ndjson", "--inventory", inventory, "--config", small / "x.toml")
    assert said.status != 0
    assert said.out == b""
    assert "book.toml:2: [lamps] has no figure unlit_holt" in said.err


def test_replay_reads_an_embedded_payload_too(small: Path) -> None:
    path = small / "s.ndjson"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    embedded = [{**line, "payload": json.loads(line["payload"])} for line in lines]
    path.write_text("".join(json.dumps(line) + "\n" for line in embedded))
    said = run("replay", path, "--inventory", small / "s.inventory.geojson")
    assert "100 lines, 0 unreadable" in said.err
    assert "0 quarantined" in said.err


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_wrong_input_gets_one_clear_line(small: Path, busy_port: int) -> None:
    (small / "broken.toml").write_text("[site\n")
    (small / "typo.toml").write_text("[site]\ntimezones = 'Asia/Shanghai'\n")
    (small / "torn.gz").write_bytes(b"\x1f\x8b\x08\x00torn")
    (small / "empty.geojson").write_text("")
    capture, inventory = small / "s.ndjson", small / "s.inventory.geojson"
    nowhere = f"mqtt://127.0.0.1:{free_port()}"
    cases: list[tuple[str, list[object]]] = [
        ("no scenario 'atlantis'", ["simulate", "atlantis", "--capture", small / "x"]),
        ("cannot write", ["simulate", "street", "--capture", small / "no" / "x"]),
        ("cannot read the capture", ["replay", small / "no", "--inventory", inventory]),
        ("damaged or cut off", ["replay", small / "torn.gz", "--inventory", inventory]),
        ("empty.geojson", ["replay", capture, "--inventory", small / "empty.geojson"]),
        ("no such file", ["replay", capture, "--inventory", small / "no"]),
        ("is no event of a replay", ["score", "--events", capture, "--truth", capture]),
        ("is not TOML", ["--config", small / "broken.toml", "up"]),
        ("site.timezones", ["--config", small / "typo.toml", "up"]),
        ("cannot read", ["--config", small / "no.toml", "up"]),
        (
            "no MQTT broker at",
            ["up", "--data-dir", small / "a", "--api-port", 0, "--mqtt", nowhere],
        ),
        ("no MQTT broker at", ["ingest", "--data-dir", small / "b", "--mqtt", nowhere]),
        ("no MQTT broker at", ["simulate", "street", "--mqtt", nowhere]),
        (
            "choose another with --mqtt-port",
            ["up", "--api-port", 0, "--data-dir", small / "c", "--mqtt-port", busy_port],
        ),
        (
            "is not a port",
            ["up", "--api-port", 0, "--data-dir", small / "f", "--mqtt-port", 99_999],
        ),
        ("has no port", ["ingest", "--data-dir", small / "g", "--mqtt", "mqtt://here:99999"]),
        (
            "choose another with --data-dir",
            ["up", "--api-port", 0, "--data-dir", small / "torn.gz"],
        ),
        ("is a directory", ["simulate", "street", "--capture", small]),
        ("no broker address", ["ingest", "--data-dir", small / "d", "--mqtt", "localhost"]),
        ("'…@here' is no", ["ingest", "--data-dir", small / "d", "--mqtt", "me:secret@here"]),
    ]
    for words, arguments in cases:
        said = run(*arguments)
        assert said.status == 2, arguments
        assert said.out == b"", arguments
        last = said.err.strip().splitlines()[-1]
        assert last.startswith("xiuhua: "), said.err
        assert words in last, said.err
        assert "Traceback" not in said.err


def test_an_api_port_in_use_is_named_before_anything_is_started(
    small: Path, busy_port: int
) -> None:
    said = run("up", "--data-dir", small / "e", "--api-port", busy_port)
    assert said.status == 2
    assert said.err == f"xiuhua: port {busy_port} is in use; choose another with --api-port\n"
    assert not (small / "e").exists()


def test_what_the_disk_refuses_is_one_line(tmp_path: Path) -> None:
    in_the_way = tmp_path / "broker"
    in_the_way.write_text("")
    said = run("up", "--data-dir", tmp_path, "--api-port", 0, "--mqtt-port", free_port())
    assert (said.status, said.err) == (2, f"xiuhua: {in_the_way}: File exists\n")


def test_import_reports_bad_rows_and_takes_the_good_ones(tmp_path: Path) -> None:
    rows = tmp_path / "covers.csv"
    rows.write_text(
        "id,kind,area,name,lon,lat\n"
        "M1,cover,410105,one,113.69,34.78\n"
        "M 2,cover,410105,two,113.69,34.78\n"
    )
    said = run("import", rows, "--data-dir", tmp_path / "data")
    assert said.status == 1
    assert "1 added" in said.err
    assert "3" in said.err.split("not imported:")[1]
    again = run("import", rows, "--data-dir", tmp_path / "data")
    assert "0 added, 0 changed, 1 unchanged" in again.err


def test_what_could_not_be_used_is_listed_shown_and_tried_again(tmp_path: Path) -> None:
    spool = Spool(IngestSettings().spool_path(tmp_path))
    topic = "facility/410105/cover/M1/telemetry"
    for payload in (b'{"tilt_deg": 3}', b"\xff no json"):
        message = Quarantined(1_782_000_000_000, topic, payload, "unreadable")
        decoded = Decoded(received=1, quarantined=[message])
        spool.append(decoded, entries_of(decoded))
    spool.close()

    said = run("quarantine", "--data-dir", tmp_path, "list", "--reason", "unreadable")
    rows = [line.split("\t") for line in said.out.decode().splitlines()]
    assert [row[0] for row in rows] == ["2", "1"]
    assert rows[1][3:] == [topic, repr('{"tilt_deg": 3}')]
    assert run("quarantine", "--data-dir", tmp_path, "show", 2).out == b"\xff no json"

    said = run("quarantine", "--data-dir", tmp_path, "retry", "--reason", "unreadable")
    assert said.status == 1
    assert "1: repaired" in said.err
    assert "2: still in quarantine: unreadable" in said.err
    left = run("quarantine", "--data-dir", tmp_path, "list").out.splitlines()
    assert len(left) == 1

    assert "no message 77" in run("quarantine", "--data-dir", tmp_path, "show", 77).err
    assert "say which" in run("quarantine", "--data-dir", tmp_path, "retry").err


def test_a_rulebook_is_checked_before_it_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "book.toml"
    book.write_text('[[override]]\nwhere = { kind = "cover" }\ndisplaced.tilt_deg = 12.0\n')
    assert xiuhua.main(["rules", "--data-dir", str(tmp_path), "check", str(book)]) == 0
    assert "is in order: version " in capsys.readouterr().out
    book.write_text("[lamp]\n")
    assert xiuhua.main(["rules", "check", str(book)]) == 2
    assert f"{book}:1: there is no section [lamp]" in capsys.readouterr().err


def test_the_monthly_report_is_written_without_a_server(tmp_path: Path) -> None:
    out = tmp_path / "june.html"
    upgrade(f"sqlite:///{tmp_path}/cases.sqlite")
    said = run("report", "2026-06", "--data-dir", tmp_path, "--out", out, "--lang", "en")
    assert (said.status, said.out) == (0, b"")
    assert "Monthly report" in out.read_text("utf-8")
    wrong = run("report", "June", "--data-dir", tmp_path)
    assert (wrong.status, wrong.err) == (2, "xiuhua: no month: 'June'; write it as 2026-06\n")


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ("rules versions", "no rules have run"),
        ("rules show abc", "no rules have run"),
        ("user list", "no cases are kept"),
        ("user password admin", "no cases are kept"),
        ("notify", "no cases are kept"),
        ("notify --dry-run", "no cases are kept"),
        ("report 2026-06", "no cases are kept"),
        ("backtest --rules book.toml --from 2026-06-01 --to 2026-06-02", "no readings are kept"),
        ("quarantine list", "no spool"),
        ("quarantine show 1", "no spool"),
        ("quarantine retry 1", "no spool"),
        ("profile reset C1", "no ingest has run"),
    ],
)
def test_where_nothing_is_that_is_said_and_nothing_is_made(
    arguments: str, kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.toml").touch()
    said = run(*arguments.split(), "--data-dir", "typo")
    assert (said.status, said.out) == (2, b"")
    assert said.err.startswith(f"xiuhua: {kept}")
    assert "typo" in said.err
    assert "--data-dir" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["book.toml"]
