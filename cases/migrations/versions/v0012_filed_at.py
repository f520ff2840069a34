"""When a case was filed, and the indexes by which indicators count over a span."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Sensors' and schedules' cases are filed as they open; residents' by an event."""
    op.add_column("cases", sa.Column("filed_at", sa.BigInteger))
    op.execute(
        "UPDATE cases SET filed_at = CASE WHEN source = 'resident' THEN (SELECT min(at) FROM "
        "case_events WHERE case_id = cases.id AND event = 'filed') ELSE opened_at END"
    )
    op.create_index("cases_by_filing", "cases", ["filed_at"])
    op.create_index("cases_by_closing", "cases", ["closed_at"])
    op.create_index("reports_by_rating", "reports", ["rated_at"])
    raised = sa.text("event = 'supervised'")
    op.create_index(
        "case_events_supervised",
        "case_events",
        ["at", "case_id"],
        sqlite_where=raised,
        postgresql_where=raised,
    )
