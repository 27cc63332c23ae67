"""The tables of ingest; no other service reads them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

tenant = Table(
    "ingest_tenant",
    metadata,
    Column("id", Text, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("population", Integer, nullable=False),
    Column("cooperation", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("registry_version", Integer, nullable=False),
)

authority = Table(
    "ingest_authority",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, ForeignKey("ingest_tenant.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("org_no", Text, nullable=False),
    UniqueConstraint("tenant", "slug"),
)

agreement = Table(
    "ingest_agreement",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, ForeignKey("ingest_tenant.id"), nullable=False),
    Column("authority", Text, ForeignKey("ingest_authority.id"), nullable=False),
    Column("reference", Text, nullable=False),
    Column("producer", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("tenant", "reference"),
)

delivery = Table(
    "ingest_delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("authority", Text, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("agreement_version", Integer, nullable=False),
    Column("producer", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("replaces", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("correlation", Text, nullable=False),
    Column("declared_sha256", Text, nullable=False),
    Column("declared_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("files", Integer, nullable=False),
    Column("profile", Text, nullable=False),
    Column("checked", Text, nullable=False),  # staging prefix of the check that counts
    Column("plan", Text, nullable=False),  # source facts of a record stream (JSON), else empty
    Column("reason", Text, nullable=False),
    Column("people", Text, nullable=False),  # JSON list of persons: uploaded, committed, decided
    Column("created_at", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("cleared", Boolean, nullable=False),  # nothing of it is left in staging
    Index("ingest_delivery_by_state", "tenant", "state", "created_at"),
    Index("ingest_delivery_by_time", "created_at", "id"),
)

step = Table(
    "ingest_step",
    metadata,
    Column("delivery", Text, ForeignKey("ingest_delivery.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

finding = Table(
    "ingest_finding",
    metadata,
    Column("delivery", Text, ForeignKey("ingest_delivery.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("body", Text, nullable=False),
)

package = Table(
    "ingest_package",
    metadata,
    Column("id", Text, primary_key=True),
    Column("delivery", Text, nullable=False),
    Column("stored", Boolean, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("coverage", Text, nullable=False),  # '', 'names' or 'text'
    Index("ingest_package_by_delivery", "delivery"),
)

receipt = Table(
    "ingest_receipt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("delivery", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("issued_at", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kid", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    UniqueConstraint("delivery", "kind"),
)

case = Table(
    "ingest_case",
    metadata,
    Column("agreement", Text, primary_key=True),
    Column("case_id", Text, primary_key=True),
    Column("closed", Text, nullable=False),  # record.closed as JSON, else empty
    Column("closed_id", Text, nullable=False),  # source and id of that event
    Column("delivery", Text, nullable=False),  # set when the case became a delivery
)

case_document = Table(
    "ingest_case_document",
    metadata,
    Column("agreement", Text, primary_key=True),
    Column("case_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("key", Text, nullable=False),  # staging key
    Column("level", Integer, nullable=True),
    Column("event", Text, nullable=False),
)
