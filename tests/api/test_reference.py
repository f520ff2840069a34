"""docs/api.md and the interactive reference say the same, and both what is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter

from api.reference import EXAMPLES_FILE
from api.shapes.cases import Case, Event, Filing
from api.shapes.shape import Shape
from cases.actions import ACTIONS
from cases.people.who import ROLES
from tests.api.district import District

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
BASE = "/api/v1/"


@pytest.fixture
def described(district: District) -> dict[str, Any]:
    found: dict[str, Any] = district.get("/openapi.json").json()
    return found


def calls_in_the_text() -> dict[tuple[str, str], set[str]]:
    found = {}
    for line in re.findall(r"^\| `(\w+) ([^`]+)` \|", TEXT, re.MULTILINE):
        method, call = line
        path, _, query = call.partition("?")
        found[method, path] = set(query.split("&")) - {""}
    return found


def test_the_text_has_every_call_and_every_parameter(described: dict[str, Any]) -> None:
    found = {}
    for path, methods in described["paths"].items():
        if not path.startswith(BASE):
            continue
        for method, call in methods.items():
            short = re.sub(r"\{\w+\}", "{id}", path.removeprefix(BASE))
            found[method.upper(), short] = {
                one["name"] for one in call.get("parameters", []) if one["in"] == "query"
            }
    assert calls_in_the_text() == found


@pytest.mark.parametrize(("name", "shape"), [("CASE", Case), ("FILING", Filing), ("EVENT", Event)])
def test_the_text_has_every_field(name: str, shape: type[Shape]) -> None:
    match = re.search(rf"^{name} `(\{{.*?\}})`", TEXT, re.MULTILINE | re.DOTALL)
    assert match is not None
    outermost = re.sub(r"(?<=.)\{[^{}]*\}", "", match[1])
    assert set(re.findall(r'"(\w+)"', outermost)) == set(shape.model_fields)


def test_every_call_is_described(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method, call in methods.items():
            assert call.get("description"), f"{method} {path} does not say what it does"
            problem = call["responses"]["default"]["content"]
            assert list(problem) == ["application/problem+json"]
            assert "422" not in call["responses"], "the framework's own shape is not ours"


def test_every_call_has_an_example_of_what_it_takes_and_answers(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method, call in methods.items():
            name = f"{method} {path}: run python -m tests.api.make_examples"
            bodies = call.get("requestBody", {}).get("content", {})
            if "multipart/form-data" not in bodies:
                assert all("example" in body for body in bodies.values()), name
            for status, answer in call["responses"].items():
                for kind, shown in answer.get("content", {}).items():
                    if status != "default" and kind.endswith("json") and "photos/{" not in path:
                        assert "example" in shown, name


def test_every_example_is_of_a_call_and_as_it_is_described(district: District) -> None:
    examples = msgspec.json.decode(EXAMPLES_FILE.read_bytes())
    models = {
        f"{method} {route.path}": route.response_model
        for route in iter_route_contexts(district.app.routes)
        for method in route.methods or ()
        if getattr(route, "response_model", None) is not None
    }
    for name, example in examples.items():
        if "answer" in example:
            TypeAdapter(models[name]).validate_json(msgspec.json.encode(example["answer"]))


def test_every_reference_inside_leads_somewhere(described: dict[str, Any]) -> None:
    references = set(re.findall(r"'\$ref': '([^']+)'", str(described)))
    assert references
    for reference in references:
        inside: Any = described
        for part in reference.removeprefix("#/").split("/"):
            assert part in inside, reference
            inside = inside[part]


def test_the_text_has_every_action_with_what_it_needs_and_whose_it_is() -> None:
    table = TEXT.split("| action | needs |")[1].split("\n\n")[0]
    found = {}
    for row in table.splitlines()[2:]:
        names, needs, takes, by = (cell.strip() for cell in row.strip("|").split("|"))
        roles = set(ROLES) - {"viewer"} if by == "all but viewers" else set(by.split(", "))
        roles = {role.removesuffix(" of the unit") for role in roles} - {"admin"}
        for name in re.findall(r"`(\w+)`", names):
            # Whether there is a form depends on the case.
            found[name] = (_named(needs) - {"form"}, _named(takes), roles)
    wanted = {
        name: (set(action.needs), set(action.takes), set(action.roles))
        for name, action in ACTIONS.items()
    }
    assert found == wanted


def _named(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))
