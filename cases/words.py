"""What a case is looked for by: the beginning of its id, of its subject, or of a word in either.

Every case has a few terms beside it, written in its own transaction and never changed, for neither
its id nor its subject ever is. A term starts where a word starts and runs on to the end, so that
what a term begins with is found by an index, on any database, with no extension to it
(docs/decisions/0020).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, Connection, String, exists, func, insert, literal, select

from cases.case import Case
from cases.schema import case_terms, cases

MOST = 64
"""Characters of a term that are kept, and of a word that is looked for that count."""

_FEW = 4_000
"""Terms. What fewer begin with a word is gathered and put in order, in some 4 ms at most; what more
do is met soon enough by going through the list in its order, 100,000 cases in some 40 ms where it
is not."""

_STARTS = re.compile(r"(?<![0-9a-z])[0-9a-z]|[^\x00-\x7f]|(?<=[a-z])[0-9]{2,}(?![0-9a-z])")
"""Where a word starts: a letter or digit after what is neither, each character of Chinese, and the
number, of two digits or more, that a word ends with."""


def terms(*texts: str) -> set[str]:
    """The terms of these texts: of ``streetlight:JS-L12`` the whole of it in lower case,
    ``js-l12``, ``l12`` and ``12``."""
    found = set()
    for text in texts:
        folded = text.casefold()
        found |= {folded[at.start() :][:MOST] for at in _STARTS.finditer(folded)}
    return found


def keep(connection: Connection, new: Iterable[Case]) -> None:
    """Writes the terms of cases that are new."""
    rows = [
        {"term": term, "case_id": case.id} for case in new for term in terms(case.id, case.subject)
    ]
    if rows:
        connection.execute(insert(case_terms), rows)


def said(connection: Connection, words: str) -> Iterator[ColumnElement[bool]]:
    """The conditions on ``cases`` that each of the words, apart by spaces, begins a term of it."""
    for word in words.casefold().split():
        begins = _begins(word[:MOST])
        few = select(case_terms.c.term).where(begins).limit(_FEW + 1).subquery()
        many = connection.scalar(select(func.count()).select_from(few)) or 0
        if many <= _FEW:
            yield cases.c.id.in_(select(case_terms.c.case_id).where(begins))
        else:
            yield exists().where(case_terms.c.case_id == cases.c.id, begins)


def _begins(word: str) -> ColumnElement[bool]:
    first, last = literal(word, String), literal(word + _LAST, String)
    return case_terms.c.term.between(first, last)


_LAST = "\U0010ffff"
"""Sorts after every character that a term can go on with."""
