"""Version 1 of a package, built of a handover: the same handover gives the same bytes, so that a rerun meets itself."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from samarkiv_contracts.handover import FileEntry, Handover, PlannedPackage
from samarkiv_contracts.problems import Unavailable, Unexpected
from samarkiv_runtime.clock import rfc3339

from samarkiv_preservation.packages import ead, mets, premis, provenance
from samarkiv_preservation.packages.container import Container
from samarkiv_preservation.packages.premis import FileObject
from samarkiv_preservation.packages.representation import RepresentationWriter
from samarkiv_preservation.packages.schemas import schema_bodies
from samarkiv_preservation.packages.site import Site
from samarkiv_preservation.packages.source import STRIDE, Source
from samarkiv_preservation.packages.spool import Body, Spool

ORIGINAL = "original"
DESCRIPTION = "metadata/other/description.jsonl"
REPORT = "metadata/other/validation-report.json"
EAD = "metadata/descriptive/ead.xml"
PREMIS = "metadata/preservation/premis.xml"
Progress = Callable[[str, int, int], None]


def _nothing(_what: str, _done: int, _total: int) -> None:
    return None


@dataclass
class FirstVersion:
    """One planned package. `report` gives the bytes of the acceptance control's report; `moment` is when it passed."""

    site: Site
    handover: Handover
    plan: PlannedPackage
    entries: Iterable[FileEntry]
    sources: Mapping[str, Source]
    report: Callable[[], Iterable[bytes]]
    moment: datetime
    progress: Progress = _nothing

    def fill(self, container: Container) -> tuple[int, int]:
        """Write every member; returns number and bytes of the originals.

        Raises Unavailable when staging does not hold what ingest listed, Unexpected when the list is not the plan's.
        """
        package, created, version = self.plan.description, rfc3339(self.moment), self.site.software
        original = RepresentationWriter(
            container, package.id, ORIGINAL, created=created, software=version, scratch=self.site.scratch
        )
        self._data(original)
        acts = [act for act in self.handover.acts if act.type in provenance.ON_FILES]
        events, agents = provenance.events_of(
            acts, self.handover.people, version, f"{package.id}/{ORIGINAL}", f"evt-{ORIGINAL}"
        )
        representation, section = original.finish(events, agents)
        root = self._root_mets(created)
        root.representations = [representation]
        self._metadata(container, root, section, created)
        container.add(f"{package.id}/METS.xml", Body(root.to_bytes()))
        return original.files, original.bytes

    # ------------------------------------------------------------------ data

    def _data(self, original: RepresentationWriter) -> None:
        total = self.plan.description.files
        for entry in self.entries:
            if entry.folder:
                original.folder(entry.path)
                continue
            file = FileObject(
                original.next_id(),
                entry.path,
                entry.size,
                entry.sha256,
                entry.puid,
                entry.format,
                entry.raw_name,
            )
            original.file(file, entry.mime, entry.crc32, self._checked(entry))
            if original.files % 500 == 0:
                self.progress("build", original.files, total)
        if (original.files, original.bytes) != (total, self.plan.description.bytes):
            raise Unexpected(
                "Fillistan stämmer inte med planen",
                f"the list holds {original.files} files, {original.bytes} bytes; the plan says "
                f"{total}, {self.plan.description.bytes}",
            )

    def _checked(self, entry: FileEntry) -> Iterator[bytes | memoryview]:
        """Give the bytes of a file and check them against ingest's list as they pass."""
        source = self.sources[entry.source]
        if entry.size <= STRIDE:
            block = source.take(entry.offset, entry.size)
            if hashlib.sha256(block).hexdigest() != entry.sha256:
                raise self._changed()
            yield block
            return
        digest, done = hashlib.sha256(), 0
        for large in source.blocks(entry.offset, entry.size):
            yield large  # the copies write it while it is hashed here
            digest.update(large)
            done += len(large)
            self.progress("build bytes", done, entry.size)
        if digest.hexdigest() != entry.sha256:
            raise self._changed()

    def _changed(self) -> Unavailable:
        return Unavailable(
            "Mellanlagrat innehåll har ändrats sedan kontrollen",
            "Staged bytes no longer have the digest that ingest listed",
        )

    # ------------------------------------------------------------------ metadata

    def _root_mets(self, created: str) -> mets.RootMets:
        package = self.plan.description
        return mets.RootMets(
            objid=package.id,
            label=package.label or package.id,
            created=created,
            modified=created,
            software=self.site.software,
            agents=[
                mets.Agent("ARCHIVIST", package.authority_name or package.authority, package.authority),
                mets.Agent("OTHER", package.producer or "producer", package.agreement, "SUBMITTER"),
                mets.Agent("PRESERVATION", package.tenant_name or package.tenant, package.tenant),
            ],
            alternatives=[
                ("SUBMISSIONAGREEMENT", package.agreement),
                ("REFERENCECODE", package.agreement_reference or package.agreement),
            ],
        )

    def _metadata(
        self, container: Container, root: mets.RootMets, representation: mets.Section, created: str
    ) -> None:
        package, records, version = self.plan.description, self.plan.records, self.site.software
        scratch = self.site.scratch
        listed = Listing(container, package.id, created)

        description = Body.of(ead.ead(package, records, created, version), scratch)
        root.sections.append(
            mets.Section("dmdSec", listed.add("ID-dmd-1", EAD, "application/xml", description), "EAD", "3")
        )
        events = self._premis(created)
        one = listed.add("ID-premis-1", PREMIS, "text/xml", Body(events.to_bytes()))
        root.sections += [
            mets.Section("rightsMD", replace(one, id="ID-rights-1"), "PREMIS:RIGHTS", "3.0"),
            mets.Section("digiprovMD", one, "PREMIS", "3.0"),
            representation,
        ]
        for ident, path, mime, kind, body in (
            ("ID-description-1", DESCRIPTION, "text/plain", "DESCRIPTION", self._description()),
            ("ID-report-1", REPORT, "application/json", "VALIDATION-REPORT", Body.of(self.report(), scratch)),
        ):
            root.sections.append(
                mets.Section("digiprovMD", listed.add(ident, path, mime, body), "OTHER", other=kind)
            )
        agreement = json.dumps(self.handover.agreement, ensure_ascii=False, indent=1, sort_keys=True).encode()
        root.documentation.append(
            listed.add("ID-doc-1", "documentation/agreement.json", "application/json", Body(agreement))
        )
        for number, (name, body) in enumerate(schema_bodies(), start=1):
            root.schemas.append(listed.add(f"ID-schema-{number}", f"schemas/{name}", "application/xml", body))

    def _description(self) -> Body:
        spool = Spool(self.site.scratch)
        for model in (self.plan.description, *self.plan.records):
            spool.write(f"{model.model_dump_json()}\n".encode())
        return Body(spool)

    def _premis(self, created: str) -> premis.PackagePremis:
        package, version = self.plan.description, self.site.software
        doc = premis.PackagePremis(package.id, package.label or package.id, [ORIGINAL])
        acts = [act for act in self.handover.acts if act.type not in provenance.ON_FILES]
        events, agents = provenance.events_of(acts, self.handover.people, version, package.id, "evt")
        doc.add(*events)
        doc.add(
            premis.Event(
                id=f"evt-{len(events) + 1}",
                type="ingestion",
                at=created,
                outcome="success",
                object=package.id,
                detail=f"AIP built of delivery {package.delivery}",
                note=f"{len(self.site.copies)} copies: {', '.join(self.site.copies)}; each read back before publishing",
            )
        )
        doc.name(*agents)
        for person in self.handover.people:
            if person.get("id"):
                doc.name(premis.Agent(person["id"], person.get("name") or person["id"], "person"))
        doc.grant(provenance.rights_of(package, self.plan.records))
        return doc


@dataclass
class Listing:
    """Adds metadata members to a container and says how METS lists them."""

    container: Container
    package: str
    created: str

    def add(self, ident: str, path: str, mime: str, body: Body) -> mets.Listed:
        """Write the member `<package>/<path>`; returns its METS entry."""
        self.container.add(f"{self.package}/{path}", body)
        return mets.Listed(ident, path, mime, body.size, self.created, body.sha256)
