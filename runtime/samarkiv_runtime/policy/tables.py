"""Tables that the web of every service shares: who read what, and answers kept for repeated requests."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

_number = BigInteger().with_variant(Integer, "sqlite")

ACCESS_LOG = Table(
    "policy_access_log",
    METADATA,
    Column("n", _number, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("service", Text, nullable=False),
    Column("correlation", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("token_kind", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("permit", Boolean, nullable=False),
    Column("row", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("authority", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("policy_access_log_tenant", "tenant", "n"),
    Index("policy_access_log_thing", "id", "n"),
)

IDEMPOTENCY = Table(
    "policy_idempotency",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("status", Integer, nullable=True),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("policy_idempotency_at", "at"),
)
