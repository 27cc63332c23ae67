"""The event runtime: log or outbox, positions, jobs, stop limits, leases."""

import sqlalchemy as sa
from alembic import op

revision = "runtime_0001"
down_revision = None
branch_labels = ("runtime",)
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _partial(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    clause = sa.text(where)
    op.create_index(name, "job", columns, unique=unique, sqlite_where=clause, postgresql_where=clause)


def upgrade() -> None:
    # Without AUTOINCREMENT SQLite would start the numbers again after a trim.
    op.create_table(
        "event",
        sa.Column("n", NUMBER, sa.Identity(), primary_key=True),
        _text("topic"),
        _text("key"),
        _text("headers"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("sent", sa.SmallInteger(), nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("event_unsent", "event", ["n"], postgresql_where=sa.text("sent = 0"))
    op.create_table(
        "place",
        _text("consumer"),
        _text("pattern"),
        sa.Column("n", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "pattern"),
    )
    op.create_table(
        "job",
        sa.Column("n", NUMBER, sa.Identity(), primary_key=True),
        *(_text(name) for name in ("consumer", "source", "id", "lane", "tenant", "topic", "key")),
        _int("part"),
        sa.Column("off", NUMBER, nullable=False),
        _text("type"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("urgent", sa.SmallInteger(), nullable=False, server_default="0"),
        _text("state"),
        *(_int(name) for name in ("attempts", "deaths", "fence", "beat")),
        sa.Column("due", sa.Float(), nullable=False, server_default="0"),
        sa.Column("at", sa.Float(), nullable=False),
        _text("code", ""),
        _text("reason", ""),
        _text("headers"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("job_inbox", "job", ["consumer", "source", "id"], unique=True)
    _partial("job_lane", ["consumer", "lane", "n"], "state <> 'done'")
    # One worker a key is a fact of the database.
    _partial("job_active", ["consumer", "lane"], "state IN ('ready','running')", unique=True)
    _partial("job_ready", ["consumer", "tenant", "size", "n"], "state = 'ready'")
    _partial("job_state", ["consumer", "state", "n"], "state <> 'done'")
    _partial("job_urgent", ["consumer", "lane", "n"], "state = 'waiting' AND urgent = 1")
    _partial("job_later", ["consumer", "due"], "state = 'later'")
    op.create_table("line", sa.Column("consumer", sa.Text(), primary_key=True), _int("run"))
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), primary_key=True),
        _text("holder"),
        sa.Column("beat", NUMBER, nullable=False),
    )


def downgrade() -> None:
    for table in ("lease", "line", "job", "place", "event"):
        op.drop_table(table)
