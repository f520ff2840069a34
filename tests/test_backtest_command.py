"""``xiuhua backtest``: over its own store, and through a Xiuhua that has it open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from api.serve import Server
from command.remote import KEY
from facility.clock import MINUTE, from_rfc3339
from facility.grid import Grid
from facility.inventory_file import keep_assets
from facility.readings import Names, ReadingBatch
from facility.store.duckdb import DuckStore
from tests.api.conftest import empty_cases as empty_cases
from tests.api.district import District, assets, copied
from tests.api.people import name_of, token_of
from xiuhua import main

BEGIN = from_rfc3339("2026-06-21T12:00:00+08:00")
SPAN = ["--from", "2026-06-21T12:00", "--to", "2026-06-21T14:00"]


def write_tilt(store: DuckStore) -> None:
    ts = BEGIN + np.arange(12) * 5 * MINUTE
    codes, tilt = np.zeros(12, np.int32), np.full(12, 13.0)
    store.write(ReadingBatch("cover", Names(["M1"]), codes, ts, ts, {"tilt_deg": tilt}))


@pytest.fixture
def draft(tmp_path: Path) -> str:
    path = tmp_path / "draft.toml"
    path.write_text("[displaced]\ntilt_deg = 12.0\n")
    return str(path)


def test_it_prints_what_would_have_been(
    tmp_path: Path, draft: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_assets(tmp_path, {one.id: one for one in assets()}, Grid())
    store = DuckStore(tmp_path / "readings.duckdb")
    write_tilt(store)
    asked = ["backtest", "--rules", draft, *SPAN, "--data-dir", str(tmp_path)]
    assert main(asked) == 2
    assert "is open in this process already" in capsys.readouterr().err
    store.close()
    assert main(asked) == 0
    page = capsys.readouterr().out
    assert "gained: cases that only the draft has: 1" in page
    assert "cover.displaced  cover:M1" in page
    assert main([*asked, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["gained"], result["lost"], result["readings"]) == (1, 0, 12)


@pytest.mark.parametrize(
    "change", [["--from", "May"], ["--to", "2026-06-21T12:00"], ["--operators", "0"]]
)
def test_what_cannot_be_meant_is_refused(draft: str, change: list[str]) -> None:
    assert main(["backtest", "--rules", draft, *SPAN, *change]) == 2


@pytest.fixture
def served(tmp_path: Path, empty_cases: Path) -> Iterator[tuple[District, str]]:
    district = District(tmp_path, copied(empty_cases, tmp_path))
    write_tilt(district.duck)
    with Server(district.app, port=0) as server:
        yield district, server.url
    district.close()


def test_a_xiuhua_that_runs_does_it(
    served: tuple[District, str],
    draft: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    district, url = served
    asked = ["backtest", "--rules", draft, *SPAN, "--api", url]
    assert main(asked) == 2
    assert "put the key of a supervisor into XIUHUA_KEY" in capsys.readouterr().err
    monkeypatch.setenv(KEY, token_of(district.access, name_of("supervisor")))
    assert main(asked) == 0
    assert "gained: cases that only the draft has: 1" in capsys.readouterr().out


def test_one_that_is_away_is_said_so(draft: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["backtest", "--rules", draft, *SPAN, "--api", "http://127.0.0.1:1"]
    assert main(asked) == 2
    assert "does not answer" in capsys.readouterr().err
    assert main([*asked[:-1], "127.0.0.1:1"]) == 2
