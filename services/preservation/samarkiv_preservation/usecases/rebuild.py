"""Rebuild: rows and events made again from one copy, with database, topics and index lost (DESIGN §4).

This is the one place that lists a storage root to find content.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from samarkiv_contracts.events.package import PackageUpdated
from samarkiv_contracts.problems import CopyUnreadable, NotFound, Problem, Unavailable
from samarkiv_runtime.ocfl import PackageReader, object_root
from samarkiv_runtime.ports import ObjectStore

from samarkiv_preservation import store
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.packages.ocfl_writer import NAMASTE, head, roll_forward
from samarkiv_preservation.usecases import catchup
from samarkiv_preservation.usecases.build import stored_event
from samarkiv_preservation.usecases.migrate import events_of
from samarkiv_preservation.usecases.registry import PREFIX, Archived, read_version

SOON = timedelta(hours=1)


def object_ids(copy: ObjectStore) -> Iterator[str]:
    """Give the id of every object of a copy, in key order: packages (`uuid-…`) and registries (`registry-…`)."""
    mark = f"/{NAMASTE[0]}"
    for found in copy.list(""):
        if found.key.endswith(mark):
            yield found.key.removesuffix(mark).rsplit("/", 1)[1]


def restore_packages(kit: Kit, copy: str) -> tuple[list[dict[str, Any]], Iterator[str]]:
    """Empty our rows and make them again from the copy of that name.

    Returns the newest registry document of every tenant (with `sha256` beside), and an iterator that restores one
    package a step and gives its id: rows, then `package.stored` and what came after it, told anew. Raises NotFound for
    an unknown copy; a package that cannot be read stops it with CopyUnreadable, so that nothing is left out silently.
    """
    if copy not in kit.site.copies:
        raise NotFound(f"Kopian {copy} finns inte", f"There is no copy {copy}")
    source = kit.site.copies[copy]
    registries: list[str] = []
    packages: list[str] = []
    for object_id in object_ids(source):
        (registries if object_id.startswith(PREFIX) else packages).append(object_id)
    documents = [_registry(source, object_id) for object_id in registries]
    with kit.database.write() as tx:
        store.forget(tx)
        for one in documents:
            store.set_registry(tx, one.tenant, int(one.document.get("version", one.version)), one.sha256)
    reader = PackageReader({copy: source})
    told = [{**one.document, "sha256": one.sha256} for one in documents]
    return told, (_restore(kit, reader, source, package) for package in packages)


def _registry(source: ObjectStore, object_id: str) -> Archived:
    n = roll_forward(source, object_root(object_id))
    return read_version({"": source}, object_id.removeprefix(PREFIX), n)


def _restore(kit: Kit, reader: PackageReader, source: ObjectStore, package: str) -> str:
    root = object_root(package)
    last = roll_forward(source, root)
    if not last:
        return package  # begun and never committed: its delivery will be built again, or was never promised
    copies = tuple(name for name, one in kit.site.copies.items() if _holds(one, root))
    try:
        versions = [catchup.noted(reader, source, copies, package, n) for n in range(1, last + 1)]
        description, _records = reader.description(package)
    except (Problem, KeyError, ValueError) as fault:
        raise CopyUnreadable(
            f"Paketet {package} kan inte läsas ur kopian; välj en annan kopia",
            f"Package {package} cannot be read from this copy; choose another copy",
        ) from fault
    first = versions[0].stored
    with kit.database.write() as tx:
        store.add_package(tx, description, first, kit.clock.now(), SOON, read_back=False)
        catchup.note(tx, versions)
        delivery = description.delivery
        facts: dict[str, Any] = {"tenant": description.tenant, "correlation": delivery}
        kit.teller.tell(tx, stored_event(first, delivery), sequence=1, **facts)
        for one in versions:
            for event in events_of(package, one):
                kit.teller.tell(tx, event, sequence=event.version, **facts)
        if last > 1:
            updated = PackageUpdated(package=package, version=last, change="rebuilt")
            kit.teller.tell(tx, updated, sequence=last, **facts)
    return package


def _holds(copy: ObjectStore, root: str) -> bool:
    try:
        return head(copy, root) > 0
    except (Unavailable, CopyUnreadable):
        return False


def canonical_dump(kit: Kit) -> Iterator[str]:
    """Give what preservation must remember the same after a rebuild, a JSON line each, in a fixed order."""
    with kit.database.read() as tx:
        yield from store.dump(tx)
