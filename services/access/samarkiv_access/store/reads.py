"""Asking the read tables for one record, its files and its story. Every function takes a read transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from samarkiv_contracts.description import RecordDescription
from sqlalchemy import Connection, Row, RowMapping, Select, and_, func, or_, select

from samarkiv_access.store import tables as t


@dataclass(frozen=True)
class Place:
    """Whose a package is, in names, and how it stands."""

    package: str
    delivery: str
    tenant: str
    tenant_name: str
    tenant_state: str
    authority: str
    authority_name: str
    agreement: str
    agreement_reference: str
    label: str
    custody: str
    level: int
    version: int
    copies: tuple[str, ...]
    received_at: str
    stored_at: str
    profile: str
    files: int
    bytes: int
    records: int
    files_ready: bool


@dataclass(frozen=True)
class Held:
    """One record with its place. `level` is the one it is shown at."""

    id: str
    n: int
    level: int
    every_file: bool
    said: RecordDescription
    place: Place


@dataclass(frozen=True)
class FileRow:
    """One delivered file as a record shows it: `n` is its number in the record, from 1."""

    n: int
    path: str
    member: str
    size: int
    sha256: str
    crc32: int
    mime: str
    format: str
    puid: str
    level: int
    package: str
    package_n: int


_PLACE = (
    t.package,
    t.tenant.c.name.label("tenant_name"),
    t.tenant.c.state.label("tenant_state"),
    t.authority.c.name.label("authority_name"),
)
_JOINED = t.package.outerjoin(t.tenant, t.tenant.c.id == t.package.c.tenant).outerjoin(
    t.authority, t.authority.c.id == t.package.c.authority
)


def _place(one: RowMapping) -> Place:
    return Place(
        package=one[t.package.c.id],
        delivery=one[t.package.c.delivery],
        tenant=one[t.package.c.tenant],
        tenant_name=one["tenant_name"] or "",
        tenant_state=one["tenant_state"] or "active",
        authority=one[t.package.c.authority],
        authority_name=one["authority_name"] or "",
        agreement=one[t.package.c.agreement],
        agreement_reference=one[t.package.c.agreement_reference],
        label=one[t.package.c.label],
        custody=one[t.package.c.custody],
        level=one[t.package.c.level],
        version=one[t.package.c.version],
        copies=tuple(json.loads(one[t.package.c.copies] or "[]")),
        received_at=one[t.package.c.received_at],
        stored_at=one[t.package.c.stored_at],
        profile=one[t.package.c.profile],
        files=one[t.package.c.files],
        bytes=one[t.package.c.bytes],
        records=one[t.package.c.records],
        files_ready=one[t.package.c.files_ready],
    )


def place_of(tx: Connection, package: str) -> Place | None:
    """Return a package's place, or None when access does not know it."""
    row = tx.execute(select(*_PLACE).select_from(_JOINED).where(t.package.c.id == package)).mappings().first()
    return None if row is None else _place(row)


def _held(one: RowMapping) -> Held:
    return Held(
        id=one["record_id"],
        n=one["record_n"],
        level=one["record_level"],
        every_file=one["record_every"],
        said=RecordDescription.model_validate_json(one["record_doc"]),
        place=_place(one),
    )


_HELD = select(
    *_PLACE,
    t.record.c.id.label("record_id"),
    t.record.c.n.label("record_n"),
    t.record.c.level.label("record_level"),
    t.record.c.every_file.label("record_every"),
    t.record.c.doc.label("record_doc"),
).select_from(_JOINED.join(t.record, t.record.c.package == t.package.c.id))


def held(tx: Connection, record: str) -> Held | None:
    """Return one record with its place, or None when there is none."""
    row = tx.execute(_HELD.where(t.record.c.id == record)).mappings().first()
    return None if row is None else _held(row)


def records_of(tx: Connection, package: str, limit: int = 20, after: int = -1) -> list[Held]:
    """Return records of a package in their order, after number `after`."""
    here = _HELD.where(t.record.c.package == package, t.record.c.n > after)
    rows = tx.execute(here.order_by(t.record.c.n).limit(limit))
    return [_held(row) for row in rows.mappings()]


def first_records(tx: Connection, packages: Sequence[str]) -> dict[str, Held]:
    """Return the first record of each package."""
    if not packages:
        return {}
    rows = tx.execute(_HELD.where(t.record.c.package.in_(list(packages)), t.record.c.n == 0))
    return {one.place.package: one for one in map(_held, rows.mappings())}


def latest(tx: Connection, limit: int) -> list[Held]:
    """Return the records at level 0 that came last."""
    rows = tx.execute(
        _HELD.where(t.record.c.level == 0).order_by(t.record.c.stored_at.desc(), t.record.c.id).limit(limit)
    )
    return [_held(row) for row in rows.mappings()]


# ---------------------------------------------------------------------------------------------- files


def _files(one: Held) -> Select[Any]:
    if one.every_file:
        return select(t.file, t.file.c.n.label("number")).where(t.file.c.package == one.place.package)
    joined = t.record_file.join(
        t.file, and_(t.file.c.package == t.record_file.c.package, t.file.c.n == t.record_file.c.n)
    )
    return (
        select(t.file, t.record_file.c.seq.label("number"))
        .select_from(joined)
        .where(t.record_file.c.record == one.id)
    )


