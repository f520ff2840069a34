"""Each call is asked what its description allows, and what not; every answer is described."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.roles import ALLOWED
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from tests.api.district import District, copied, dark_segment

UNENDING = "GET /api/v1/stream"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
"""No 5xx, and no status, content type or shape of an answer that is not in the description."""


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory, empty_cases: Path) -> Iterator[District]:
    """A district with a case or two, which the whole module wears out."""
    folder = tmp_path_factory.mktemp("busy")
    made = District(folder, copied(empty_cases, folder))
    zone = calendar.load("Asia/Shanghai")
    made.desk.filing = Filing(standard.load(), zone, made.inventory.assets.get)
    made.desk.record([dark_segment("C-1"), dark_segment("C-2", subject="segment:S2")])
    yield made
    made.close()


@pytest.fixture(scope="module")
def described(busy: District) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", busy.app)


CALLS = sorted(call for call in ALLOWED if "/v1/" in call and call != UNENDING)


def ask(described: Any, busy: District, call: str, mode: GenerationMode, most: int) -> None:
    """Asks a call ``most`` things, the same each time; what it takes, or what it does not."""
    method, path = call.split(" ")
    operation = described[path][method]
    if mode is GenerationMode.NEGATIVE and not (
        operation.body or list(operation.iter_parameters())
    ):
        return  # nothing can be said wrongly

    @settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        response = case.call(headers=busy.signed_in)
        case.validate_response(response, checks=CHECKS)

    asked()


@pytest.mark.parametrize("call", CALLS)
def test_every_answer_to_an_admin_is_described(described: Any, busy: District, call: str) -> None:
    busy.role = "admin"
    ask(described, busy, call, GenerationMode.POSITIVE, 8)
    ask(described, busy, call, GenerationMode.NEGATIVE, 4)


@pytest.mark.parametrize("call", CALLS)
def test_every_answer_to_nobody_is_described(described: Any, busy: District, call: str) -> None:
    busy.role = None
    ask(described, busy, call, GenerationMode.POSITIVE, 2)
