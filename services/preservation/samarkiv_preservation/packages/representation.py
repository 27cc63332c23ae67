"""One representation written into a container: its data, its PREMIS parts of 10,000 objects and its METS."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from samarkiv_preservation.packages import mets, premis
from samarkiv_preservation.packages.container import Container
from samarkiv_preservation.packages.markup import href
from samarkiv_preservation.packages.mime import mets_mime
from samarkiv_preservation.packages.premis import FileObject
from samarkiv_preservation.packages.spool import Body, Spool

PART = 10_000


class RepresentationWriter:
    """Writes `representations/<name>/…` of a package. Per file it keeps nothing but spooled lines."""

    def __init__(
        self, container: Container, package: str, name: str, *, created: str, software: str, scratch: Path
    ) -> None:
        self.name = name
        self.files = 0
        self.bytes = 0
        self._container = container
        self._package = package
        self._created = created
        self._software = software
        self._scratch = scratch
        self._root = f"{package}/representations/{name}/"
        self._mets = Spool(scratch)
        self._parts: list[Spool] = []
        self._folders = Spool(scratch)

    def file(self, file: FileObject, mime: str, crc32: int, blocks: Iterable[bytes | memoryview]) -> None:
        """Write one file: its bytes, and what METS, PREMIS and the index say of it. `file.id` is given here."""
        member = f"{self._root}data/{file.path}"
        offset = self._container.begin(member, file.size, crc32)
        for block in blocks:
            self._container.data(block)
        self.describe(file, mime)
        self._container.listed(member, offset, file.size, file.sha256, crc32, file.puid, mime)

    def next_id(self) -> str:
        """Return the METS and PREMIS id of the next file."""
        return f"ID-{self.name}-{self.files + 1}"

    def describe(self, file: FileObject, mime: str) -> None:
        """Spool the METS entry and the PREMIS object of a file."""
        if self.files % PART == 0:
            self._parts.append(Spool(self._scratch))
        self.files += 1
        self.bytes += file.size
        self._mets.write(
            f'<file ID="{file.id}" MIMETYPE="{mets_mime(mime)}" SIZE="{file.size}" CREATED="{self._created}"'
            f' CHECKSUM="{file.sha256}" CHECKSUMTYPE="SHA-256"><FLocat LOCTYPE="URL" xlink:type="simple"'
            f' xlink:href="data/{href(file.path)}"/></file>\n'.encode()
        )
        self._parts[-1].write(premis.file_object(file).encode())

    def folder(self, path: str) -> None:
        """Write a folder that holds nothing."""
        self._container.folder(f"{self._root}data/{path.rstrip('/')}/")
        self._folders.write(premis.significant("empty folder", path.rstrip("/")).encode())

    def finish(
        self,
        events: Sequence[premis.Event],
        agents: Sequence[premis.Agent],
        *,
        label: str = "",
        source: str = "",
        event: str = "",
    ) -> tuple[mets.Representation, mets.Section]:
        """Write PREMIS and METS; returns how the root lists the representation, and its digiprovMD.

        `source` is the representation it was derived from, by the act `event`.
        """
        if not self.files:
            self._container.folder(f"{self._root}data/")
        listed = self._premis(events, agents, label or self.name, source, event)
        head = mets.representation_head(
            self.name, label or self.name, self._created, self._software, listed, bool(self.files)
        )
        tail = mets.representation_tail(self.name, [one.id for one in listed], bool(self.files))
        body = Body(head.encode(), self._mets, tail.encode())
        self._container.add(f"{self._root}METS.xml", body)
        self._mets.close()
        representation = mets.Representation(self.name, body.size, self._created, body.sha256)
        first = listed[0]
        section = mets.Section(
            "digiprovMD",
            mets.Listed(
                representation.digiprov,
                f"representations/{self.name}/{first.path}",
                first.mime,
                first.size,
                first.created,
                first.sha256,
            ),
            "PREMIS",
            "3.0",
        )
        return representation, section

    def _premis(
        self,
        events: Sequence[premis.Event],
        agents: Sequence[premis.Agent],
        label: str,
        source: str,
        event: str,
    ) -> list[mets.Listed]:
        parts = self._parts or [Spool(self._scratch)]
        listed = []
        for number, part in enumerate(parts, start=1):
            pieces: list[bytes | Spool] = [premis.opening(4)]
            if number == 1:
                pieces += [
                    (
                        premis.representation_start(self._package, self.name)
                        + premis.significant("number of files", str(self.files))
                    ).encode(),
                    self._folders,
                    premis.representation_end(self._package, label, source, event).encode(),
                ]
            pieces.append(part)
            if number == 1:
                pieces.append(
                    "".join([*(one.line() for one in events), *(one.line() for one in agents)]).encode()
                )
            body = Body(*pieces, premis.CLOSING)
            name = "premis.xml" if len(parts) == 1 else f"premis-{number:04d}.xml"
            path = f"metadata/preservation/{name}"
            self._container.add(f"{self._root}{path}", body)
            part.close()
            listed.append(
                mets.Listed(
                    f"ID-{self.name}-premis-{number}", path, "text/xml", body.size, self._created, body.sha256
                )
            )
        self._folders.close()
        return listed
