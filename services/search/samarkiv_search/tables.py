"""The tables of search: what is indexed, names as the registry tells them, and rebuilds."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

metadata = MetaData()

package = Table(
    "search_package",
    metadata,
    Column("package", String, primary_key=True),
    Column("tenant", String, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("coverage", String, nullable=False),
    Column("level", Integer, nullable=False),
    Column("records", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("files", Integer, nullable=False),
    Column("indexed_at", String, nullable=False),
)

tenant = Table(
    "search_tenant",
    metadata,
    Column("id", String, primary_key=True),
    Column("slug", String, nullable=False),
    Column("name", String, nullable=False),
    Column("state", String, nullable=False),
    Column("version", Integer, nullable=False),
)

authority = Table(
    "search_authority",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("slug", String, nullable=False),
    Column("name", String, nullable=False),
)

rebuild = Table(
    "search_rebuild",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("state", String, nullable=False),
    Column("why", String, nullable=False),
    Column("asked_at", String, nullable=False),
    Column("ended_at", String, nullable=False, server_default=""),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("told", Text, nullable=False, server_default=""),
)
