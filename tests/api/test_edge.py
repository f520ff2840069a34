"""What every request meets: problem documents, bounds, headers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from api.shapes.shape import Problem
from cases.desk import Desk
from facility.errors import Permanent, Retryable
from facility.store.duckdb import DuckStore
from tests.api.district import District


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = Problem.model_validate_json(response.content).model_dump()
    assert document["status"] == status
    return document


class Failing:
    """A readings store that raises the same whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


def with_store(district: District, error: Exception) -> None:
    district.store = Failing(error)
    district.app = district.make_app()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nothing"),
        ("POST", "/api/v1/nothing"),
        ("GET", "/api/v1/cases/"),
        ("GET", "/favicon.ico"),
        ("DELETE", "/index.html"),
        ("GET", "/../pyproject.toml"),
    ],
)
def test_what_is_not_there_is_a_problem(district: District, method: str, path: str) -> None:
    document = problem(district.call(method, path), 404)
    assert "/docs" in document["detail"]


def test_a_wrong_method_says_which_are_possible(district: District) -> None:
    response = district.call("DELETE", "/api/v1/cases")
    assert "GET" in problem(response, 405)["detail"]
    assert response.headers["allow"] == "GET"


def test_a_database_that_is_away_is_to_be_asked_again_and_named_in_the_log_alone(
    district: District, caplog: pytest.LogCaptureFixture
) -> None:
    with_store(district, Retryable("influxdb at http://db:8086 is away"))
    for path in ("assets/S1-1", "assets/S1-1/readings"):
        response = district.get(path)
        document = problem(response, 503)
        assert "db:8086" not in response.text
        assert "try again in 5 s" in document["detail"]
        assert "5 秒后再试" in document["detail_zh"]
        assert response.headers["retry-after"] == "5"
    (said,) = [one.getMessage() for one in caplog.records]
    assert said == "away: GET /api/v1/assets/S1-1: influxdb at http://db:8086 is away"


def test_a_case_database_that_is_away_is_to_be_asked_again(
    district: District, tmp_path: Path
) -> None:
    district.desk.close()
    district.desk = Desk(f"sqlite:///{tmp_path}/nowhere/cases.db")
    district.app = district.make_app()
    for path in ("cases", "cases/C-1", "segments", "assets/S1-1"):
        assert "nowhere" not in str(problem(district.get(path), 503))
    assert district.get("health").status_code == 200
    assert "xiuhua_case_database_up 0.0" in district.get("/metrics").text


def test_a_store_that_refuses_is_logged_and_not_named(
    district: District, caplog: pytest.LogCaptureFixture
) -> None:
    with_store(district, Permanent("influxdb at http://db:8086: database not found"))
    document = problem(district.get("assets/S1-1"), 500)
    assert "db:8086" not in str(document)
    assert "log" in document["detail"]
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "influxdb at http://db:8086: database not found" in record.getMessage()


def test_a_bug_is_logged_once_and_tells_nothing(
    district: District, caplog: pytest.LogCaptureFixture
) -> None:
    with_store(district, RuntimeError("the secret of the house"))
    with caplog.at_level(logging.INFO):
        response = district.get("assets/S1-1")
    assert "secret" not in str(problem(response, 500))
    (record,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert record.message == "failed: GET /api/v1/assets/S1-1"
    assert record.exc_info is not None
    assert response.headers["x-content-type-options"] == "nosniff"


def test_nobody_writes_lines_of_their_own_into_the_log(
    district: District, caplog: pytest.LogCaptureFixture
) -> None:
    district.desk.close()
    district.desk = Desk(f"sqlite:///{district.folder}/nowhere/cases.db")
    district.app = district.make_app()
    forged = "%0aERROR%20root:%20all%20is%20lost%1b[2J" + "x" * 5_000
    problem(district.get(f"/api/v1/cases/{forged}"), 503)
    (said,) = [one.getMessage() for one in caplog.records]
    assert said.isprintable()
    assert len(said) < 1_000


def test_a_large_body_is_not_read(district: District) -> None:
    large = b"x" * 70_000
    headers = {"content-type": "application/json"}
    path = "/api/v1/cases/C-1/actions"
    response = district.call("POST", path, content=large, headers=headers)
    assert "65,536" in problem(response, 413)["detail"]


@pytest.mark.parametrize("path", ["/", "/docs", "/api/v1/health", "/api/v1/nothing", "/metrics"])
def test_every_answer_says_what_the_browser_may_do(district: District, path: str) -> None:
    headers = district.get(path).headers
    policy = dict(
        part.split(" ", 1) for part in headers["content-security-policy"].split("; ") if " " in part
    )
    assert policy["default-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
    assert "blob:" in policy["worker-src"]
    assert policy["child-src"] == "blob:"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"


def test_what_is_live_is_not_kept(district: District) -> None:
    for path in ("health", "assets", "segments", "cases", "nothing"):
        assert district.get(path).headers["cache-control"] == "no-store"


def test_the_parts_stay_the_callers(district: District) -> None:
    district.get("assets/S1-1")
    assert isinstance(district.store, DuckStore)
    assert district.desk.counts()["open"] == 0


@pytest.mark.parametrize(
    "path", ["/api/v1/cases/a%00b", "/api/v1/schedules/%00", "/api/v1/cases?unit=%00"]
)
def test_an_address_with_a_nul_is_refused_before_a_database_has_to(
    district: District, path: str
) -> None:
    refused = district.call("GET", path)
    assert (refused.status_code, refused.headers["content-type"]) == (
        400,
        "application/problem+json",
    )