def _number(one: Held) -> Any:
    return t.file.c.n if one.every_file else t.record_file.c.seq


def _file(one: RowMapping, one_level: int) -> FileRow:
    return FileRow(
        n=one["number"],
        path=one[t.file.c.path],
        member=one[t.file.c.member],
        size=one[t.file.c.size],
        sha256=one[t.file.c.sha256],
        crc32=one[t.file.c.crc32],
        mime=one[t.file.c.mime],
        format=one[t.file.c.format],
        puid=one[t.file.c.puid],
        level=max(int(one[t.file.c.level]), one_level),
        package=one[t.file.c.package],
        package_n=one[t.file.c.n],
    )


def files_of(tx: Connection, one: Held, after: int = 0, limit: int = 100) -> list[FileRow]:
    """Return the files of a record in their order, after number `after`."""
    number = _number(one)
    rows = tx.execute(_files(one).where(number > after).order_by(number).limit(limit))
    return [_file(row, one.level) for row in rows.mappings()]


def file_of(tx: Connection, one: Held, n: int) -> FileRow | None:
    """Return file `n` of a record, or None."""
    row = tx.execute(_files(one).where(_number(one) == n)).mappings().first()
    return None if row is None else _file(row, one.level)


def file_sums(tx: Connection, one: Held) -> dict[int, tuple[int, int]]:
    """Return (files, bytes) of a record by level."""
    inner = _files(one).subquery()
    rows = tx.execute(
        select(inner.c.level, func.count(), func.coalesce(func.sum(inner.c.size), 0)).group_by(inner.c.level)
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}


def package_files(
    tx: Connection, package: str, levels: Sequence[int], after: int = 0, limit: int = 1000
) -> list[FileRow]:
    """Return files of a package at the given levels, in order, after number `after`."""
    rows = tx.execute(
        select(t.file, t.file.c.n.label("number"))
        .where(t.file.c.package == package, t.file.c.n > after, t.file.c.level.in_(list(levels)))
        .order_by(t.file.c.n)
        .limit(limit)
    )
    return [_file(row, 0) for row in rows.mappings()]


def level_counts(tx: Connection, package: str) -> dict[int, tuple[int, int]]:
    """Return (files, bytes) of a package by level."""
    rows = tx.execute(
        select(t.file.c.level, func.count(), func.coalesce(func.sum(t.file.c.size), 0))
        .where(t.file.c.package == package)
        .group_by(t.file.c.level)
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}


def open_files_with(tx: Connection, sha256: str, limit: int = 20) -> list[tuple[Held, str]]:
    """Return the level 0 files with a digest, each with a level 0 record that holds it."""
    rows = tx.execute(
        select(t.file.c.package, t.file.c.n, t.file.c.path)
        .where(t.file.c.sha256 == sha256, t.file.c.level == 0)
        .order_by(t.file.c.package, t.file.c.n)
        .limit(limit)
    ).all()
    found: list[tuple[Held, str]] = []
    for package, n, path in rows:
        linked = select(t.record_file.c.record).where(
            t.record_file.c.package == package, t.record_file.c.n == n
        )
        row = (
            tx.execute(
                _HELD.where(
                    t.record.c.package == package,
                    t.record.c.level == 0,
                    or_(t.record.c.every_file, t.record.c.id.in_(linked)),
                ).limit(1)
            )
            .mappings()
            .first()
        )
        if row is not None:
            found.append((_held(row), path))
    return found


# ---------------------------------------------------------------------------------------------- stories


def story(tx: Connection, *, delivery: str = "", package: str = "") -> list[Row[Any]]:
    """Return the events of a delivery with its packages, or of one package, in the order of their times."""
    chosen = []
    if package:
        chosen.append(t.event.c.package == package)
    if delivery:
        chosen.append(t.event.c.delivery == delivery)
    return list(
        tx.execute(select(t.event).where(or_(*chosen)).order_by(t.event.c.at, t.event.c.id).limit(500))
    )


def fixity_of(tx: Connection, package: str) -> list[Row[Any]]:
    """Return the last outcome of each copy of a package."""
    return list(
        tx.execute(select(t.fixity).where(t.fixity.c.package == package).order_by(t.fixity.c.copy_name))
    )


def delivery_of(tx: Connection, delivery: str) -> Row[Any] | None:
    """Return what access knows of a delivery, or None."""
    return tx.execute(select(t.delivery).where(t.delivery.c.id == delivery)).first()


def authority_of(tx: Connection, agreement: str) -> str:
    """Return the authority of an agreement, empty when the registry has not told it."""
    return str(
        tx.execute(select(t.agreement.c.authority).where(t.agreement.c.id == agreement)).scalar() or ""
    )


def packages_of(tx: Connection, delivery: str, limit: int = 20) -> list[Place]:
    """Return the packages of a delivery."""
    rows = tx.execute(
        select(*_PLACE)
        .select_from(_JOINED)
        .where(t.package.c.delivery == delivery)
        .order_by(t.package.c.id)
        .limit(limit)
    )
    return [_place(row) for row in rows.mappings()]


# ---------------------------------------------------------------------------------------------- requests


def request_by_code(tx: Connection, code_hash: str) -> Row[Any] | None:
    """Return the request with a case code's hash, or None."""
    return tx.execute(select(t.request).where(t.request.c.code_hash == code_hash)).first()
