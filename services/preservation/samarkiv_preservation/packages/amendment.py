"""A further version of a package: new representations, a new description; only the root METS is written again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.problems import Conflict
from samarkiv_runtime.clock import rfc3339
from samarkiv_runtime.ocfl import PackageReader, object_root

from samarkiv_preservation.packages import ead, mets, premis
from samarkiv_preservation.packages.container import Container
from samarkiv_preservation.packages.first import Listing
from samarkiv_preservation.packages.ocfl_writer import roll_back
from samarkiv_preservation.packages.provenance import rights_of
from samarkiv_preservation.packages.publishing import publish, settle
from samarkiv_preservation.packages.representation import RepresentationWriter
from samarkiv_preservation.packages.site import Site, Stored
from samarkiv_preservation.packages.spool import Body, Spool

Write = Callable[[RepresentationWriter], tuple[mets.Representation, mets.Section]]


@dataclass
class Amendment:
    """What version N adds. `representations` maps a new name to what writes it; `events` go into the package's PREMIS.

    `report` is a name, its OTHERMDTYPE and JSON lines, stored as `metadata/other/<name>-vN.jsonl`.
    """

    message: str
    events: Sequence[premis.Event] = ()
    agents: Sequence[premis.Agent] = ()
    representations: dict[str, Write] = field(default_factory=dict)
    description: tuple[PackageDescription, Sequence[RecordDescription]] | None = None
    report: tuple[str, str, Sequence[str]] | None = None


def amend(
    site: Site,
    reader: PackageReader,
    package: str,
    moment: datetime,
    amendment: Amendment,
    still_ours: Callable[[], None] = lambda: None,
) -> Stored:
    """Publish the next version of a package in every copy; the caller holds the package's lock.

    Raises KeyError (no such package), Conflict (a representation of that name exists), CopyUnreadable, Unavailable.
    What an earlier attempt left uncommitted is taken away first: under the lock nobody else is writing it.
    """
    at = object_root(package)
    n = settle(site, at) + 1
    if n == 1:
        raise KeyError(package)
    for store in site.copies.values():
        roll_back(store, at, n)
    root = root_mets(reader, package)
    if taken := {one.name for one in root.representations} & set(amendment.representations):
        raise Conflict(en=f"representation {', '.join(sorted(taken))} exists already")
    told = whole(reader, package, _premis_of(root).path)
    doc = premis.PackagePremis.from_bytes(told, package, root.label)

    def fill(container: Container) -> tuple[int, int]:
        return _fill(site, container, package, n, rfc3339(moment), root, doc, amendment)

    return publish(site, at, package, n, moment, amendment.message, fill, still_ours)


def root_mets(reader: PackageReader, package: str) -> mets.RootMets:
    """Return the current root METS of a package; raises as `PackageReader.read_member`."""
    return mets.RootMets.from_bytes(whole(reader, package, "METS.xml"))


def whole(reader: PackageReader, package: str, name: str) -> bytes:
    """Return a small member whole, verified."""
    return b"".join(reader.read_member(package, name))


def _premis_of(root: mets.RootMets) -> mets.Listed:
    return next(
        one.listed
        for one in root.current("digiprovMD")
        if one.listed.path.startswith("metadata/preservation/")
    )


def _fill(
    site: Site,
    container: Container,
    package: str,
    n: int,
    created: str,
    root: mets.RootMets,
    doc: premis.PackagePremis,
    amendment: Amendment,
) -> tuple[int, int]:
    files = size = 0
    for name, write in amendment.representations.items():
        writer = RepresentationWriter(
            container, package, name, created=created, software=site.software, scratch=site.scratch
        )
        representation, section = write(writer)
        root.representations.append(representation)
        root.sections.append(section)
        doc.representations.append(name)
        files, size = files + writer.files, size + writer.bytes
    listing = Listing(container, package, created)
    if amendment.description:
        _describe(site, listing, n, created, root, *amendment.description)
        doc.grant(rights_of(*amendment.description))
    if amendment.report:
        _report(listing, n, root, *amendment.report)
    doc.add(*(replace(one, id=f"evt-v{n}-{number}") for number, one in enumerate(amendment.events, start=1)))
    doc.name(*amendment.agents)
    rights = [one.listed.id for one in root.current("rightsMD")]
    root.supersede(_premis_of(root).id, *rights)
    one = listing.add(
        f"ID-premis-v{n}", f"metadata/preservation/premis-v{n}.xml", "text/xml", Body(doc.to_bytes())
    )
    root.sections += [
        mets.Section("rightsMD", replace(one, id=f"ID-rights-v{n}"), "PREMIS:RIGHTS", "3.0"),
        mets.Section("digiprovMD", one, "PREMIS", "3.0"),
    ]
    root.modified, root.software = created, site.software
    container.add(f"{package}/METS.xml", Body(root.to_bytes()))
    return files, size


def _report(
    listing: Listing, n: int, root: mets.RootMets, name: str, kind: str, lines: Sequence[str]
) -> None:
    body = Body("".join(f"{line}\n" for line in lines).encode())
    listed = listing.add(f"ID-{name}-v{n}", f"metadata/other/{name}-v{n}.jsonl", "text/plain", body)
    root.sections.append(mets.Section("digiprovMD", listed, "OTHER", other=kind))


def _describe(
    site: Site,
    listing: Listing,
    n: int,
    created: str,
    root: mets.RootMets,
    package: PackageDescription,
    records: Sequence[RecordDescription],
) -> None:
    old = [one.listed.id for one in (*root.current("dmdSec"), *root.current("digiprovMD", "DESCRIPTION"))]
    root.supersede(*old)
    lines = Spool(site.scratch)
    for model in (package, *records):
        lines.write(f"{model.model_dump_json()}\n".encode())
    described = Body.of(ead.ead(package, records, created, site.software, "revised"), site.scratch)
    root.sections += [
        mets.Section(
            "dmdSec",
            listing.add(f"ID-dmd-v{n}", f"metadata/descriptive/ead-v{n}.xml", "application/xml", described),
            "EAD",
            "3",
        ),
        mets.Section(
            "digiprovMD",
            listing.add(
                f"ID-description-v{n}", f"metadata/other/description-v{n}.jsonl", "text/plain", Body(lines)
            ),
            "OTHER",
            other="DESCRIPTION",
        ),
    ]
    root.label = package.label or package.id
