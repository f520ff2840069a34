"""What is supervised and why, schedules, and what became of their occurrences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Makes the three tables."""
    op.create_table(
        "supervision",
        sa.Column("case_id", sa.String, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("cause", sa.String, primary_key=True),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("term", sa.BigInteger),
        sa.Column("told", sa.String),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.String),
    )
    op.create_index("supervision_by_end", "supervision", ["ended_at", "level"])
    op.create_table(
        "schedules",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("next_at", sa.BigInteger),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
    )
    op.create_index("schedules_by_next", "schedules", ["next_at"])
    op.create_table(
        "occurrences",
        sa.Column("schedule", sa.String, primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("group_key", sa.String, primary_key=True),
        sa.Column("case_id", sa.String),
    )
