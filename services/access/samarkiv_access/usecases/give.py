"""Giving out: one file by range, and a package as DIP, bag, plain zip or AIP, all streamed and all rechecked."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import Resource
from samarkiv_runtime.ports import Ids

from samarkiv_access.dissemination.dip import Plan, Released, dip
from samarkiv_access.dissemination.dip_xml import Head
from samarkiv_access.dissemination.originals import Original, bag, plain
from samarkiv_access.dissemination.zipstream import Entry, zip_stream
from samarkiv_access.domain.formats import format_name
from samarkiv_access.store import reads
from samarkiv_access.store.reads import FileRow, Held, Place
from samarkiv_access.usecases.look import Asker, package_resource, record_resource, see_record, seen_of
from samarkiv_access.usecases.ports import Packages

Form = Literal["dip", "aip", "bagit", "zip"]
FORMS: tuple[Form, ...] = ("dip", "aip", "bagit", "zip")
BATCH = 1_000


class Giver(Asker, Protocol):
    """A caller whose right is asked again while bytes flow."""

    def rechecked(
        self, chunks: Iterator[bytes], action: str, resource: Resource, **facts: Any
    ) -> Iterator[bytes]:
        """Pass bytes on while the right lasts."""
        ...


@dataclass(frozen=True)
class Export:
    """A ZIP on its way: its file name and bytes."""

    name: str
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class Desk:
    """What giving out needs: tables, packages, ids, the software's version, the archive's name."""

    database: Database
    packages: Packages
    ids: Ids
    version: str
    house: str


@dataclass(frozen=True)
class Part:
    """What of a package is given out: files at these levels, of one record when one is named."""

    place: Place
    levels: list[int]
    record: Held | None

    @property
    def name(self) -> str:
        """Return the id that names the export."""
        return self.record.id if self.record else self.place.package


def export(desk: Desk, caller: Giver, package: str, form: Form, moment: datetime, record: str = "") -> Export:
    """Return a package (or one `record` of it) in the form asked for, with only what the caller may have.

    Raises NotFound for absent and hidden alike, Forbidden `on_request`, `aip_not_public`, `custody_intermediate`.
    """
    with desk.database.read() as tx:
        place = reads.place_of(tx, package)
    if place is None or not place.files_ready:
        raise NotFound
    whole = package_resource(place)
    caller.must("package.export", whole, export_as=form, fulfils={"recheck", "watermark"})
    part = Part(place, _levels(caller, place), _one_record(desk, caller, place, record))
    if form == "aip":
        entries = _aip(desk, place)
    elif form == "dip":
        entries = _dip(desk, caller, part, moment)
    elif form == "bagit":
        entries = bag(_originals(desk, part), part.name, _info(desk, place), moment)
    else:
        entries = plain(_originals(desk, part))
    chunks = caller.rechecked(zip_stream(entries, moment), "package.export", whole, export_as=form)
    return Export(f"{part.name}-{form}.zip" if form != "aip" else f"{place.package}.zip", chunks)


def manifest(desk: Desk, caller: Giver, package: str) -> Iterator[bytes]:
    """Return a line `sha256  path` for every original the caller may download; raises as `export` does."""
    with desk.database.read() as tx:
        place = reads.place_of(tx, package)
    if place is None or not place.files_ready:
        raise NotFound
    caller.must("package.export", package_resource(place), export_as="zip", fulfils={"recheck", "watermark"})
    part = Part(place, _levels(caller, place), None)
    return (f"{row.sha256}  {row.path}\n".encode() for row in _rows(desk, part))


def _levels(caller: Asker, place: Place) -> list[int]:
    """Return the levels of files that this caller may download from this package."""
    one = replace(package_resource(place), kind="file")
    return [level for level in (0, 1, 2) if caller.may("file.download", replace(one, level=level))]


def _one_record(desk: Desk, caller: Asker, place: Place, record: str) -> Held | None:
    if not record:
        return None
    seen = see_record(desk.database, caller, record)
    if seen.held.place.package != place.package or not seen.whole:
        raise NotFound
    return seen.held


def _rows(desk: Desk, part: Part) -> Iterator[FileRow]:
    after, one = 0, part.record
    while True:
        with desk.database.read() as tx:
            if one is not None:
                rows = reads.files_of(tx, one, after, BATCH)
            else:
                rows = reads.package_files(tx, part.place.package, part.levels, after, BATCH)
        yield from (row for row in rows if row.level in part.levels)
        if len(rows) < BATCH:
            return
        after = rows[-1].n


def _entry(desk: Desk, package: str, name: str, size: int, crc32: int, sha256: str) -> Entry:
    return Entry(name, size, crc32, lambda: desk.packages.read(package, name), sha256)


def _originals(desk: Desk, part: Part) -> Iterator[Original]:
    for row in _rows(desk, part):
        yield Original(row.path, _entry(desk, row.package, row.member, row.size, row.crc32, row.sha256))


def _aip(desk: Desk, place: Place) -> Iterator[Entry]:
    for one in desk.packages.current(place.package):
        yield _entry(desk, place.package, one.name, one.size, one.crc32, one.sha256)


def _info(desk: Desk, place: Place) -> list[tuple[str, str]]:
    return [
        ("Source-Organization", f"{place.tenant_name}, {place.authority_name}"),
        ("Organization-Address", desk.house),
        ("External-Identifier", place.package),
        ("External-Description", place.label),
        ("Bag-Software-Agent", f"Samarkiv {desk.version}"),
    ]


def _dip(desk: Desk, caller: Asker, part: Part, moment: datetime) -> Iterator[Entry]:
    place = part.place
    with desk.database.read() as tx:
        by_level = reads.file_sums(tx, part.record) if part.record else reads.level_counts(tx, place.package)
    head = Head(
        objid=f"uuid-{desk.ids.uuid4()}",
        label=place.label or place.package,
        created=rfc3339(moment),
        software=desk.version,
        archivist=(place.authority_name or place.authority, place.authority),
        disseminator=(place.tenant_name or place.tenant, place.tenant),
        source=f"{place.package}/v{desk.packages.head(place.package)}",
    )
    plan = Plan(
        head=head,
        aip=place.package,
        maker=place.authority_name or place.authority,
        records=_told_records(desk, caller, part),
        schemas=_schemas(desk, place),
        held_back=sum(files for level, (files, _size) in by_level.items() if level not in part.levels),
    )
    released = (
        Released(
            Original(row.path, _entry(desk, row.package, row.member, row.size, row.crc32, row.sha256)),
            row.mime,
            row.puid,
            format_name(row.puid),
            f"{place.package}/ID-original-{row.package_n}",
        )
        for row in _rows(desk, part)
    )
    return dip(plan, released)


def _told_records(desk: Desk, caller: Asker, part: Part) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    after = -1
    while True:
        with desk.database.read() as tx:
            found = reads.records_of(tx, part.place.package, BATCH, after)
        for one in found:
            if part.record is not None and one.id != part.record.id:
                continue
            if caller.may("record.see", record_resource(one, "public_title")):
                seen = seen_of(caller, one)
                yield one.id, seen.title, one.said.registry_no, one.said.dates
        if len(found) < BATCH:
            return
        after = found[-1].n


def _schemas(desk: Desk, place: Place) -> Iterator[Entry]:
    for one in desk.packages.current(place.package):
        if one.path.startswith("schemas/"):
            entry = _entry(desk, place.package, one.name, one.size, one.crc32, one.sha256)
            name = one.path.removeprefix("schemas/")
            yield replace(entry, name=name)
