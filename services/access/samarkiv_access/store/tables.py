"""The tables of access. Everything here can be rebuilt from the copies and the log, but for `access_request`."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.sql.schema import SchemaItem

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _id(name: str, **more: Any) -> Column[str]:
    return Column(name, String(60), nullable=False, **more)


def _int(name: str, default: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=str(default))


def _big(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, default=False)


def _table(name: str, *items: SchemaItem) -> Table:
    return Table(name, metadata, *items)


tenant = _table(
    "access_tenant",
    _id("id", primary_key=True),
    _text("name"),
    _text("slug"),
    _text("state"),
    _int("population"),
    _int("version"),
)

authority = _table(
    "access_authority", _id("id", primary_key=True), _id("tenant"), _text("name"), _text("kind")
)

agreement = _table(
    "access_agreement",
    _id("id", primary_key=True),
    _id("tenant"),
    _text("authority"),
    _text("reference"),
    _text("title"),
    _text("state"),
    _int("version"),
)

package = _table(
    "access_package",
    _id("id", primary_key=True),
    _id("tenant"),
    _id("authority"),
    _text("agreement"),
    _text("agreement_reference"),
    _id("delivery", index=True),
    _text("label"),
    _text("producer"),
    _text("profile"),
    _text("received_at"),
    _text("stored_at"),
    _text("custody"),
    _int("level", 2),
    _int("version", 1),
    _text("copies"),
    _int("records"),
    _int("files"),
    _big("bytes"),
    _text("coverage"),
    _flag("files_ready"),
    _int("migrated"),
    _int("needs_review"),
    _int("could_not"),
)

record = _table(
    "access_record",
    _id("id", primary_key=True),
    _id("package", index=True),
    _int("n"),
    _id("tenant"),
    _id("authority"),
    _int("level", 2),
    _text("public_title"),
    _text("record_type"),
    _text("stored_at"),
    _int("year"),
    _flag("every_file"),
    _text("doc"),
    Index("ix_access_record_public", "level", "stored_at"),
    Index("ix_access_record_tenant", "tenant", "level"),
)

file = _table(
    "access_file",
    _id("package", primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    _text("path"),
    _text("member"),
    _big("size"),
    _text("sha256"),
    _big("crc32"),
    _text("mime"),
    _text("format"),
    _text("puid"),
    _int("level", 2),
    Index("ix_access_file_sha256", "sha256"),
)

record_file = _table(
    "access_record_file",
    _id("record", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _id("package"),
    _int("n"),
    Index("ix_access_record_file_file", "package", "n"),
)

delivery = _table(
    "access_delivery",
    _id("id", primary_key=True),
    _id("tenant"),
    _text("agreement"),
    _text("state"),
    _flag("test"),
    _text("at"),
)

event = _table(
    "access_event",
    Column("id", String(700), primary_key=True),
    _text("type"),
    _id("tenant"),
    _text("at"),
    Column("delivery", String(60), nullable=False, server_default="", index=True),
    Column("package", String(60), nullable=False, server_default="", index=True),
    _text("data"),
)

fixity = _table(
    "access_fixity",
    _id("package", primary_key=True),
    Column("copy_name", String(60), primary_key=True),
    _id("tenant"),
    _text("outcome"),
    _text("at"),
    _text("codes"),
)

request = _table(
    "access_request",
    _id("id", primary_key=True),
    Column("code_hash", String(64), nullable=False),
    _text("tenant"),
    _text("record"),
    _text("text"),
    _text("state"),
    _text("answer"),
    _text("at"),
    _text("decided_at"),
    _text("decided_by"),
    UniqueConstraint("code_hash"),
    Index("ix_access_request_state", "state", "at"),
)

mark = _table("access_mark", Column("name", String(40), primary_key=True), _big("n"))
