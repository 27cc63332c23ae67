"""What preservation remembers: queries on its tables. Everything here can be made again from one copy."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from samarkiv_contracts.description import PackageDescription
from samarkiv_runtime.clock import rfc3339
from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select, true, update
from sqlalchemy.engine import RowMapping

from samarkiv_preservation import tables as t
from samarkiv_preservation.packages.site import Stored

OK, BAD, COULD_NOT_CHECK = "ok", "bad", "could_not_check"


@dataclass(frozen=True)
class CopyOutcome:
    """What a check says of one copy of a package."""

    copy: str
    outcome: str
    codes: tuple[str, ...] = ()


def find_package(tx: Connection, package: str) -> RowMapping | None:
    """Return the row of a package, None when there is none."""
    return tx.execute(select(t.package).where(t.package.c.id == package)).mappings().first()


def list_packages(
    tx: Connection, where: Sequence[Any], after: tuple[str, str] | None, limit: int
) -> list[RowMapping]:
    """Return packages newest first, after a (stored_at, id) cursor."""
    query: Select[Any] = select(t.package).where(*where)
    if after:
        stored, last = after
        query = query.where(
            or_(t.package.c.stored_at < stored, and_(t.package.c.stored_at == stored, t.package.c.id < last))
        )
    query = query.order_by(t.package.c.stored_at.desc(), t.package.c.id.desc()).limit(limit)
    return list(tx.execute(query).mappings())


def add_package(
    tx: Connection,
    description: PackageDescription,
    stored: Stored,
    at: datetime,
    interval: timedelta,
    *,
    read_back: bool = True,
) -> bool:
    """Insert a package that lies in every copy with its first version; False when it is known already.

    `at` is now, `interval` when it is to be checked; `read_back` says that every copy was read just now.
    """
    if find_package(tx, stored.package) is not None:
        return False
    tx.execute(
        insert(t.package).values(
            id=stored.package,
            tenant=description.tenant,
            authority=description.authority,
            agreement=description.agreement,
            delivery=description.delivery,
            level=description.level,
            custody=description.custody,
            stored_at=stored.created,
            head=stored.version,
            records=description.records,
            files=stored.files,
            bytes=stored.bytes,
            description=description.model_dump_json(),
            checked_at=rfc3339(at) if read_back else "",
            due_at=rfc3339(at + interval),
        )
    )
    add_version(tx, stored, "ingest")
    outcome = OK if read_back else COULD_NOT_CHECK
    set_outcomes(tx, stored.package, [CopyOutcome(name, outcome) for name in stored.copies], rfc3339(at))
    return True


def add_version(tx: Connection, stored: Stored, kind: str) -> None:
    """Insert a version and make it the head; nothing when it is known already."""
    row = asdict(stored)
    known = tx.execute(
        select(t.version.c.n).where(t.version.c.package == stored.package, t.version.c.n == stored.version)
    ).first()
    if known is None:
        tx.execute(
            insert(t.version).values(
                n=stored.version,
                kind=kind,
                **{
                    name: row[name]
                    for name in (
                        "package",
                        "created",
                        "container_sha512",
                        "container_bytes",
                        "index_sha512",
                        "inventory_sha512",
                        "files",
                        "bytes",
                    )
                },
            )
        )
    tx.execute(
        update(t.package)
        .where(t.package.c.id == stored.package, t.package.c.head < stored.version)
        .values(head=stored.version)
    )


def versions(tx: Connection, package: str) -> list[RowMapping]:
    """Return the versions of a package in order."""
    query = select(t.version).where(t.version.c.package == package).order_by(t.version.c.n)
    return list(tx.execute(query).mappings())


def set_description(tx: Connection, package: str, description: PackageDescription) -> None:
    """Note a package's description as it stands now."""
    tx.execute(
        update(t.package)
        .where(t.package.c.id == package)
        .values(
            description=description.model_dump_json(),
            level=description.level,
            custody=description.custody,
            authority=description.authority,
        )
    )


# ------------------------------------------------------------------ fixity


def set_outcomes(tx: Connection, package: str, outcomes: Iterable[CopyOutcome], at: str) -> None:
    """Note what the last check said of each copy."""
    for one in outcomes:
        values = {"outcome": one.outcome, "codes": " ".join(one.codes), "at": at}
        where = (t.copy.c.package == package, t.copy.c.copy == one.copy)
        if not tx.execute(update(t.copy).where(*where).values(**values)).rowcount:
            tx.execute(insert(t.copy).values(package=package, copy=one.copy, **values))


def copies(tx: Connection, package: str) -> list[RowMapping]:
    """Return what the last check said of each copy of a package."""
    return list(
        tx.execute(select(t.copy).where(t.copy.c.package == package).order_by(t.copy.c.copy)).mappings()
    )


def log_fixity(
    tx: Connection, package: str, act: str, one: CopyOutcome, at: str, source_copy: str = ""
) -> None:
    """Add a line to the fixity log."""
    tx.execute(
        insert(t.fixity).values(
            package=package,
            copy=one.copy,
            act=act,
            outcome=one.outcome,
            codes=" ".join(one.codes),
            source_copy=source_copy,
            at=at,
        )
    )


def fixity_log(tx: Connection, limit: int, package: str = "") -> list[RowMapping]:
    """Return the last lines of the fixity log, newest first."""
    query = select(t.fixity).order_by(t.fixity.c.n.desc()).limit(limit)
    if package:
        query = query.where(t.fixity.c.package == package)
    return list(tx.execute(query).mappings())


