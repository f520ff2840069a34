"""Golden files: messages of every format, and all that becomes of them, failures included.

Each case of ``golden/*.json`` has the topic and the payload (JSON, or ``text`` as it stands); the
messages arrive at 2026-06-21T11:41:00Z.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.arrivals import arrive, rows


def _rounded(reading: dict[str, Any]) -> dict[str, Any]:
    """Eight digits: what a waveform's spectrum gives beyond them is the machine's."""
    values = {
        name: float(f"{value:.8g}") if isinstance(value, float) else value
        for name, value in reading["values"].items()
    }
    return reading | {"values": values}


CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted((Path(__file__).parent / "golden").glob("*.json"))
    for case in json.loads(path.read_text())
]


@pytest.mark.parametrize("case", CASES)
def test_a_message_becomes_what_the_golden_file_says(case: dict[str, Any]) -> None:
    payload = case["text"].encode() if "text" in case else case["payload"]
    decoded = arrive(case["topic"], payload)
    found = [{"series": name, "ts": ts, "values": values} for name, ts, values in rows(decoded)]
    assert [_rounded(reading) for reading in found] == [_rounded(r) for r in case["readings"]]
    assert [f"{q.reason}: {q.detail}" for q in decoded.quarantined] == case["quarantined"]
    dropped = {f"{t}.{field}: {reason}": n for (t, field, reason), n in decoded.dropped.items()}
    assert dropped == case["dropped"]
    assert decoded.without_ts == case["without_ts"]
