"""Lists of a source, of a unit at a stage, and by words."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the indexes, and the subject to that of all cases."""
    op.create_index("cases_by_unit_stage", "cases", ["unit", "stage", "deadline", "id"])
    op.create_index("cases_by_source", "cases", ["source", "opened_at", "id"])
    op.drop_index("cases_by_opening", "cases")
    op.create_index("cases_by_opening", "cases", ["opened_at", "id", "subject"])
