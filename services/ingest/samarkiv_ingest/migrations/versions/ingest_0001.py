"""The first tables of ingest."""

from alembic import op

from samarkiv_ingest.tables import metadata

revision = "ingest_0001"
down_revision = None
branch_labels = ("ingest",)
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
