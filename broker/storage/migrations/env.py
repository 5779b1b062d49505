"""Alembic's entry: runs the migrations on the connection that ``Store.migrate`` gives."""

from alembic import context

from broker.storage.tables import LoginRow

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=LoginRow.metadata,
    version_table="installation_version",
)
with context.begin_transaction():
    context.run_migrations()
