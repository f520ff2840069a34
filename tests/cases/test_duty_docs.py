"""docs/notifications.md and docs/supervision.md say what is so."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cases.notices.contacts import Contact
from cases.notices.notify import NotifySettings, channel
from cases.supervision import grounds
from cases.supervision.grounds import CAUSES
from tests.cases.sinks import http_sink
from tests.cases.test_notify import MESSAGE, SECRET
from tests.cases.test_telling import CASE, rattle, told

DOCS = Path(__file__).parents[2] / "docs"
NOTIFICATIONS = (DOCS / "notifications.md").read_text("utf-8")
SUPERVISION = (DOCS / "supervision.md").read_text("utf-8")


@pytest.fixture
def verify() -> Callable[..., bool]:
    """The documented verification, as somebody would copy it."""
    code = re.search(r"```python\n(.*?)```", NOTIFICATIONS, re.DOTALL)
    assert code is not None
    found: dict[str, Any] = {}
    exec(code[1], found)
    made: Callable[..., bool] = found["verify"]
    return made


def test_the_documented_verification_takes_ours_and_nothing_else(
    verify: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    with http_sink() as sink:
        channel(Contact("hook", sink.url, SECRET), {}).send(MESSAGE)
    (got,) = sink.requests
    assert verify(SECRET.encode(), got.headers, got.body)
    assert not verify(b"another secret", got.headers, got.body)
    assert not verify(SECRET.encode(), got.headers, got.body + b" ")
    assert not verify(SECRET.encode(), got.headers | {"webhook-id": "m2"}, got.body)
    later = time.time() + 301
    monkeypatch.setattr(time, "time", lambda: later)
    assert not verify(SECRET.encode(), got.headers, got.body), "an old one"


def test_every_fact_of_a_notice_is_documented() -> None:
    listed = re.search(r'"notices": \[\{(.*?)\}\]', NOTIFICATIONS, re.DOTALL)
    assert listed is not None
    facts = told(CASE, replace(rattle(), event="dispatched"))
    assert set(re.findall(r'"(\w+)"', listed[1])) == set(facts)


def test_the_documented_settings_are_those_that_hold() -> None:
    said = dict(re.findall(r"^(\w+) = (\w+) +#", NOTIFICATIONS, re.MULTILINE))
    for name, value in NotifySettings().model_dump(exclude={"gateways"}).items():
        assert said[name] == (str(value).lower() if isinstance(value, bool) else f"{value:g}"), name


def test_every_cause_is_documented_with_its_level() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` [^|]*\|[^|]*\| (\d)", SUPERVISION, re.MULTILINE))
    assert set(rows) == set(CAUSES)
    figures = grounds.load()
    for cause in CAUSES:
        if cause != "by_hand":
            assert int(rows[cause]) == figures.level_of(cause)
