"""Migrate by policy: a checked output becomes a new representation in a further version; the original is always kept."""

import json
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from samarkiv_contracts.events.package import PackageMigrated
from samarkiv_contracts.problems import NotFound
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.ocfl import Member
from samarkiv_runtime.ports import Effect, Job
from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from samarkiv_preservation import store
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.locks import only_writer
from samarkiv_preservation.migrators.base import MigrationResult, Migrator
from samarkiv_preservation.packages import mets, premis
from samarkiv_preservation.packages.amendment import Amendment, amend
from samarkiv_preservation.packages.premis import FileObject
from samarkiv_preservation.packages.provenance import software
from samarkiv_preservation.packages.representation import RepresentationWriter
from samarkiv_preservation.packages.site import Stored
from samarkiv_preservation.usecases import catchup
from samarkiv_preservation.usecases.originals import fetch, originals, suffix_of

BATCH_FILES, BATCH_BYTES = 100, 200 * 2**20
KEPT = (
    "proved",
    "plausible",
)  # only an output whose check passed becomes part of a representation (FORMATS rule 2)
OUTCOMES = (*KEPT, "needs_review", "could_not", "failed")
KINDS = {"fmt/477": "pdfa", "x-fmt/111": "utf8"}  # names of representations by what they hold
FORMAT_NAMES = {"fmt/477": "PDF/A-2b", "x-fmt/111": "Plain Text File (UTF-8)"}
EXCEPTIONS = 1_000  # PREMIS events for single files; the report in the package names all
BLOCK = 1 << 20


@dataclass(frozen=True)
class Waiting:
    """An original that is to be migrated: delivered path, id in METS and PREMIS, and where it lies."""

    path: str
    id: str
    member: Member


@dataclass
class Outcome:
    """What became of one original: the migrator's answer, and the path of its output in the representation."""

    waiting: Waiting
    migrator: Migrator
    result: MigrationResult
    path: str = ""

    @property
    def outcome(self) -> str:
        """Return the word of the closed list."""
        return self.result.outcome

    @property
    def tool(self) -> str:
        """Return tool and version."""
        return f"{self.result.tool} {self.result.version}".strip()


