"""The tables of the case store. What is here is what the newest migration leaves behind."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

SUPERVISED = text("supervision > 0")
"""Written out, for SQLite to know the index by it."""

UNCLOSED = text("state <> 'closed'")
"""The same, of the cases that are not closed."""

RAISED = text("event = 'supervised'")
"""The same, of the events that supervise a case."""

cases = Table(
    "cases",
    metadata,
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("recovered_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("members", JSON, nullable=False),
    Column("cause", Text, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("rule", String, nullable=False),
    Column("rule_version", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("filed_standard", String),
    Column("filed_version", String),
    Column("filed_code", String),
    Column("filed_condition", String),
    Column("filed_limit", Integer),
    Column("filed_clock", String),
    Column("deadline", BigInteger),
    Column("changed_at", BigInteger, nullable=False, server_default="0"),
    Column("stopped_at", BigInteger),
    Column("source", String, nullable=False, server_default="sensor"),
    Column("stage", String, nullable=False, server_default="filed"),
    Column("how", String),
    Column("unit", String),
    Column("handler", String),
    Column("street", String),
    Column("cell", String),
    Column("lon", Float),
    Column("lat", Float),
    Column("previous", String),
    Column("filed_at", BigInteger),
    Column("dispatched_at", BigInteger),
    Column("accepted_at", BigInteger),
    Column("handled_at", BigInteger),
    Column("verified_at", BigInteger),
    Column("paused_since", BigInteger),
    Column("suspended_until", BigInteger),
    Column("pauses", JSON, nullable=False, server_default="[]"),
    Column("extension_asked_at", BigInteger),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("reworks", Integer, nullable=False, server_default="0"),
    Column("supervision", Integer, nullable=False, server_default="0"),
    Column("reports", Integer, nullable=False, server_default="0"),
    # A list is newest first, of all cases or of a state, a stage, a type, a subject, a unit, a
    # handler, a street, a cell, a source, or by deadline, of all or of a state, a stage, a unit;
    # the id settles ties. Those of all cases say of each whether it was late, too.
    Index("cases_by_opening", "opened_at", "id", "deadline", "stopped_at"),
    Index("cases_by_state", "state", "opened_at", "id"),
    Index("cases_by_type", "type", "opened_at", "id"),
    Index("cases_by_subject", "subject", "opened_at", "id"),
    Index("cases_by_deadline", "deadline", "id", "stopped_at"),
    Index("cases_by_state_deadline", "state", "deadline", "id"),
    Index("cases_by_change", "changed_at", "id", "deadline", "stopped_at"),
    Index("cases_by_stage", "stage", "opened_at", "id"),
    Index("cases_by_stage_deadline", "stage", "deadline", "id"),
    Index("cases_by_unit", "unit", "opened_at", "id"),
    Index("cases_by_unit_deadline", "unit", "deadline", "id"),
    Index("cases_by_unit_stage", "unit", "stage", "deadline", "id"),
    Index("cases_by_source", "source", "opened_at", "id"),
    Index("cases_by_street", "street", "opened_at", "id"),
    Index("cases_by_handler", "handler", "opened_at", "id"),
    Index("cases_by_cell", "cell", "opened_at", "id"),
    Index("cases_by_suspension", "suspended_until"),
    # Indicators count what was filed or ended within a span.
    Index("cases_by_filing", "filed_at"),
    Index("cases_by_closing", "closed_at"),
    Index(
        "cases_supervised",
        "opened_at",
        "id",
        sqlite_where=SUPERVISED,
        postgresql_where=SUPERVISED,
    ),
    # Few of a year's cases are not closed, and most lists are of those.
    *(
        Index(name, column, "id", sqlite_where=UNCLOSED, postgresql_where=UNCLOSED)
        for name, column in (
            ("cases_unclosed_by_opening", "opened_at"),
            ("cases_unclosed_by_deadline", "deadline"),
            ("cases_unclosed_by_change", "changed_at"),
        )
    ),
)

_BYTEWISE = String().with_variant(String(collation="C"), "postgresql")
"""Text in the order of its characters' numbers, which is SQLite's own: what begins alike is
together."""

# What a case is looked for by (cases/words.py).
case_terms = Table(
    "case_terms",
    metadata,
    Column("term", _BYTEWISE, primary_key=True),
    Column("case_id", String, ForeignKey("cases.id"), primary_key=True),
    Index("case_terms_by_case", "case_id", "term"),
    sqlite_with_rowid=False,
)

case_events = Table(
    "case_events",
    metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("identity", String(32), nullable=False, unique=True),
    Column("case_id", String, ForeignKey("cases.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event", String, nullable=False),
    Column("members", JSON, nullable=False),
    Column("cause", Text, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("rule", String, nullable=False),
    Column("rule_version", String, nullable=False),
    Column("author", String, nullable=False),
    Column("filed", JSON(none_as_null=True)),
    Column("opening", JSON(none_as_null=True)),
    Index("case_events_by_case", "case_id", "seq"),
    Index(
        "case_events_supervised",
        "at",
        "case_id",
        sqlite_where=RAISED,
        postgresql_where=RAISED,
    ),
    # Without it SQLite hands the number of a deleted last row out again.
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column(
        "id",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("recipient", String, nullable=False),
    Column("contact", String, nullable=False),
    Column("case_id", String, ForeignKey("cases.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    # Of what was taken up to be sent: which message it is part of, until when whoever took it has
    # it for itself, and how often it was tried.
    Column("message", String(32)),
    Column("leased_until", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("finished_at", BigInteger),
    Column("error", Text),
    Index("outbox_by_state", "state", "recipient", "contact", "id"),
    Index("outbox_by_end", "state", "finished_at"),
    sqlite_autoincrement=True,
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("unit", String),
    Column("streets", JSON, nullable=False),
    Column("password", String, nullable=False),
    # Counted up by whatever ends the sessions there are; a token names the one it was made for.
    Column("generation", Integer, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("unit", String),
    Column("streets", JSON, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

audit = Table(
    "audit",
    metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("at", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("address", String, nullable=False),
    Column("what", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)

reports = Table(
    "reports",
    metadata,
    Column(
        "id",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("service", String, nullable=False),
    Column("standard", String, nullable=False),
    Column("version", String, nullable=False),
    Column("code", String, nullable=False),
    Column("condition", String, nullable=False),
    Column("description", Text, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("address", Text),
    Column("asset", String),
    Column("cell", String),
    Column("channel", String, nullable=False),
    Column("media_url", Text),
    Column("received_at", BigInteger, nullable=False),
    Column("case_id", String, ForeignKey("cases.id"), nullable=False),
    Column("satisfaction", Integer),
    Column("rated_at", BigInteger),
    Column("not_fixed", Integer, nullable=False),
    Column("not_fixed_at", BigInteger),
    Column("forgotten_at", BigInteger),
    Index("reports_by_receipt", "received_at", "id"),
    Index("reports_by_case", "case_id", "id"),
    Index("reports_by_rating", "rated_at"),
    Index("reports_by_service", "service", "received_at", "id"),
)

# Personal data, and nothing else of it is kept anywhere.
report_contacts = Table(
    "report_contacts",
    metadata,
    Column(
        "report_id",
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("reports.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("name", Text),
    Column("phone", Text),
    Column("mail", Text),
    Column("device_id", Text),
    Column("account", Text),
    Column("language", String(2), nullable=False),
    Column("wants_news", Boolean, nullable=False),
)

photos = Table(
    "photos",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("report_id", BigInteger().with_variant(Integer, "sqlite"), ForeignKey("reports.id")),
    Column("case_id", String, ForeignKey("cases.id")),
    Column("added_at", BigInteger, nullable=False),
    Column("added_by", String, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Index("photos_by_report", "report_id"),
    Index("photos_by_case", "case_id"),
)

supervision = Table(
    "supervision",
    metadata,
    Column("case_id", String, ForeignKey("cases.id"), primary_key=True),
    Column("cause", String, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("term", BigInteger),
    Column("told", String),
    Column("author", String, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", String),
    Index("supervision_by_end", "ended_at", "level"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("next_at", BigInteger),
    Column("version", Integer, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", String, nullable=False),
    Index("schedules_by_next", "next_at"),
)

occurrences = Table(
    "occurrences",
    metadata,
    Column("schedule", String, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("group_key", String, primary_key=True),
    Column("case_id", String),
)

tallies = Table(
    "tallies",
    metadata,
    Column("measure", String(16), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("street", String, primary_key=True),
    Column("road_class", String, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("place", String, primary_key=True),
    Column("numbers", JSON, nullable=False),
)

shelvings = Table(
    "shelvings",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("types", JSON, nullable=False),
    Column("place", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", String),
    Index("shelvings_by_end", "until"),
)
