"""Access log and idempotency keys.

Revision ID: policy_0001
"""

import sqlalchemy as sa
from alembic import op

revision = "policy_0001"
down_revision = None
branch_labels = ("policy",)
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "policy_access_log",
        sa.Column("n", number, primary_key=True, autoincrement=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("service", "correlation", "account", "person", "act", "token_kind", "action")
        ),
        sa.Column("permit", sa.Boolean, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("row", "code", "kind", "id", "part", "tenant", "authority", "reason")
        ),
    )
    op.create_index("policy_access_log_tenant", "policy_access_log", ["tenant", "n"])
    op.create_index("policy_access_log_thing", "policy_access_log", ["id", "n"])
    op.create_table(
        "policy_idempotency",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("policy_idempotency_at", "policy_idempotency", ["at"])
