"""Queries on the tables of search."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, insert, select, update

from samarkiv_search import tables as t


def _put(tx: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Update the row of a key, or insert it; the caller's job lane keeps writers of one key apart."""
    where = [table.c[name] == value for name, value in key.items()]
    if tx.execute(update(table).where(*where).values(**values)).rowcount == 0:
        tx.execute(insert(table).values(**key, **values))


def put_package(tx: Connection, package: str, values: Mapping[str, Any]) -> None:
    """Write what is indexed of a package."""
    _put(tx, t.package, {"package": package}, values)


def get_package(tx: Connection, package: str) -> RowMapping | None:
    """Return what is indexed of a package, None when nothing is."""
    return tx.execute(select(t.package).where(t.package.c.package == package)).mappings().first()


def packages_after(tx: Connection, last: str, limit: int, since: str = "") -> Sequence[str]:
    """Return ids of indexed packages in order, after `last`; only those indexed at `since` or later."""
    query = select(t.package.c.package).where(t.package.c.package > last, t.package.c.indexed_at >= since)
    query = query.order_by(t.package.c.package)
    return tx.execute(query.limit(limit)).scalars().all()


def sums(tx: Connection) -> dict[str, int]:
    """Return how many packages and records are indexed, how many of them publicly, and packages with full text."""
    total = [func.coalesce(func.sum(column), 0) for column in (t.package.c.records, t.package.c.shown)]
    row = tx.execute(select(func.count(), *total).select_from(t.package)).one()
    text = tx.execute(
        select(func.count()).select_from(t.package).where(t.package.c.coverage == "text")
    ).scalar_one()
    return {"packages": int(row[0]), "records": int(row[1]), "shown": int(row[2]), "with_text": int(text)}


def put_registry(tx: Connection, document: Mapping[str, Any]) -> None:
    """Write a tenant's names and state from its registry document; an older version changes nothing."""
    one = document["tenant"]
    version = int(document.get("version", 0))
    held = tx.execute(select(t.tenant.c.version).where(t.tenant.c.id == one["id"])).scalar()
    if held is not None and held > version:
        return
    values = {
        "slug": one.get("slug", ""),
        "name": one.get("name", ""),
        "state": one.get("state", "active"),
        "version": version,
    }
    _put(tx, t.tenant, {"id": one["id"]}, values)
    for row in document.get("authorities", ()):
        _put(
            tx,
            t.authority,
            {"id": row["id"]},
            {"tenant": one["id"], "slug": row.get("slug", ""), "name": row.get("name", "")},
        )


def names(tx: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the names of tenants and authorities, of those the registry has told."""
    out: dict[str, str] = {}
    for table in (t.tenant, t.authority):
        rows = tx.execute(select(table.c.id, table.c.name).where(table.c.id.in_(ids)))
        out.update({row.id: row.name for row in rows if row.name})
    return out


def ids_of(tx: Connection, table: Table, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of tenants or authorities named by id, reference or name; an unknown name stays as it is."""
    if not asked:
        return ()
    rows = tx.execute(select(table.c.id, table.c.slug, table.c.name)).all()
    out: list[str] = []
    for one in asked:
        # Compared here: SQLite knows no lower case beyond ASCII.
        found = [row.id for row in rows if one in {row.id, row.slug} or one.lower() == row.name.lower()]
        out.extend(found or [one])
    return tuple(dict.fromkeys(out))


def closed_tenants(tx: Connection) -> tuple[str, ...]:
    """Return the tenants whose holdings nobody may see."""
    return tuple(
        tx.execute(
            select(t.tenant.c.id).where(t.tenant.c.state == "closed").order_by(t.tenant.c.id)
        ).scalars()
    )


def ask_rebuild(tx: Connection, why: str, at: str) -> int:
    """Note that the index is to be built anew; returns the number of the rebuild that runs or waits."""
    waiting = running_rebuild(tx)
    if waiting is not None:
        return int(waiting["n"])
    done = tx.execute(insert(t.rebuild).values(state="asked", why=why, asked_at=at))
    return int(done.inserted_primary_key[0])  # type: ignore[index]


def running_rebuild(tx: Connection) -> RowMapping | None:
    """Return the rebuild that is asked for or under way."""
    query = select(t.rebuild).where(t.rebuild.c.state.in_(("asked", "running"))).order_by(t.rebuild.c.n)
    return tx.execute(query).mappings().first()


def last_rebuild(tx: Connection) -> RowMapping | None:
    """Return the newest rebuild."""
    return tx.execute(select(t.rebuild).order_by(t.rebuild.c.n.desc())).mappings().first()


def note_rebuild(tx: Connection, number: int, **values: Any) -> None:
    """Note how a rebuild goes."""
    tx.execute(update(t.rebuild).where(t.rebuild.c.n == number).values(**values))
