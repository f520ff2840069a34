"""Databases as earlier versions left them, for tests."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from cases.schema import metadata


def go_back(connection: Connection, revision: str) -> None:
    """Leaves the tables, empty, as they were at a revision."""
    metadata.drop_all(connection)
    connection.exec_driver_sql("DROP TABLE alembic_version")
    config = Config()
    config.set_main_option("script_location", "cases:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
