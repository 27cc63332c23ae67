"""The tables of the event runtime (EVENTS.md). The migration `runtime_0001` makes them; this is how queries name them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

METADATA = MetaData()
NUMBER = BigInteger().with_variant(Integer, "sqlite")

# SQLite: this *is* the log. PostgreSQL: the outbox, `sent` = 0 until Kafka has acknowledged the row.
EVENT = Table(
    "event",
    METADATA,
    Column("n", NUMBER, primary_key=True),
    Column("topic", Text),
    Column("key", Text),
    Column("headers", Text),
    Column("body", LargeBinary),
    Column("at", Float),
    Column("sent", SmallInteger),
)

# Embedded positions: all patterns of a consumer move together, a new one starts at 0.
PLACE = Table(
    "place",
    METADATA,
    Column("consumer", Text),
    Column("pattern", Text),
    Column("n", NUMBER),
    PrimaryKeyConstraint("consumer", "pattern"),
)

# The inbox row is the job row. States: waiting → ready → running → done | later | parked.
JOB = Table(
    "job",
    METADATA,
    Column("n", NUMBER, primary_key=True),
    Column("consumer", Text),
    Column("source", Text),
    Column("id", Text),
    Column("lane", Text),
    Column("tenant", Text),
    Column("topic", Text),
    Column("key", Text),
    Column("part", Integer),
    Column("off", NUMBER),
    Column("type", Text),
    Column("size", BigInteger),
    Column("urgent", SmallInteger),
    Column("state", Text),
    Column("attempts", Integer),
    Column("deaths", Integer),
    Column("fence", Integer),
    Column("beat", Integer),
    Column("due", Float),
    Column("at", Float),
    Column("code", Text),
    Column("reason", Text),
    Column("headers", Text),
    Column("body", LargeBinary),
)

# How many jobs of a consumer were parked in a row without a success.
LINE = Table("line", METADATA, Column("consumer", Text, primary_key=True), Column("run", Integer))

# Who does what only one should do (the relay).
LEASE = Table(
    "lease",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text),
    Column("beat", NUMBER),
)
