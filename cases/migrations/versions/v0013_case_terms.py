"""Cases are looked for by terms, and the lists that went through all cases have their index."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_UNCLOSED = sa.text("state <> 'closed'")
_STARTS = re.compile(r"(?<![0-9a-z])[0-9a-z]|[^\x00-\x7f]|(?<=[a-z])[0-9]{2,}(?![0-9a-z])")
_MOST = 64
_AT_ONCE = 5_000


def upgrade() -> None:
    """Makes the table and writes the terms of the cases that are there; adds the indexes."""
    bytewise = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    terms = op.create_table(
        "case_terms",
        sa.Column("term", bytewise, primary_key=True),
        sa.Column("case_id", sa.String, sa.ForeignKey("cases.id"), primary_key=True),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    last = ""
    while rows := connection.execute(_CASES, {"last": last, "most": _AT_ONCE}).all():
        last = rows[-1].id
        op.bulk_insert(terms, [row for case in rows for row in _terms(case.id, case.subject)])
    op.create_index("case_terms_by_case", "case_terms", ["case_id", "term"])

    for name, columns in _WIDER.items():
        op.drop_index(name, "cases")
        op.create_index(name, "cases", columns)
    for column in ("handler", "cell"):
        op.create_index(f"cases_by_{column}", "cases", [column, "opened_at", "id"])
    for name, column in _UNCLOSED_BY.items():
        op.create_index(
            name, "cases", [column, "id"], sqlite_where=_UNCLOSED, postgresql_where=_UNCLOSED
        )


_CASES = sa.text("SELECT id, subject FROM cases WHERE id > :last ORDER BY id LIMIT :most")

_WIDER = {
    "cases_by_opening": ["opened_at", "id", "deadline", "stopped_at"],
    "cases_by_deadline": ["deadline", "id", "stopped_at"],
    "cases_by_change": ["changed_at", "id", "deadline", "stopped_at"],
}
_UNCLOSED_BY = {
    "cases_unclosed_by_opening": "opened_at",
    "cases_unclosed_by_deadline": "deadline",
    "cases_unclosed_by_change": "changed_at",
}


def _terms(case_id: str, subject: str) -> Iterator[dict[str, str]]:
    texts = (case_id.casefold(), subject.casefold())
    found = {text[at.start() :][:_MOST] for text in texts for at in _STARTS.finditer(text)}
    return ({"term": term, "case_id": case_id} for term in found)
