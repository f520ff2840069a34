"""What a case is filed under, and its deadline. Cases from before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the columns, and the indexes for lists by deadline."""
    for name in ("standard", "version", "code", "condition", "clock"):
        op.add_column("cases", sa.Column(f"filed_{name}", sa.String))
    op.add_column("cases", sa.Column("filed_limit", sa.Integer))
    op.add_column("cases", sa.Column("deadline", sa.BigInteger))
    op.create_index("cases_by_deadline", "cases", ["deadline", "id"])
    op.create_index("cases_by_state_deadline", "cases", ["state", "deadline", "id"])
    op.add_column("case_events", sa.Column("filed", sa.JSON(none_as_null=True)))
