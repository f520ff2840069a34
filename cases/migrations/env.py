"""Run by Alembic: applies the migrations on the connection that ``cases.database`` hands over."""

from alembic import context

from cases.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
context.run_migrations()
