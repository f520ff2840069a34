"""The tables of the case store. What is here is what the newest migration leaves behind."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

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
    # A list is newest first, of all cases or of a state, a type, a subject, or by deadline, of all
    # or of a state; the id settles ties.
    Index("cases_by_opening", "opened_at", "id"),
    Index("cases_by_state", "state", "opened_at", "id"),
    Index("cases_by_type", "type", "opened_at", "id"),
    Index("cases_by_subject", "subject", "opened_at", "id"),
    Index("cases_by_deadline", "deadline", "id"),
    Index("cases_by_state_deadline", "state", "deadline", "id"),
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
    Index("case_events_by_case", "case_id", "seq"),
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
