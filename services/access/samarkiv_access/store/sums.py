"""Counting the holdings: portal figures (public records only), and what the preservation page shows."""

from collections.abc import Sequence
from typing import Any

from samarkiv_contracts.description import RecordDescription
from sqlalchemy import Column, ColumnElement, Connection, Row, func, select

from samarkiv_access.store import tables as t

PUBLIC = (0, 1)
_OPEN_TENANT = select(t.tenant.c.id).where(t.tenant.c.state != "closed")


def _public() -> ColumnElement[bool]:
    return t.record.c.level.in_(PUBLIC) & t.record.c.tenant.in_(_OPEN_TENANT)


def mark(tx: Connection) -> int:
    """Return the number that rises with every change of the public holdings."""
    return int(tx.execute(select(t.mark.c.n).where(t.mark.c.name == "holdings")).scalar() or 0)


def tenants(tx: Connection) -> list[Row[Any]]:
    """Return the members (tenants that are not closed), with how many public records each has."""
    counted = (
        select(t.record.c.tenant, func.count().label("records"))
        .where(_public())
        .group_by(t.record.c.tenant)
        .subquery()
    )
    return list(
        tx.execute(
            select(t.tenant, func.coalesce(counted.c.records, 0).label("records"))
            .select_from(t.tenant.outerjoin(counted, counted.c.tenant == t.tenant.c.id))
            .where(t.tenant.c.state != "closed")
            .order_by(t.tenant.c.name)
        )
    )


def names(tx: Connection) -> dict[str, str]:
    """Return the names of tenants and authorities by id."""
    found: dict[str, str] = {}
    for table in (t.tenant, t.authority):
        found |= {row.id: row.name for row in tx.execute(select(table.c.id, table.c.name))}
    return found


def totals(tx: Connection) -> tuple[int, int, int, int]:
    """Return public records, open records (level 0), and the first and last year (0 when unknown)."""
    row = tx.execute(
        select(
            func.count(),
            func.coalesce(func.sum(1 - t.record.c.level), 0),
            func.min(t.record.c.year).filter(t.record.c.year > 0),
            func.max(t.record.c.year),
        ).where(_public())
    ).one()
    return int(row[0]), int(row[1]), int(row[2] or 0), int(row[3] or 0)


def decades(tx: Connection) -> list[tuple[int, int]]:
    """Return (decade, public records), oldest first; records without a year are left out."""
    decade = (t.record.c.year - t.record.c.year % 10).label("decade")
    rows = tx.execute(
        select(decade, func.count()).where(_public(), t.record.c.year > 0).group_by(decade).order_by(decade)
    )
    return [(int(row[0]), int(row[1])) for row in rows]


def types(tx: Connection, limit: int) -> list[Row[Any]]:
    """Return record types with their number of public records, members and years, the largest first."""
    return list(
        tx.execute(
            select(
                t.record.c.record_type,
                func.count().label("records"),
                func.count(func.distinct(t.record.c.tenant)).label("members"),
                func.min(t.record.c.tenant).label("tenant"),
                func.min(t.record.c.year).filter(t.record.c.year > 0).label("first"),
                func.max(t.record.c.year).label("last"),
            )
            .where(_public(), t.record.c.record_type != "")
            .group_by(t.record.c.record_type)
            .order_by(func.count().desc(), t.record.c.record_type)
            .limit(limit)
        )
    )


def least_copies(tx: Connection) -> int:
    """Return in how many copies the package with the fewest lies; 0 when nothing is stored."""
    each = select(func.count().label("copies")).select_from(t.fixity).group_by(t.fixity.c.package).subquery()
    return int(tx.execute(select(func.min(each.c.copies))).scalar() or 0)


def example(tx: Connection) -> str:
    """Return words that find an open record: its type and its place, or its title; empty when there is none."""
    placed = t.record.c.doc.like('%"places":%')
    for more in ([placed], []):
        row = tx.execute(
            select(t.record.c.doc)
            .where(t.record.c.level == 0, *more)
            .order_by(t.record.c.stored_at, t.record.c.id)
            .limit(1)
        ).first()
        if row is not None:
            said = RecordDescription.model_validate_json(row.doc)
            words = (
                [said.record_type.lower(), said.places[0].title()]
                if said.places
                else [said.public_title or said.title]
            )
            return " ".join(word for word in words if word)
    return ""


