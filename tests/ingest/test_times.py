"""``ts``: the forms it may have, what is done without one, and clocks that are wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ingest.arrivals import LAMP, NOW, arrive, reasons, row


@pytest.mark.parametrize(
    "ts",
    [
        NOW,
        float(NOW),
        "2026-06-21T11:41:00Z",
        "2026-06-21t11:41:00z",
        "2026-06-21T19:41:00+08:00",
        "2026-06-21 19:41:00.000+08:00",
        "2026-06-21T11:41:00.000000000Z",
        "2026-06-21T11:41:00-00:00",
    ],
)
def test_forms_of_ts(ts: Any) -> None:
    decoded = arrive(LAMP, {"ts": ts, "on": True})
    assert row(decoded) == ("L1", NOW, {"on": True})
    assert decoded.without_ts == 0


@pytest.mark.parametrize(
    "ts",
    [
        NOW + 0.5,
        NOW // 1000,
        0,
        -1,
        -2,
        -(2**63),
        True,
        "",
        str(NOW),
        "2026-06-21",
        "2026-06-21T11:41:00",
        "2026-06-21T11:41Z",
        "20260621T114100Z",
        "2026-W25-7T11:41:00Z",
        "2026-06-21T25:41:00Z",
        "2026-06-21T11:41:00+0800",
        "0001-01-01T00:00:00+23:00",
        "２０２６-06-21T11:41:00Z",
        [NOW],
        {},
        float(2**70),
        10**40,
    ],
)
def test_a_ts_that_is_none_is_quarantined(ts: Any) -> None:
    payload = {"ts": ts, "on": True}
    decoded = arrive(LAMP, payload)
    assert reasons(decoded) == ["bad_ts"]
    assert decoded.quarantined[0].payload == json.dumps(payload).encode()


@pytest.mark.parametrize("payload", [{"on": True}, {"ts": None, "on": True}])
def test_without_ts_the_time_of_receipt_is_used_and_counted(payload: dict[str, Any]) -> None:
    decoded = arrive(LAMP, payload)
    assert row(decoded) == ("L1", NOW, {"on": True})
    assert decoded.without_ts == 1


@pytest.mark.parametrize("ahead", [0, 299_999, 300_000])
def test_a_clock_may_be_five_minutes_ahead(ahead: int) -> None:
    assert row(arrive(LAMP, {"ts": NOW + ahead, "on": True}))[1] == NOW + ahead


@pytest.mark.parametrize("ahead", [300_001, 10**12, 2**62 - 1 - NOW])
def test_a_clock_further_ahead_is_quarantined(ahead: int) -> None:
    assert reasons(arrive(LAMP, {"ts": NOW + ahead, "on": True})) == ["future_ts"]
