"""The first tables of search."""

from alembic import op

from samarkiv_search.tables import metadata

revision = "search_0001"
down_revision = None
branch_labels = ("search",)
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
