"""Accounts, grants, mandates, sessions, program tokens."""

from alembic import op

from samarkiv_access.identity_store import metadata

revision = "access_0002"
down_revision = "access_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
