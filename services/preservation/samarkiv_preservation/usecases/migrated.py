"""What a migration brought, as a further version: representations, PREMIS events, and the report of every outcome."""

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.ocfl import Member
from samarkiv_runtime.ports import Job

from samarkiv_preservation.kit import Kit
from samarkiv_preservation.locks import only_writer
from samarkiv_preservation.migrators.base import MigrationResult, Migrator
from samarkiv_preservation.packages import mets, premis
from samarkiv_preservation.packages.amendment import Amendment, amend
from samarkiv_preservation.packages.premis import FileObject
from samarkiv_preservation.packages.provenance import software
from samarkiv_preservation.packages.representation import RepresentationWriter
from samarkiv_preservation.packages.site import Stored

KEPT = (
    "proved",
    "plausible",
)  # only an output whose check passed becomes part of a representation (FORMATS rule 2)
OUTCOMES = (*KEPT, "needs_review", "could_not", "failed")
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


def add_version(kit: Kit, job: Job | None, package: str, groups: Sequence[Group]) -> Stored:
    """Publish a version with one representation a group that kept anything; raises Unavailable, CopyUnreadable."""
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
            [json.dumps(row, ensure_ascii=False) for row in rows_of(package, groups)],
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


def rows_of(package: str, groups: Sequence[Group], version: int = 0) -> list[dict[str, Any]]:
    """Return a row for every outcome; the report in the package has the same (its version is the one it lies in)."""
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
