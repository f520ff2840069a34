"""Control characters, and halves of characters, in any text of any body: refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api
from cases.filing.basis import Filing
from tests.api.conftest import EACH_DATABASE
from tests.api.district import District, dark_segment

EXAMPLES = json.loads((Path(api.__file__).parent / "examples.json").read_text("utf-8"))
NAMES = {"case_id": "C-1", "name": "handler", "number": "1", "schedule_id": "1"}
Place = tuple[str | int, ...]


def texts(said: Any, path: Place = ()) -> Iterator[Place]:
    """Where the texts of a body stand."""
    if isinstance(said, str):
        yield path
    elif isinstance(said, dict | list):
        for key, inner in said.items() if isinstance(said, dict) else enumerate(said):
            yield from texts(inner, (*path, key))


def having(body: Any, path: Place, text: str) -> Any:
    """The body with another text in one place."""
    changed = at = copy.deepcopy(body)
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = text
    return changed


@EACH_DATABASE
@pytest.mark.parametrize("text", ["a\0b", "a\x1b[2Jb", "a\ud800b"])
def test_no_body_brings_in_what_cannot_be_kept(
    district: District, filing: Filing, text: str
) -> None:
    district.desk.record([dark_segment("C-1")])
    asked = 0
    for call, example in EXAMPLES.items():
        if not isinstance(example.get("body"), dict):
            continue
        method, path = call.split(" ")
        for place in texts(example["body"]):
            body = having(example["body"], place, text)
            district.monotonic_s += 3_600
            response = district.call(
                method,
                path.format(**NAMES),
                content=json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
            )
            assert 400 <= response.status_code < 500, (call, place, response.text)
            asked += 1
    assert asked > 50


@EACH_DATABASE
@pytest.mark.parametrize("call", ["token", "session"])
def test_nobody_signs_in_under_what_is_no_name(district: District, call: str) -> None:
    district.role = None
    answer = district.call(
        "POST",
        f"/api/v1/{call}",
        content=b"username=a%00b%1B%5B2J&password=x",
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        },
    )
    assert answer.status_code == 401
    assert district.accounts.trail(1)[0].subject == "a�b�[2J"
