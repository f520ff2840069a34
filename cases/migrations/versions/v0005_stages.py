"""Stages: who has a case, how its clock runs, how it ended.

Cases from before were filed by sensors, and handed over to nobody; a person closed them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0005"
down_revision = "0004"

_TEXTS = ("how", "unit", "handler", "street", "cell", "previous")
_TIMES = (
    "stopped_at",
    "dispatched_at",
    "accepted_at",
    "handled_at",
    "verified_at",
    "paused_since",
    "suspended_until",
    "extension_asked_at",
)
_SURE: tuple[tuple[str, type[TypeEngine[Any]], str], ...] = (
    ("extensions", sa.Integer, "0"),
    ("reworks", sa.Integer, "0"),
    ("supervision", sa.Integer, "0"),
    ("reports", sa.Integer, "0"),
    ("pauses", sa.JSON, "[]"),
    ("changed_at", sa.BigInteger, "0"),
    ("source", sa.String, "sensor"),
    ("stage", sa.String, "filed"),
)
"""What every case has, and what it is for those that are there already."""

_INDEXES = {
    "cases_by_change": ["changed_at", "id"],
    "cases_by_stage": ["stage", "opened_at", "id"],
    "cases_by_stage_deadline": ["stage", "deadline", "id"],
    "cases_by_unit": ["unit", "opened_at", "id"],
    "cases_by_unit_deadline": ["unit", "deadline", "id"],
    "cases_by_street": ["street", "opened_at", "id"],
    "cases_by_suspension": ["suspended_until"],
}


def upgrade() -> None:
    """Adds the columns, and says of the cases from before what is true of them."""
    for name in _TEXTS:
        op.add_column("cases", sa.Column(name, sa.String))
    for name in _TIMES:
        op.add_column("cases", sa.Column(name, sa.BigInteger))
    for name in ("lon", "lat"):
        op.add_column("cases", sa.Column(name, sa.Float))
    for name, kind, default in _SURE:
        column = sa.Column(name, kind, nullable=False, server_default=default)
        op.add_column("cases", column)
    op.add_column("case_events", sa.Column("opening", sa.JSON(none_as_null=True)))
    op.execute(
        "UPDATE cases SET stopped_at = coalesce(recovered_at, closed_at), changed_at = "
        "coalesce((SELECT at FROM case_events WHERE case_id = cases.id ORDER BY seq DESC LIMIT 1), "
        "opened_at)"
    )
    op.execute(
        "UPDATE cases SET stage = 'closed', how = CASE WHEN EXISTS (SELECT 1 FROM case_events "
        "WHERE case_id = cases.id AND event = 'closed') THEN 'overridden' ELSE 'merged' END "
        "WHERE state = 'closed'"
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "cases", columns)