@dataclass
class Group:
    """The originals of one representation to be, by migrator, and what became of them.

    `already` counts originals that are in the target format: nothing is done with them and nothing noted.
    """

    name: str
    waiting: dict[Migrator, list[Waiting]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    already: int = 0

    @property
    def kept(self) -> list[Outcome]:
        """Return the outcomes whose output becomes part of the representation."""
        return [one for one in self.outcomes if one.result.keeps]

    def count(self, outcome: str) -> int:
        """Return how many originals ended so."""
        return sum(1 for one in self.outcomes if one.outcome == outcome)


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
        stored = _publish(kit, job, package, groups) if any(group.kept for group in groups) else None
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


# ------------------------------------------------------------------ the new version


def _publish(kit: Kit, job: Job | None, package: str, groups: Sequence[Group]) -> Stored:
    moment = kit.clock.now()
    at = rfc3339(moment)
    made = [group for group in groups if group.kept]
    outcomes = [one for group in groups for one in group.outcomes]
    exceptions = [_exception(one, at) for one in outcomes if one.outcome not in KEPT]
    added = premis.Event(
        id="",
        type="metadata modification",
        at=at,
        outcome="success",
        object=package,
        detail=f"Representations added by migration: {', '.join(group.name for group in made)}",
        note=f"every outcome: metadata/other/migration; events for {min(len(exceptions), EXCEPTIONS)} exceptions",
    )
    amendment = Amendment(
        message="Migration",
        events=(added, *exceptions[:EXCEPTIONS]),
        agents=(software(kit.site.software), *_agents(outcomes)),
        representations={group.name: _Writing(kit, package, group, at) for group in made},
        report=(
            "migration",
            "MIGRATION-REPORT",
            [json.dumps(row, ensure_ascii=False) for row in _rows(package, groups)],
        ),
    )
    with only_writer(kit.database, f"preservation.package.{package}", 30.0):
        return amend(
            kit.site,
            kit.reader,
            package,
            moment,
            amendment,
            still_ours=lambda: job.progress("publish", 0, 0) if job else None,
        )


@dataclass
class _Writing:
    """Writes the representation of one group."""

    kit: Kit
    package: str
    group: Group
    at: str

    def __call__(self, writer: RepresentationWriter) -> tuple[mets.Representation, mets.Section]:
        group = self.group
        acts = {tool: f"evt-{group.name}-{n}" for n, tool in enumerate(_tools(group.kept), start=1)}
        for one in group.kept:
            self._file(writer, one, acts[one.tool])
        agents = _agents(group.kept)
        events = [
            premis.Event(
                id=act,
                type="migration",
                at=self.at,
                outcome="success" if len(group.kept) == len(group.outcomes) else "warning",
                object=f"{self.package}/{group.name}",
                detail=_detail(next(one for one in group.kept if one.tool == tool)),
                note=_summary(group),
                agents=((_agent_id(tool), "executing program"),),
            )
            for tool, act in acts.items()
        ]
        first = next(iter(acts.values()))
        return writer.finish(events, agents, source="original", event=first)

    def _file(self, writer: RepresentationWriter, one: Outcome, act: str) -> None:
        assert one.result.output is not None
        digest, crc, size = sha256(), 0, 0
        for block in _blocks(one.result.output):
            digest.update(block)
            crc = zlib.crc32(block, crc)
            size += len(block)
        file = FileObject(
            writer.next_id(),
            one.path,
            size,
            digest.hexdigest(),
            one.migrator.target_puid,
            FORMAT_NAMES.get(one.migrator.target_puid, one.migrator.target_mime),
            source=one.waiting.id,
            event=act,
        )
        writer.file(file, one.migrator.target_mime, crc, _blocks(one.result.output))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _tools(outcomes: Sequence[Outcome]) -> list[str]:
    return list(dict.fromkeys(one.tool for one in outcomes))


def _agent_id(tool: str) -> str:
    return f"sw-{re.sub(r'[^a-z0-9]+', '-', tool.lower()).strip('-') or 'tool'}"


def _agents(outcomes: Sequence[Outcome]) -> list[premis.Agent]:
    found = {one.tool: one.result for one in outcomes}
    return [
        premis.Agent(_agent_id(tool), result.tool or "tool", "software", result.version)
        for tool, result in found.items()
    ]


def _detail(one: Outcome) -> str:
    rule = one.migrator.rule
    return f"{one.tool}; rule {rule.name} of format policy {rule.version}, to {one.migrator.target_puid}"


def _summary(group: Group) -> str:
    told = ", ".join(f"{word.replace('_', ' ')} {group.count(word)}" for word in OUTCOMES)
    return f"{len(group.kept)} of {len(group.outcomes)} files migrated: {told}; already in the format {group.already}"


def _exception(one: Outcome, at: str) -> premis.Event:
    measured = json.dumps(one.result.measured, ensure_ascii=False, default=str) if one.result.measured else ""
    return premis.Event(
        id="",
        type="migration",
        at=at,
        outcome="warning" if one.outcome == "needs_review" else "failure",
        object=one.waiting.id,
        detail=f"{_detail(one)}: {one.outcome.replace('_', ' ')}",
        note=f"{one.result.reason} {measured}".strip(),
        role="source",
        agents=((_agent_id(one.tool), "executing program"),),
    )


# ------------------------------------------------------------------ rows and events


def _rows(package: str, groups: Sequence[Group], version: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "package": package,
            "representation": group.name,
            "source": one.waiting.path,
            "version": version,
            "target": one.path,
            "tool": one.tool,
            "policy": one.migrator.rule.version,
            "outcome": one.outcome,
            "note": one.result.reason,
            "measured": json.dumps(one.result.measured, ensure_ascii=False, sort_keys=True, default=str),
        }
        for group in groups
        for one in group.outcomes
    ]


def _effect(
    kit: Kit,
    job: Job | None,
    row: RowMapping,
    groups: Sequence[Group],
    stored: Stored | None,
    behind: Sequence[catchup.Noted],
) -> Effect:
    package, head = str(row["id"]), int(row["head"])
    rows = _rows(package, groups, stored.version if stored else 0)

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
