"""Rulebooks, backtests of a draft, and what is shelved, as the API shows them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.shapes.shape import Shape, Time


class RulebookVersion(Shape):
    version: str
    since: Time


class RulebookPage(Shape):
    in_use: str
    built_in: str
    items: list[RulebookVersion]


class RuleFigure(Shape):
    """A figure as TOML has it; `line` of `own`, null where it is the built-in one."""

    name: str
    value: Any
    built_in: Any
    line: int | None


class RuleSection(Shape):
    name: str
    figures: list[RuleFigure]


class Rulebook(Shape):
    version: str
    own: str
    sections: list[RuleSection]


class Backtest(Shape):
    id: str
    state: Literal["running", "done", "failed", "cancelled"]
    author: str
    started_at: Time
    from_: Time = Field(alias="from")
    to: Time
    live: str
    draft: str
    progress: float
    readings: int
    error: str
    result: dict[str, Any] | None


class BacktestPage(Shape):
    items: list[Backtest]


class Shelving(Shape):
    id: str
    types: list[str]
    where: dict[str, str | list[str]]
    reason: str
    author: str
    since: Time
    until: Time
    ended_at: Time | None
    ended_by: str | None


class ShelvingPage(Shape):
    items: list[Shelving]
