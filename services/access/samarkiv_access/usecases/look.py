"""Looking at one record: what this caller may see of it. Hidden answers exactly as absent."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.database import Database
from samarkiv_runtime.policy import Resource

from samarkiv_access.store import reads
from samarkiv_access.store.reads import FileRow, Held, Place


class Asker(Protocol):
    """The caller as the use cases know it: may it, and must it (which logs and fulfils)."""

    def may(self, action: str, resource: Resource, **facts: Any) -> bool:
        """Return whether the action would be permitted."""
        ...

    def must(self, action: str, resource: Resource, **facts: Any) -> Any:
        """Permit or raise."""
        ...


@dataclass(frozen=True)
class Seen:
    """A record as one caller sees it. `whole` means its metadata, else only the public-title fields; `public`: as anyone."""

    held: Held
    whole: bool
    public: bool

    @property
    def title(self) -> str:
        """Return the title this caller is shown: the public one for the public, the record type when there is none."""
        said = self.held.said
        if not self.public:
            return said.title
        if said.public_title:
            return said.public_title
        return (said.title if self.held.level == 0 else said.record_type) or "–"


def public_title(held: Held) -> str:
    """Return the title that everyone sees of a record at level 0."""
    return Seen(held, whole=True, public=True).title


def record_resource(held: Held, part: str = "metadata") -> Resource:
    """Return a record as the policy sees it."""
    return _resource(
        "record", held.id, held.place, held.level, part, held.said.record_type, held.said.protected
    )


def file_resource(held: Held, file: FileRow, kind: str = "file") -> Resource:
    """Return a file (or `derivative`) of a record as the policy sees it."""
    return _resource(
        kind, f"{held.id}/{file.n}", held.place, file.level, kind, held.said.record_type, held.said.protected
    )


def package_resource(place: Place, part: str = "file") -> Resource:
    """Return a package as the policy sees it."""
    return _resource("package", place.package, place, place.level, part)


def _resource(
    kind: str, key: str, place: Place, level: int, part: str, record_type: str = "", protected: bool = False
) -> Resource:
    return Resource(
        kind=kind,
        id=key,
        tenant=place.tenant,
        tenant_state=place.tenant_state,
        authority=place.authority,
        record_type=record_type,
        level=level,
        custody=place.custody,
        protected=protected,
        part=part,
        agreement=place.agreement,
    )


def see_record(database: Database, caller: Asker, record: str) -> Seen:
    """Return the record as the caller sees it; raises NotFound for absent and hidden alike."""
    with database.read() as tx:
        held = reads.held(tx, record)
    if held is None:
        raise NotFound
    return seen_of(caller, held)


def seen_of(caller: Asker, held: Held) -> Seen:
    """Return a record that was found as the caller sees it; raises NotFound when it is hidden."""
    whole = record_resource(held, "metadata")
    if caller.may("record.see", whole):
        return Seen(held, whole=True, public=caller.must("record.see", whole).public)
    told = caller.must("record.see", record_resource(held, "public_title"))
    return Seen(held, whole=False, public=told.public)


def see_files(
    database: Database, caller: Asker, seen: Seen, after: int = 0, limit: int = 100
) -> tuple[list[tuple[FileRow, bool]], int]:
    """Return up to `limit` files with whether this caller may download each, and where the next page begins (0: the end).

    Files the caller may not even know of are left out. Raises Forbidden `on_request` for a record of level 1.
    """
    caller.must("record.see", record_resource(seen.held, "metadata"))
    found: list[tuple[FileRow, bool]] = []
    allowed: dict[int, tuple[bool, bool]] = {}
    with database.read() as tx:
        rows = reads.files_of(tx, seen.held, after, limit + 1)
    for row in rows[:limit]:
        if row.level not in allowed:
            one = file_resource(seen.held, row)
            allowed[row.level] = (
                caller.may("file.download", one),
                row.level < 2 or caller.may("file.view", one),
            )
        download, known = allowed[row.level]
        if known:
            found.append((row, download))
    return found, rows[limit - 1].n if len(rows) > limit else 0


def see_file(
    database: Database, caller: Asker, record: str, n: int, action: str = "file.download"
) -> tuple[Seen, FileRow]:
    """Return one file that the caller may have; every number of a level 1 record answers `on_request` alike."""
    seen = see_record(database, caller, record)
    kind = action.split(".", maxsplit=1)[0]
    if not seen.whole:
        caller.must(action, replace(record_resource(seen.held, kind), kind=kind))
    with database.read() as tx:
        row = reads.file_of(tx, seen.held, n)
    if row is None:
        raise NotFound
    # What streams is asked again on the way (`Caller.rechecked`); a view that is not marked is not promised as marked.
    fulfils = {"recheck"} if action == "file.download" else set()
    caller.must(action, file_resource(seen.held, row, kind), fulfils=fulfils)
    return seen, row


def told(seen: Seen, files: tuple[int, int] | None) -> dict[str, Any]:
    """Return the record as the API gives it, with only the fields this caller may see (POLICY §2)."""
    held, said, place = seen.held, seen.held.said, seen.held.place
    doc: dict[str, Any] = {
        "id": held.id,
        "title": seen.title,
        "record_type": said.record_type,
        "registry_no": said.registry_no,
        "series": said.series,
        "dates": said.dates,
        "level": held.level,
        "tenant": {"id": place.tenant, "name": place.tenant_name},
        "authority": {"id": place.authority, "name": place.authority_name},
    }
    if not seen.whole:
        return doc
    doc |= {
        "classification": said.classification,
        "description": said.description,
        "places": list(said.places),
        "package": place.package,
        "custody": place.custody,
        "stored_at": place.stored_at,
        "copies": len(place.copies),
    }
    if files is not None:
        doc["files"] = {"count": files[0], "bytes": files[1], "href": f"/v1/records/{held.id}/files"}
    if not seen.public:
        doc |= {
            "public_title": said.public_title,
            "parties": list(said.parties),
            "secrecy": [mark.model_dump() for mark in said.secrecy],
            "protected": said.protected,
            "delivery": place.delivery,
            "agreement": {"id": place.agreement, "reference": place.agreement_reference},
        }
    return doc


def sums(database: Database, caller: Asker, seen: Seen) -> tuple[int, int]:
    """Return number and bytes of the files this caller may download."""
    with database.read() as tx:
        by_level = reads.file_sums(tx, seen.held)
    count = size = 0
    for level, (files, total) in by_level.items():
        shown = max(level, seen.held.level)
        one = _resource(
            "file",
            seen.held.id,
            seen.held.place,
            shown,
            "file",
            seen.held.said.record_type,
            seen.held.said.protected,
        )
        if caller.may("file.download", one):
            count, size = count + files, size + total
    return count, size
