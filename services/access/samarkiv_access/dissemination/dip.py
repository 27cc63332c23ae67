"""An E-ARK DIP made while it is sent: only what this caller may have, with its source told (aip recipe, part DIP)."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import IO, cast
from zlib import crc32

from samarkiv_access.dissemination import dip_xml as xml
from samarkiv_access.dissemination.originals import Original
from samarkiv_access.dissemination.zipstream import SPOOL, Entry, entry_of

PART = 10_000


@dataclass(frozen=True)
class Released:
    """One original that is given out: `source` is its file id in the AIP."""

    original: Original
    mime: str
    puid: str
    format: str
    source: str


@dataclass(frozen=True)
class Plan:
    """What a DIP is made of. `source` is `<aip>/vN`; records are (id, title, registry number, dates)."""

    head: xml.Head
    aip: str
    maker: str
    records: Iterable[tuple[str, str, str, dict[str, str]]]
    schemas: Iterable[Entry]
    held_back: int


class _Spool:
    """Text kept out of memory until its size and digest are known."""

    def __init__(self, stack: ExitStack) -> None:
        self._file = cast("IO[bytes]", stack.enter_context(tempfile.SpooledTemporaryFile(max_size=SPOOL)))  # noqa: SIM115
        self._digest, self._crc, self._size = hashlib.sha256(), 0, 0

    def write(self, text: str) -> None:
        self.add(text.encode())

    def add(self, data: bytes) -> None:
        self._digest.update(data)
        self._crc = crc32(data, self._crc)
        self._size += len(data)
        self._file.write(data)

    def entry(self, name: str) -> Entry:
        return Entry(name, self._size, self._crc, self.blocks, self._digest.hexdigest())

    def take(self, other: "_Spool") -> None:
        for block in other.blocks():
            self.add(block)

    def blocks(self) -> Iterator[bytes]:
        self._file.seek(0)
        while block := self._file.read(SPOOL):
            yield block


def dip(plan: Plan, released: Iterable[Released]) -> Iterator[Entry]:
    """Return the entries of the DIP: data, then PREMIS, representation METS, description, schemas, root METS last."""
    head, root = plan.head, plan.head.objid
    with ExitStack() as stack:
        lines, objects = _Spool(stack), _Spool(stack)
        parts = [objects]
        count = 0
        for one in released:
            if count and count % PART == 0:
                parts.append(_Spool(stack))
            count += 1
            entry, path = one.original.entry, one.original.path
            yield replace(entry, name=f"{root}/representations/original/data/{path}")
            key = f"ID-original-{count}"
            listed = xml.Listed(key, f"data/{path}", one.mime, entry.size, entry.sha256, head.created)
            lines.write(listed.file())
            parts[-1].write(
                xml.premis_file(key, path, entry.size, entry.sha256, one.puid, one.format, one.source)
            )
        premis = []
        for number, part in enumerate(parts, start=1):
            entry = _part(stack, plan, part, number, len(parts), count)
            name = entry.name.removeprefix(f"{root}/representations/original/")
            premis.append(_listed(f"ID-premis-{number}", name, "text/xml", entry, head.created))
            yield entry
        mets = _Spool(stack)
        inner = replace(
            head, objid="original", label="original", archivist=("", ""), disseminator=("", ""), source=""
        )
        mets.write(xml.representation_head(inner, premis))
        mets.take(lines)
        mets.write(xml.representation_tail(premis))
        representation = mets.entry(f"{root}/representations/original/METS.xml")
        yield representation
        yield from _top(stack, plan, premis[0], representation)


def _part(stack: ExitStack, plan: Plan, objects: _Spool, number: int, parts: int, files: int) -> Entry:
    head = plan.head
    whole = _Spool(stack)
    whole.write(xml.premis_opening(4))
    if number == 1:
        whole.write(xml.premis_representation(head.objid, plan.aip, files, plan.held_back))
    whole.take(objects)
    if number == 1:
        what = f"{head.objid}/original"
        text = f"Made from {head.source} for one reader."
        whole.write(
            xml.premis_event("ev-dissemination-original", "dissemination", "dis", head.created, text, what)
        )
        if plan.held_back:
            left = f"{plan.held_back} files are not given out."
            whole.write(
                xml.premis_event("ev-redaction-original", "redaction", "red", head.created, left, what)
            )
        whole.write(xml.premis_agent(head.software))
    whole.write("</premis>\n")
    name = "premis.xml" if parts == 1 else f"premis-{number:04d}.xml"
    return whole.entry(f"{head.objid}/representations/original/metadata/preservation/{name}")


def _top(stack: ExitStack, plan: Plan, first: xml.Listed, representation: Entry) -> Iterator[Entry]:
    head, root, created = plan.head, plan.head.objid, plan.head.created
    described = _Spool(stack)
    for piece in xml.ead(head, plan.aip, plan.maker, plan.records):
        described.write(piece)
    description = described.entry(f"{root}/metadata/descriptive/ead.xml")
    yield description
    event = "ev-dissemination"
    text = (
        xml.premis_opening(2)
        + xml.premis_package(root, head.label, plan.aip, event)
        + xml.premis_event(
            event, "dissemination", "dis", created, f"Made from {head.source} for one reader.", root
        )
        + xml.premis_agent(head.software)
        + "</premis>\n"
    )
    package = replace(
        entry_of(f"{root}/metadata/preservation/premis.xml", text.encode()),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    yield package
    readme = _readable(plan)
    yield readme
    documentation = [_listed("ID-doc-1", "documentation/README.txt", "text/plain", readme, created)]
    schemas = []
    for number, schema in enumerate(plan.schemas, start=1):
        entry = replace(schema, name=f"{root}/schemas/{schema.name}")
        schemas.append(
            _listed(f"ID-schema-{number}", f"schemas/{schema.name}", "application/xml", entry, created)
        )
        yield entry
    below = replace(first, id="ID-rep-premis-original", path=f"representations/original/{first.path}")
    yield entry_of(
        f"{root}/METS.xml",
        xml.root_mets(
            head,
            _listed("ID-dmd-1", "metadata/descriptive/ead.xml", "text/xml", description, created),
            _listed("ID-premis", "metadata/preservation/premis.xml", "text/xml", package, created),
            below,
            (("Documentation", documentation), ("Schemas", schemas)),
            _listed(
                "ID-rep-original",
                "representations/original/METS.xml",
                "application/xml",
                representation,
                created,
            ),
        ),
    )


def _readable(plan: Plan) -> Entry:
    """Return a page for the person who opens the package: what it is, where it comes from, what is not in it."""
    head = plan.head
    text = (
        f"{head.label}\n\nUtlämningspaket (DIP) enligt E-ARK, gjort {head.created} ur arkivpaketet {head.source}\n"
        f"hos {head.disseminator[0]}. Filerna ligger i representations/original/data och är oförändrade; deras\n"
        "kontrollsummor (SHA-256) står i representations/original/METS.xml.\n"
        f"Filer som inte lämnas ut i detta paket: {plan.held_back}.\n\n"
        f"E-ARK dissemination package (DIP), made {head.created} from the archival package {head.source}\n"
        f"of {head.disseminator[0]}. The files lie in representations/original/data, unchanged; their digests\n"
        f"(SHA-256) stand in representations/original/METS.xml. Files not given out here: {plan.held_back}.\n"
    ).encode()
    made = entry_of(f"{head.objid}/documentation/README.txt", text)
    return replace(made, sha256=hashlib.sha256(text).hexdigest())


def _listed(key: str, path: str, mime: str, entry: Entry, created: str) -> xml.Listed:
    return xml.Listed(key, path, mime, entry.size, entry.sha256, created)
