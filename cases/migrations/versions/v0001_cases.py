"""Cases and their events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Makes both tables."""
    op.create_table(
        "cases",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("recovered_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("members", sa.JSON, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("rule_version", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("cases_by_opening", "cases", ["opened_at", "id"])
    op.create_index("cases_by_state", "cases", ["state", "opened_at", "id"])
    op.create_index("cases_by_type", "cases", ["type", "opened_at", "id"])
    op.create_index("cases_by_subject", "cases", ["subject", "opened_at", "id"])
    op.create_table(
        "case_events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("identity", sa.String(32), nullable=False, unique=True),
        sa.Column("case_id", sa.String, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("members", sa.JSON, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("rule_version", sa.String, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("case_events_by_case", "case_events", ["case_id", "seq"])