def open_files(tx: Connection) -> int:
    """Return how many files are at level 0."""
    return int(tx.execute(select(func.count()).select_from(t.file).where(t.file.c.level == 0)).scalar() or 0)


# ---------------------------------------------------------------------------------------------- preservation


def _within(column: Column[str], tenants_seen: Sequence[str] | None) -> ColumnElement[bool]:
    return column.is_not(None) if tenants_seen is None else column.in_(list(tenants_seen))


def holdings(tx: Connection, seen: Sequence[str] | None) -> list[Row[Any]]:
    """Return packages, records, files and bytes by authority; `seen` are the tenants to count, None for all."""
    return list(
        tx.execute(
            select(
                func.max(t.tenant.c.name).label("tenant_name"),
                func.max(t.authority.c.name).label("authority_name"),
                func.count().label("packages"),
                func.sum(t.package.c.records).label("records"),
                func.sum(t.package.c.files).label("files"),
                func.sum(t.package.c.bytes).label("bytes"),
            )
            .select_from(
                t.package.outerjoin(t.tenant, t.tenant.c.id == t.package.c.tenant).outerjoin(
                    t.authority, t.authority.c.id == t.package.c.authority
                )
            )
            .where(_within(t.package.c.tenant, seen))
            .group_by(t.package.c.tenant, t.package.c.authority)
            .order_by("tenant_name", "authority_name")
        )
    )


def formats(tx: Connection, seen: Sequence[str] | None, limit: int = 20) -> list[Row[Any]]:
    """Return formats with their number of files, the most common first."""
    return list(
        tx.execute(
            select(t.file.c.puid, func.max(t.file.c.format).label("format"), func.count().label("files"))
            .select_from(t.file.join(t.package, t.package.c.id == t.file.c.package))
            .where(_within(t.package.c.tenant, seen))
            .group_by(t.file.c.puid)
            .order_by(func.count().desc())
            .limit(limit)
        )
    )


def fixity_counts(tx: Connection, seen: Sequence[str] | None) -> list[Row[Any]]:
    """Return (copy, outcome, packages, oldest check) for every copy."""
    return list(
        tx.execute(
            select(
                t.fixity.c.copy_name,
                t.fixity.c.outcome,
                func.count().label("packages"),
                func.min(t.fixity.c.at).label("oldest"),
                func.max(t.fixity.c.at).label("newest"),
            )
            .where(_within(t.fixity.c.tenant, seen))
            .group_by(t.fixity.c.copy_name, t.fixity.c.outcome)
            .order_by(t.fixity.c.copy_name)
        )
    )


def checks(tx: Connection, seen: Sequence[str] | None, limit: int = 8) -> list[Row[Any]]:
    """Return the last checks: what was not ok first, then the newest."""
    return list(
        tx.execute(
            select(t.fixity, t.package.c.label, t.package.c.level)
            .select_from(t.fixity.outerjoin(t.package, t.package.c.id == t.fixity.c.package))
            .where(_within(t.fixity.c.tenant, seen))
            .order_by(
                (t.fixity.c.outcome == "ok"), t.fixity.c.at.desc(), t.fixity.c.package, t.fixity.c.copy_name
            )
            .limit(limit)
        )
    )


def migrations(tx: Connection, seen: Sequence[str] | None, limit: int = 8) -> list[Row[Any]]:
    """Return the packages that were migrated last."""
    return list(
        tx.execute(
            select(t.package)
            .where(
                _within(t.package.c.tenant, seen),
                t.package.c.migrated + t.package.c.needs_review + t.package.c.could_not > 0,
            )
            .order_by(t.package.c.stored_at.desc(), t.package.c.id)
            .limit(limit)
        )
    )


def open_requests(tx: Connection, limit: int = 20) -> list[Row[Any]]:
    """Return requests that wait for an answer, the oldest first."""
    return list(
        tx.execute(
            select(t.request).where(t.request.c.state == "received").order_by(t.request.c.at).limit(limit)
        )
    )
