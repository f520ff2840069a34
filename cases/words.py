"""Whether a text has some words in it, of upper or lower case alike, in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Says(FunctionElement[bool]):
    """``column``, ``pattern``. SQLite's LIKE takes both cases for the same, and is then twice as
    fast as LIKE of lower(), which is how ``ilike`` is written for it."""

    type = Boolean()
    inherit_cache = True


def says(column: ColumnElement[str], words: str) -> ColumnElement[bool]:
    """The condition."""
    escaped = words.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return _Says(column, literal(f"%{escaped}%"))


@compiles(_Says)
def _ilike(element: _Says, compiler: SQLCompiler, **how: Any) -> str:
    return _written("ILIKE", element, compiler, how)


@compiles(_Says, "sqlite")
def _like(element: _Says, compiler: SQLCompiler, **how: Any) -> str:
    return _written("LIKE", element, compiler, how)


def _written(word: str, element: _Says, compiler: SQLCompiler, how: dict[str, Any]) -> str:
    column, pattern = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} {word} {pattern} ESCAPE '/'"
