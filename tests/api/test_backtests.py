"""Backtests through the API: one at a time, with progress, cancelled, and only for who plans."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from api.shapes.rules import Backtest, BacktestPage
from facility.clock import HOUR, MINUTE, to_rfc3339
from facility.errors import Retryable, UsageError
from facility.readings import Names, ReadingBatch
from tests.api.district import DUSK, District

BODY: dict[str, Any] = {
    "rulebook": "[displaced]\ntilt_deg = 12.0",
    "from": to_rfc3339(DUSK),
    "to": to_rfc3339(DUSK + 2 * HOUR),
}


@pytest.fixture
def tilted(district: District) -> District:
    """The district's cover lies at 13 degrees for an hour."""
    ts = DUSK + np.arange(12) * 5 * MINUTE
    codes, tilt = np.zeros(12, np.int32), np.full(12, 13.0)
    batch = ReadingBatch("cover", Names(["M1"]), codes, ts, ts, {"tilt_deg": tilt})
    district.duck.write(batch)
    return district


def begin(district: District, **changes: Any) -> Any:
    return district.call("POST", "/api/v1/backtests", json={**BODY, **changes})


def test_one_is_begun_followed_and_read(tilted: District) -> None:
    begun = begin(tilted)
    assert begun.status_code == 202, begun.text
    tilted.backtests._thread.join()  # type: ignore[union-attr]
    done = tilted.answer(Backtest, f"backtests/{begun.json()['id']}")
    assert (done["state"], done["progress"], done["readings"]) == ("done", 1.0, 12)
    assert done["result"]["gained"] == 1
    assert done["result"]["gained_cases"][0]["subject"] == "cover:M1"
    listed = tilted.answer(BacktestPage, "backtests")["items"]
    assert [(one["id"], one["result"]) for one in listed] == [(done["id"], None)]


@pytest.fixture
def held(tilted: District, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Runs get no further than their start until it is set."""
    go = threading.Event()
    real = tilted.backtests._result

    def waiting(run: Any) -> Any:
        go.wait()
        monkeypatch.undo()
        return real(run)

    monkeypatch.setattr(tilted.backtests, "_result", waiting)
    yield go
    go.set()


def test_one_runs_at_a_time_and_can_be_cancelled(tilted: District, held: threading.Event) -> None:
    first = begin(tilted).json()["id"]
    assert begin(tilted).status_code == 409
    cancelled = tilted.call("DELETE", f"/api/v1/backtests/{first}").json()
    assert cancelled["state"] == "cancelled"
    held.set()
    tilted.backtests._thread.join()  # type: ignore[union-attr]
    assert tilted.get(f"backtests/{first}").json()["result"] is None
    assert begin(tilted).status_code == 202


def test_a_draft_with_mistakes_is_refused_with_their_lines(tilted: District) -> None:
    refused = begin(tilted, rulebook="\n[displaced]\ntilt = 3\n[cases]\nlate = 6")
    assert refused.status_code == 422
    assert "rulebook:3: [displaced] has no figure tilt" in refused.json()["detail"]
    assert [one["line"] for one in refused.json()["errors"]] == [3, 5]
    for text in ("[cases]\nlate =", "[cases"):
        [broken] = begin(tilted, rulebook=text).json()["errors"]
        assert (broken["name"], broken["line"]) == ("rulebook", text.count("\n") + 1)


def test_what_is_no_span_is_refused(tilted: District) -> None:
    assert begin(tilted, to=BODY["from"]).status_code == 422
    assert begin(tilted, to="2027-06-21T12:00:00Z").status_code == 422


def test_what_is_not_there_is_said_so(district: District) -> None:
    assert district.get("backtests/none").status_code == 404
    assert district.call("DELETE", "/api/v1/backtests/none").status_code == 404


def test_it_is_for_who_plans(district: District) -> None:
    district.role = "operator"
    assert begin(district).status_code == 403
    district.role = "supervisor"
    assert begin(district).status_code == 202


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (Retryable("http://db:8086 does not answer"), "cannot be had"),
        (RuntimeError("the secret of the house"), "a fault of this server"),
        (UsageError("nothing was stored then"), "nothing was stored then"),
    ],
)
def test_one_that_fails_says_what_to_do_and_not_where_the_store_is(
    tilted: District, monkeypatch: pytest.MonkeyPatch, raised: Exception, told: str
) -> None:
    def failing(_: Any) -> Any:
        raise raised

    monkeypatch.setattr(tilted.backtests, "_result", failing)
    begun = begin(tilted).json()["id"]
    tilted.backtests._thread.join()  # type: ignore[union-attr]
    failed = tilted.answer(Backtest, f"backtests/{begun}")
    assert failed["state"] == "failed"
    assert told in failed["error"]
    assert "db:8086" not in failed["error"]
    assert "secret" not in failed["error"]