def set_checked(tx: Connection, package: str, checked_at: str | None, due_at: str) -> None:
    """Note when a package is due next, and (`checked_at`) that every copy was found or made ok."""
    values = {"due_at": due_at} | ({"checked_at": checked_at} if checked_at else {})
    tx.execute(update(t.package).where(t.package.c.id == package).values(**values))


def due(tx: Connection, now: str, limit: int) -> list[str]:
    """Return packages whose check is due, the longest waiting first."""
    query = (
        select(t.package.c.id)
        .where(t.package.c.due_at <= now)
        .order_by(t.package.c.due_at, t.package.c.id)
        .limit(limit)
    )
    return list(tx.execute(query).scalars())


def make_all_due(tx: Connection, now: str, where: Sequence[Any] = ()) -> int:
    """Let every package be checked as soon as possible; returns how many."""
    return tx.execute(update(t.package).where(t.package.c.due_at > now, *where).values(due_at=now)).rowcount


def overdue(tx: Connection, before: str) -> int:
    """Return how many packages should have been checked before a time."""
    return int(tx.execute(select(func.count()).where(t.package.c.due_at < before)).scalar_one())


def fixity_summary(tx: Connection, now: str, overdue_before: str) -> dict[str, Any]:
    """Return counts for the fixity page: packages, waiting, overdue, each copy's outcomes, last check, log counts."""
    one = tx.execute(
        select(
            func.count(),
            func.sum(t.package.c.bytes),
            func.min(t.package.c.checked_at),
            func.max(t.package.c.checked_at),
        )
    ).one()
    waiting = tx.execute(select(func.count()).where(t.package.c.due_at <= now)).scalar_one()
    by_copy: dict[str, dict[str, int]] = {}
    for name, outcome, count in tx.execute(
        select(t.copy.c.copy, t.copy.c.outcome, func.count()).group_by(t.copy.c.copy, t.copy.c.outcome)
    ):
        by_copy.setdefault(name, {OK: 0, BAD: 0, COULD_NOT_CHECK: 0})[outcome] = count
    counted = tx.execute(select(t.fixity.c.act, func.count()).group_by(t.fixity.c.act))
    acts = {str(act): int(count) for act, count in counted}
    return {
        "packages": one[0],
        "bytes": int(one[1] or 0),
        "oldest_check": one[2] or None,
        "last_check": one[3] or None,
        "waiting": waiting,
        "overdue": overdue(tx, overdue_before),
        "copies": by_copy,
        "failures": acts.get("failed", 0),
        "repairs": acts.get("repaired", 0),
    }


# ------------------------------------------------------------------ derivatives, migrations, registry


def set_derivatives(tx: Connection, row: dict[str, Any]) -> None:
    """Note what was derived of a package version, in place of an earlier note."""
    tx.execute(
        delete(t.derivative).where(
            t.derivative.c.package == row["package"], t.derivative.c.version == row["version"]
        )
    )
    tx.execute(insert(t.derivative).values(**row))


def derivatives(tx: Connection, package: str) -> list[RowMapping]:
    """Return what was derived of each version of a package."""
    query = select(t.derivative).where(t.derivative.c.package == package).order_by(t.derivative.c.version)
    return list(tx.execute(query).mappings())


def add_migrations(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Note the outcome of each migrated file, in place of an earlier note of the same file."""
    for row in rows:
        tx.execute(
            delete(t.migration).where(
                t.migration.c.package == row["package"],
                t.migration.c.representation == row["representation"],
                t.migration.c.source == row["source"],
            )
        )
    if rows:
        tx.execute(insert(t.migration), list(rows))


def migrations(tx: Connection, package: str, limit: int = 10_000) -> list[RowMapping]:
    """Return the outcome of each migrated file of a package."""
    query = (
        select(t.migration)
        .where(t.migration.c.package == package)
        .order_by(t.migration.c.representation, t.migration.c.source)
        .limit(limit)
    )
    return list(tx.execute(query).mappings())


def set_registry(tx: Connection, tenant: str, version: int, sha256: str) -> None:
    """Note a tenant's newest registry version; an older one changes nothing."""
    known = tx.execute(select(t.registry.c.version).where(t.registry.c.tenant == tenant)).scalar_one_or_none()
    if known is None:
        tx.execute(insert(t.registry).values(tenant=tenant, version=version, sha256=sha256))
    elif known < version:
        tx.execute(
            update(t.registry).where(t.registry.c.tenant == tenant).values(version=version, sha256=sha256)
        )


def registries(tx: Connection) -> list[RowMapping]:
    """Return tenant, version and digest of every registry, sorted by tenant."""
    return list(tx.execute(select(t.registry).order_by(t.registry.c.tenant)).mappings())


# ------------------------------------------------------------------ rebuild


def forget(tx: Connection) -> None:
    """Empty every table before a rebuild."""
    for table in reversed(t.metadata.sorted_tables):
        tx.execute(delete(table))


def dump(tx: Connection) -> Iterator[str]:
    """Give what must be the same after a rebuild, a JSON line each, sorted; times of checks are not part of it."""
    tables = (
        (t.package, ("checked_at", "due_at"), true()),
        (t.version, (), true()),
        (t.migration, (), t.migration.c.version > 0),  # what no version holds is tried again, not remembered
        (t.registry, (), true()),
    )
    for table, left_out, where in tables:
        keys = list(table.primary_key.columns)
        for row in tx.execute(select(table).where(where).order_by(*keys)).mappings():
            doc = {name: value for name, value in row.items() if name not in left_out}
            if table is t.package:
                doc["description"] = json.loads(row["description"])
            yield json.dumps({table.name: doc}, ensure_ascii=False, sort_keys=True)
