"""What was counted of each day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Makes the tallies."""
    op.create_table(
        "tallies",
        sa.Column("measure", sa.String(16), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("street", sa.String, primary_key=True),
        sa.Column("road_class", sa.String, primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("place", sa.String, primary_key=True),
        sa.Column("numbers", sa.JSON, nullable=False),
    )
