"""Alembic environment of every branch: engine and version table come from `database.migrate`."""

from alembic import context
from sqlalchemy import text

from samarkiv_runtime.database import MIGRATE_LOCK

attributes = context.config.attributes
with attributes["engine"].connect() as connection:
    context.configure(
        connection=connection,
        version_table=attributes["version_table"],
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": MIGRATE_LOCK}
            )
        context.run_migrations()
