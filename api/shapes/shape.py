"""What all shapes have in common; times, words in two languages, and the problem document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Time = str
"""RFC 3339, UTC."""


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Words(Shape):
    zh: str
    en: str


class Problem(BaseModel):
    """An RFC 9457 document; its schema stands alone, for it is put in every answer's."""

    type: str
    title: str
    status: int
    detail: str
    detail_zh: str | None = None
    errors: list[dict[Literal["name", "detail", "line"], str | int]] | None = None
    possible: list[str] | None = None
