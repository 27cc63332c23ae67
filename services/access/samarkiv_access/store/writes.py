"""Writing the read tables. Every function takes the caller's transaction."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.events.index import PackageIndexed
from sqlalchemy import Connection, Table, and_, case, delete, insert, select, update

from samarkiv_access.domain.dates import year_of
from samarkiv_access.domain.exposure import record_level
from samarkiv_access.store import tables as t

BATCH = 1_000


def put(tx: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Write a row in place of the one with the same key."""
    here = and_(*(table.c[name] == value for name, value in key.items()))
    if tx.execute(update(table).where(here).values(**values)).rowcount == 0:
        tx.execute(insert(table).values(**key, **values))


def put_event(tx: Connection, row: Mapping[str, object]) -> None:
    """Add a line to a journey; the same event twice is one line."""
    found = tx.execute(select(t.event.c.id).where(t.event.c.id == row["id"])).first()
    if found is None:
        tx.execute(insert(t.event).values(**row))


def adopt_events(tx: Connection, package: str, delivery: str) -> None:
    """Give what was heard of a package before the package itself its delivery, and its coverage in the index."""
    orphans = and_(t.event.c.package == package, t.event.c.delivery == "")
    tx.execute(update(t.event).where(orphans).values(delivery=delivery))
    indexed = select(t.event.c.data).where(
        t.event.c.package == package, t.event.c.type == PackageIndexed.type
    )
    for (data,) in tx.execute(indexed.order_by(t.event.c.at)).all():
        set_package(tx, package, {"coverage": json.loads(data).get("coverage", "")})


def put_package(tx: Connection, said: PackageDescription, more: Mapping[str, object]) -> None:
    """Write what a package says of itself; `more` adds what only the event knows."""
    values = {
        "tenant": said.tenant,
        "authority": said.authority,
        "agreement": said.agreement,
        "agreement_reference": said.agreement_reference,
        "delivery": said.delivery,
        "label": said.label,
        "producer": said.producer,
        "profile": said.profile,
        "received_at": said.received_at,
        "custody": said.custody,
        "level": said.level,
        "records": said.records,
        "files": said.files,
        "bytes": said.bytes,
        **more,
    }
    put(tx, t.package, {"id": said.id}, values)
    ensure_names(tx, said)


def ensure_names(tx: Connection, said: PackageDescription) -> None:
    """Take tenant and authority names from the package while the registry has not told them yet."""
    for table, key, values in (
        (t.tenant, said.tenant, {"name": said.tenant_name, "slug": "", "state": "active"}),
        (t.authority, said.authority, {"tenant": said.tenant, "name": said.authority_name, "kind": ""}),
    ):
        if tx.execute(select(table.c.id).where(table.c.id == key)).first() is None:
            tx.execute(insert(table).values(id=key, **values))


def put_records(
    tx: Connection, said: PackageDescription, records: Iterable[RecordDescription], stored_at: str
) -> None:
    """Write the records of a package in place of what was there."""
    tx.execute(delete(t.record).where(t.record.c.package == said.id))
    numbered = enumerate(records)
    while batch := list(islice(numbered, BATCH)):
        tx.execute(
            insert(t.record),
            [
                {
                    "id": one.id,
                    "package": said.id,
                    "n": n,
                    "tenant": said.tenant,
                    "authority": said.authority,
                    "level": int(record_level(said, one)),
                    "public_title": one.public_title,
                    "record_type": one.record_type,
                    "stored_at": stored_at,
                    "year": year_of(one.dates),
                    "every_file": one.files is None,
                    "doc": one.model_dump_json(exclude_defaults=True),
                }
                for n, one in batch
            ],
        )
    touch(tx)


def clear_files(tx: Connection, package: str) -> None:
    """Forget the file rows of a package, before they are written anew."""
    tx.execute(delete(t.record_file).where(t.record_file.c.package == package))
    tx.execute(delete(t.file).where(t.file.c.package == package))


def add_files(
    tx: Connection, files: Sequence[Mapping[str, object]], links: Sequence[Mapping[str, object]]
) -> None:
    """Add a batch of files and of record-to-file links."""
    if files:
        tx.execute(insert(t.file), [dict(row) for row in files])
    if links:
        tx.execute(insert(t.record_file), [dict(row) for row in links])


def set_package(tx: Connection, package: str, values: Mapping[str, object]) -> bool:
    """Change columns of a package; False when access has not heard of it yet."""
    return tx.execute(update(t.package).where(t.package.c.id == package).values(**values)).rowcount > 0


def raise_level(tx: Connection, package: str, level: int) -> None:
    """Raise a package and everything in it to at least `level`; nothing is ever lowered here."""
    for table, column in (
        (t.package, t.package.c.id),
        (t.record, t.record.c.package),
        (t.file, t.file.c.package),
    ):
        tx.execute(
            update(table)
            .where(column == package)
            .values(level=case((table.c.level < level, level), else_=table.c.level))
        )
    touch(tx)


def put_registry(tx: Connection, doc: Mapping[str, Any]) -> None:
    """Write a tenant's names from its registry document; an older version than the one known changes nothing."""
    one = doc["tenant"]
    version = int(doc.get("version", 0))
    known = tx.execute(select(t.tenant.c.version).where(t.tenant.c.id == one["id"])).scalar()
    if known is not None and known > version:
        return
    put(
        tx,
        t.tenant,
        {"id": one["id"]},
        {
            "name": one.get("name", ""),
            "slug": one.get("slug", ""),
            "state": one.get("state", "active"),
            "population": int(one.get("population") or 0),
            "version": version,
        },
    )
    for row in doc.get("authorities", ()):
        put(
            tx,
            t.authority,
            {"id": row["id"]},
            {"tenant": one["id"], "name": row.get("name", ""), "kind": row.get("kind", "")},
        )
    for row in doc.get("agreements", ()):
        values = {key: row.get(key) or "" for key in ("authority", "reference", "title", "state")}
        values |= {"tenant": one["id"], "version": int(row.get("version") or 0)}
        put(tx, t.agreement, {"id": row["id"]}, values)
    touch(tx)


def put_fixity(
    tx: Connection, tenant: str, package: str, outcomes: Mapping[str, str], at: str, codes: str = ""
) -> None:
    """Note the last outcome of each copy."""
    for name, outcome in outcomes.items():
        put(
            tx,
            t.fixity,
            {"package": package, "copy_name": name},
            {"tenant": tenant, "outcome": outcome, "at": at, "codes": codes},
        )
    touch(tx)


def put_delivery(tx: Connection, delivery: str, values: Mapping[str, object]) -> None:
    """Note where a delivery stands."""
    put(tx, t.delivery, {"id": delivery}, values)


def add_request(tx: Connection, row: Mapping[str, object]) -> None:
    """Write a new request for records."""
    tx.execute(insert(t.request).values(**row))


def touch(tx: Connection) -> None:
    """Count a change of the public holdings up, so that cached figures are dropped at once."""
    if tx.execute(update(t.mark).where(t.mark.c.name == "holdings").values(n=t.mark.c.n + 1)).rowcount == 0:
        tx.execute(insert(t.mark).values(name="holdings", n=1))


def batches(rows: Iterator[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Cut a stream into lists of at most `size`."""
    while batch := list(islice(rows, size)):
        yield batch


def copies_text(copies: Iterable[str]) -> str:
    """Return copy names as they lie in `access_package.copies`."""
    return json.dumps(sorted(set(copies)))
