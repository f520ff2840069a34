"""Residents' reports, who made them, and photos."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Makes the three tables."""
    op.create_table(
        "reports",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("token_digest", sa.String(64), nullable=False, unique=True),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("standard", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("condition", sa.String, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("lon", sa.Float),
        sa.Column("lat", sa.Float),
        sa.Column("address", sa.Text),
        sa.Column("asset", sa.String),
        sa.Column("cell", sa.String),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("media_url", sa.Text),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("case_id", sa.String, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("satisfaction", sa.Integer),
        sa.Column("rated_at", sa.BigInteger),
        sa.Column("not_fixed", sa.Integer, nullable=False),
        sa.Column("not_fixed_at", sa.BigInteger),
        sa.Column("forgotten_at", sa.BigInteger),
    )
    op.create_index("reports_by_receipt", "reports", ["received_at", "id"])
    op.create_index("reports_by_case", "reports", ["case_id", "id"])
    op.create_index("reports_by_service", "reports", ["service", "received_at", "id"])
    op.create_table(
        "report_contacts",
        sa.Column(
            "report_id",
            _NUMBER,
            sa.ForeignKey("reports.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("name", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("mail", sa.Text),
        sa.Column("device_id", sa.Text),
        sa.Column("account", sa.Text),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("wants_news", sa.Boolean, nullable=False),
    )
    op.create_table(
        "photos",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("report_id", _NUMBER, sa.ForeignKey("reports.id")),
        sa.Column("case_id", sa.String, sa.ForeignKey("cases.id")),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("added_by", sa.String, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
    )
    op.create_index("photos_by_report", "photos", ["report_id"])
    op.create_index("photos_by_case", "photos", ["case_id"])
