"""The first read tables of access."""

from alembic import op

from samarkiv_access.store.tables import metadata

revision = "access_0001"
down_revision = None
branch_labels = ("access",)
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
