"""Rulebooks: the one in use, those before it, and what each says otherwise than is built in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.parts import FromApp, Parts, answer
from api.problems import Problem
from api.shapes.rules import Rulebook, RulebookPage
from facility.clock import SECOND, to_rfc3339
from rules.book import rulebook
from rules.book.books import Figure

router = APIRouter(tags=["rules"])


@router.get("/rulebooks", response_model=RulebookPage)
def rulebooks(parts: FromApp) -> Response:
    """The versions that were in use and since when, the newest first.

    A version is first seen once: one that came back stands where it was first in use.
    """
    return answer(
        {
            "in_use": _in_use(parts),
            "built_in": rulebook.load().version,
            "items": [
                {"version": one.name, "since": to_rfc3339(int(one.kept_at) * SECOND)}
                for one in parts.books.versions()
            ],
        }
    )


@router.get("/rulebooks/{version}", response_model=Rulebook)
def one_rulebook(parts: FromApp, version: str) -> Response:
    """A version's figures by section; `own` is TOML of what differs from the built-in book."""
    found = parts.books.read(version)
    if found is None:
        raise Problem(404, f"no rulebook {version!r} was kept", "没有保存这个版本的规则")
    sections = [
        {"name": name, "figures": [_shown(figure) for figure in figures]}
        for name, figures in found.sections.items()
    ]
    return answer({"version": version, "own": found.own, "sections": sections})


def _in_use(parts: Parts) -> str:
    """What the rules say they go by; before they have said anything, what their file makes."""
    return str(parts.live.told_by_rules().get("rulebook") or parts.books.in_use())


def _shown(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "value": figure.value,
        "built_in": figure.built_in,
        "line": figure.line,
    }
