"""The tables of preservation; no other service reads them. All of it can be made again from one copy."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

metadata = MetaData()

package = Table(
    "preservation_package",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("authority", Text, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("custody", Text, nullable=False),
    Column("stored_at", Text, nullable=False),
    Column("head", Integer, nullable=False),
    Column("records", Integer, nullable=False),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("description", Text, nullable=False),  # PackageDescription as it stands now, JSON
    Column(
        "checked_at", Text, nullable=False
    ),  # last time every copy was ok; empty = never since it was stored
    Column("due_at", Text, nullable=False),  # when the rolling schedule checks it next
)
Index("preservation_package_due", package.c.due_at)
Index("preservation_package_tenant", package.c.tenant, package.c.stored_at, package.c.id)
Index("preservation_package_delivery", package.c.delivery)

version = Table(
    "preservation_version",
    metadata,
    Column("package", Text, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # ingest, migration, description
    Column("created", Text, nullable=False),
    Column("container_sha512", Text, nullable=False),
    Column("container_bytes", BigInteger, nullable=False),
    Column("index_sha512", Text, nullable=False),
    Column("inventory_sha512", Text, nullable=False),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

copy = Table(
    "preservation_copy",
    metadata,
    Column("package", Text, primary_key=True),
    Column("copy", Text, primary_key=True),
    Column("outcome", Text, nullable=False),  # ok, bad, could_not_check
    Column("codes", Text, nullable=False),
    Column("at", Text, nullable=False),
)
Index("preservation_copy_outcome", copy.c.copy, copy.c.outcome)

# The log of what fixity found and mended: one line an act, never changed.
fixity = Table(
    "preservation_fixity",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=True),
    Column("package", Text, nullable=False),
    Column("copy", Text, nullable=False),
    Column("act", Text, nullable=False),  # failed, repaired
    Column("outcome", Text, nullable=False),
    Column("codes", Text, nullable=False),
    Column("source_copy", Text, nullable=False),
    Column("at", Text, nullable=False),
)
Index("preservation_fixity_package", fixity.c.package, fixity.c.n)

derivative = Table(
    "preservation_derivative",
    metadata,
    Column("package", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("files", Integer, nullable=False),
    Column("texts", Integer, nullable=False),
    Column("thumbnails", Integer, nullable=False),
    Column("could_not", Integer, nullable=False),
    Column("at", Text, nullable=False),
)

migration = Table(
    "preservation_migration",
    metadata,
    Column("package", Text, primary_key=True),
    Column("representation", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("version", Integer, nullable=False),  # 0: no version was made, because nothing could be migrated
    Column("target", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("policy", Text, nullable=False),  # version of the format policy
    Column("outcome", Text, nullable=False),  # proved, plausible, needs_review, could_not, failed
    Column("note", Text, nullable=False),
    Column("measured", Text, nullable=False),  # the numbers behind the outcome, JSON
)

registry = Table(
    "preservation_registry",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
)
