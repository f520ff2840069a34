"""Faults that people put aside for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Makes the shelvings."""
    op.create_table(
        "shelvings",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("types", sa.JSON, nullable=False),
        sa.Column("place", sa.JSON, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.String),
    )
    op.create_index("shelvings_by_end", "shelvings", ["until"])
