"""The first tables of preservation."""

from alembic import op

from samarkiv_preservation.tables import metadata

revision = "preservation_0001"
down_revision = None
branch_labels = ("preservation",)
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
