"""Each call is asked what its description allows, and what not; every answer is described."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

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
from cases.people.audit import By
from cases.people.who import Who
from cases.residents.photos import develop
from cases.residents.reported import Told
from tests.api import outside
from tests.api.district import DUSK, District, copied, dark_segment
from tests.cases.photos import photo

UNENDING = "GET /api/v1/stream"
Check = Callable[[Any, Any, Any], Any]
CHECKS: list[Check] = [
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


@pytest.fixture(scope="module")
def outside_described(busy: District) -> Any:
    """What is outside, with a report and its photos to ask for."""
    picture = develop(io.BytesIO(photo()))
    told = Told("L201-damaged", "web", lon=113.69, lat=34.78, photos=(picture,))
    taken = busy.reports.take(told, busy.clock.ms)
    number = taken.report.id
    (kept,) = busy.reports.photos_of([number])[number]
    key = busy.keys.add(Who("town-app", "operator"), By("admin", DUSK))[1]
    paths = outside.described(taken.token, kept.id, number, "L201-damaged", key)
    info = {"title": "outside", "version": "1"}
    schema = schemathesis.openapi.from_dict({"openapi": "3.1.0", "info": info, "paths": paths})
    schema.app = busy.app
    return schema


CALLS = sorted(call for call in ALLOWED if "/v1/" in call and call != UNENDING)


def ask(
    described: Any,
    busy: District,
    call: str,
    mode: GenerationMode,
    most: int,
    checks: Sequence[Check] = CHECKS,
) -> None:
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
        response = case.call(headers=busy.signed_in, allow_redirects=False)
        case.validate_response(response, checks=list(checks))

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


def is_xml(_context: Any, response: Any, _case: Any) -> None:
    """An answer in XML is one document, of what was asked or of what is wrong."""
    if response.headers.get("content-type", [""])[0].startswith("text/xml"):
        root = ET.fromstring(response.content).tag
        assert (root == "errors") == (response.status_code >= 400)


OUTSIDE = sorted(
    f"{method.upper()} {path}"
    for path, calls in outside.described("", "", 0, "", "").items()
    for method in ("get", "post")
    if method in calls
)


def test_no_call_is_left_untried() -> None:
    left = {call for call in ALLOWED.keys() - {*CALLS, *OUTSIDE} if "/docs" not in call}
    assert left == {UNENDING, "GET /metrics", "GET /openapi.json", "GET /open311/v2/{other:path}"}


@pytest.mark.parametrize("call", OUTSIDE)
def test_every_answer_outside_is_described(
    outside_described: Any, busy: District, call: str
) -> None:
    busy.role = None
    busy.monotonic_s += 3600  # it is not about how often one may ask
    checks = [*CHECKS, is_xml]
    ask(outside_described, busy, call, GenerationMode.POSITIVE, 6, checks)
    ask(outside_described, busy, call, GenerationMode.NEGATIVE, 4, checks)
