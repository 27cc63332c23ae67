"""Migrate by policy: a checked output becomes a new representation in a further version; the original is always kept."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from samarkiv_contracts.events.package import PackageMigrated
from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.ocfl import Member
from samarkiv_runtime.ports import Effect, Job
from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from samarkiv_preservation import store
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.locks import only_writer
from samarkiv_preservation.packages.site import Stored
from samarkiv_preservation.usecases import catchup
from samarkiv_preservation.usecases.migrated import KEPT, Group, Outcome, Waiting, add_version, rows_of
from samarkiv_preservation.usecases.originals import fetch, originals, suffix_of

BATCH_FILES, BATCH_BYTES = 100, 200 * 2**20
KINDS = {"fmt/477": "pdfa", "x-fmt/111": "utf8"}  # names of representations by what they hold


def migrate(kit: Kit, job: Job | None, package: str) -> Effect | None:
    """Migrate what has not been migrated yet; returns the effect, None when there is nothing to do.

    Version N holds one new representation a migrator, and `metadata/other/migration-vN.jsonl` with every outcome.
    When no output passed its check no version is made; the outcomes stand in the rows and are told all the same.
    """
    with kit.database.read() as tx:
        row = store.find_package(tx, package)
        done = {str(one["source"]) for one in store.migrations(tx, package) if one["version"]}
    if row is None:
        raise NotFound
    with only_writer(kit.database, f"preservation.package.{package}", 30.0):
        behind = catchup.unnoted(kit, package, int(row["head"]))
    done |= {str(one["source"]) for version in behind for one in version.migrations}
    groups = _groups(kit, package, done)
    if not groups and not behind:
        return None
    with tempfile.TemporaryDirectory(dir=kit.site.scratch, prefix="migrate-") as folder:
        for group in groups:
            _run(kit, job, package, group, Path(folder) / group.name)
        stored = add_version(kit, job, package, groups) if any(group.kept for group in groups) else None
    return _effect(kit, job, row, groups, stored, behind)


def _groups(kit: Kit, package: str, done: set[str]) -> list[Group]:
    groups: dict[str, Group] = {}
    taken = {one.name.split("/")[2] for one in _representations(kit, package)}
    for number, (path, member) in enumerate(originals(kit, package), start=1):
        migrator = kit.plan(member.puid, member.mime) if member.length else None
        if migrator is None or path in done:
            continue
        kind = KINDS.get(migrator.target_puid, "copy")
        if kind not in groups:
            free = next(n for n in range(1, len(taken) + 2) if f"{kind}-{n}" not in taken)
            groups[kind] = Group(f"{kind}-{free}")
        waiting = Waiting(path, f"ID-original-{number}", member)
        groups[kind].waiting.setdefault(migrator, []).append(waiting)
    return list(groups.values())


def _representations(kit: Kit, package: str) -> Iterator[Member]:
    for member in kit.reader.members(package):
        if member.name.endswith("/METS.xml") and member.name.startswith(f"{package}/representations/"):
            yield member


# ------------------------------------------------------------------ running a migrator


def _run(kit: Kit, job: Job | None, package: str, group: Group, folder: Path) -> None:
    taken: set[str] = set()
    total = sum(len(waiting) for waiting in group.waiting.values())
    done = 0
    for migrator, all_waiting in group.waiting.items():
        for batch in _batches(all_waiting):
            inbox, outbox = folder / f"{done}-in", folder / f"{done}-out"
            for place in (inbox, outbox):
                place.mkdir(parents=True)
            paths = _fetched(kit, package, batch, inbox)
            for waiting, result in zip(batch, migrator.migrate(paths, outbox), strict=True):
                if result.outcome == "proved" and result.output is None:
                    group.already += 1
                    continue
                path = _path_of(waiting.path, migrator.suffix, taken) if result.keeps else ""
                group.outcomes.append(Outcome(waiting, migrator, result, path))
            shutil.rmtree(inbox)
            done += len(batch)
            if job:
                job.progress(f"migrate {group.name}", done, total)


def _fetched(kit: Kit, package: str, batch: Sequence[Waiting], inbox: Path) -> list[Path]:
    paths = []
    for number, waiting in enumerate(batch):
        # a generated name: users' names are data, never paths (RELIABILITY rule 6)
        path = inbox / f"{number:04d}{suffix_of(waiting.path)}"
        fetch(kit, package, waiting.member, path)
        paths.append(path)
    return paths


def _batches(waiting: Sequence[Waiting]) -> Iterator[list[Waiting]]:
    batch: list[Waiting] = []
    size = 0
    for one in waiting:
        if batch and (len(batch) >= BATCH_FILES or size + one.member.length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += one.member.length
    if batch:
        yield batch


def _path_of(path: str, suffix: str, taken: set[str]) -> str:
    """Return the output's path: the original's, with the new suffix after it unless it ends so already."""
    found = path if path.lower().endswith(suffix) else path + suffix
    while found in taken:
        found += suffix
    taken.add(found)
    return found


# ------------------------------------------------------------------ rows and events


def _effect(
    kit: Kit,
    job: Job | None,
    row: RowMapping,
    groups: Sequence[Group],
    stored: Stored | None,
    behind: Sequence[catchup.Noted],
) -> Effect:
    package, head = str(row["id"]), int(row["head"])
    rows = rows_of(package, groups, stored.version if stored else 0)

    def effect(tx: Connection) -> None:
        catchup.note(tx, behind)
        if stored:
            store.add_version(tx, stored, "migration")
        store.add_migrations(tx, rows)
        events = [event for one in behind for event in events_of(package, one)]
        version = stored.version if stored else head
        for group in groups:
            if not group.outcomes:
                continue
            outcomes = [one.outcome for one in group.outcomes]
            events.append(migrated_event(package, version, group.name, outcomes))
        for event in events:
            kit.teller.tell(tx, event, tenant=str(row["tenant"]), sequence=event.version, cause=job)

    return effect


def events_of(package: str, one: catchup.Noted) -> list[PackageMigrated]:
    """Return `package.migrated` of every representation that a version read from the copies brought."""
    names = sorted({str(row["representation"]) for row in one.migrations})
    return [
        migrated_event(
            package,
            one.stored.version,
            name,
            [str(row["outcome"]) for row in one.migrations if row["representation"] == name],
        )
        for name in names
    ]


def migrated_event(
    package: str, version: int, representation: str, outcomes: Sequence[str]
) -> PackageMigrated:
    """Return what `package.migrated` says of a representation."""
    return PackageMigrated(
        package=package,
        version=version,
        representation=representation,
        migrated=sum(1 for one in outcomes if one in KEPT),
        needs_review=sum(1 for one in outcomes if one == "needs_review"),
        could_not=sum(1 for one in outcomes if one in {"could_not", "failed"}),
    )
