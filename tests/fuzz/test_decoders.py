"""A bounded run of the fuzzer; a long one is started by hand."""

from __future__ import annotations

import base64
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

RUNS = 4_000

SEEDS = [
    b'\x00{"ts": 1782042060000, "on": true, "power_w": 43.5, "faults": ["cycling"]}',
    b'\x01[{"circuit": "C1", "power_w": 1e3, "ts": "2026-06-21T11:41:00Z"}, {"contactor": null}]',
    b'\x10{"state": "offline", "reason": "lost"}',
    b'\x00[{"bn": "D1:", "bt": -5, "bu": "W", "n": "power", "v": 1}, {"n": "on", "vb": true}]',
    b'\x02{"burst": {"rate_hz": 6400, "scale_g": 0.001, "samples": "'
    + base64.b64encode(bytes(range(64)))
    + b'"}}',
    b"\x60"
    + json.dumps(
        {"deviceInfo": {"deviceProfileName": "GS301"}, "fPort": 85, "data": "BH3+/wV9AQA="}
    ).encode(),
    b"\x70"
    + json.dumps({"uplink_message": {"f_port": 85, "frm_payload": "A88AAAAAKCMH"}}).encode(),
    b"\x80facility/410105/cover/C1/telemetry",
    b"\x95\x1a" + bytes.fromhex("00FF80D0EF2F0112FF479403002A00F94A030027005DE5C072D902D0EF2F01"),
    b"\x95\x17" + bytes.fromhex("01F37F205E8244320916200701D20294550401FE50190012501900"),
    b"\x90\x00" + bytes.fromhex("01755C03CFB80B0000701700"),
    b"\x93\x00" + bytes.fromhex("03770A0020CE00105E686400"),
]


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not for this platform"
)
def test_nothing_the_fuzzer_finds_breaks_a_decoder(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    command = [sys.executable, "-m", "tests.fuzz.decoders", str(corpus)]
    limits = [f"-runs={RUNS}", "-max_len=400", "-timeout=5", "-max_total_time=60", "-seed=1"]
    run = subprocess.run(
        [*command, *limits, f"-artifact_prefix={tmp_path}/"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert "Done" in run.stderr
