"""The list of the supervised cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds the index that has them alone."""
    supervised = sa.text("supervision > 0")
    op.create_index(
        "cases_supervised",
        "cases",
        ["opened_at", "id"],
        sqlite_where=supervised,
        postgresql_where=supervised,
    )
