"""One delivered container scanned before anything is opened: what it is, what it holds, or why it is refused."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from isal import isal_zlib
from samarkiv_contracts.findings import Finding

from samarkiv_ingest.packages.deflate import InflateError
from samarkiv_ingest.packages.gunzip import inflate
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.members import Members
from samarkiv_ingest.packages.names import clash_code
from samarkiv_ingest.packages.refusals import Refusals, Stop
from samarkiv_ingest.packages.tarheader import BLOCK, Broken, parse
from samarkiv_ingest.packages.tarscan import TarScanner
from samarkiv_ingest.packages.zipscan import ZipScanner

Kind = Literal["zip", "tar", "tar.gz"]
Progress = Callable[[str, int, int], None]


def silent(_what: str, _done: int, _total: int) -> None:
    """Hear progress and say nothing."""


@dataclass
class Scan:
    """A container that was not refused. `inflated` is the plain tar of a tar.gz (it becomes content.bin)."""

    kind: Kind
    container: Path
    size: int
    members: Members
    limits: Limits
    notes: tuple[Finding, ...]
    inflated: Path | None = None

    @property
    def readable(self) -> Path:
        """Where the members' offsets apply."""
        return self.inflated or self.container

    def read(self, path: str, most: int = 64 << 20) -> bytes | None:
        """Return one member's bytes before the pass (a manifest, a METS to look at), None when absent or over `most`."""
        member = self.members.find(path)
        if member is None or member.size > most:
            return None
        with self.readable.open("rb", buffering=0) as box:
            data = os.pread(box.fileno(), member.packed, member.data)
        if not member.method:
            return data
        try:
            return bytes(
                isal_zlib.decompressobj(-15).decompress(data, max_length=member.size + 1)[: member.size]
            )
        except InflateError:
            return None

    def close(self) -> None:
        """Let go of the spool of members."""
        self.members.close()


def sniff(container: Path) -> Kind | None:
    """Return what the file begins as."""
    with container.open("rb") as box:
        head = box.read(BLOCK)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if head[:2] == b"\x1f\x8b":
        return "tar.gz"
    if len(head) == BLOCK:
        try:
            parse(head)
        except Broken:
            return None
        return "tar"
    return None


def scan(
    container: Path, limits: Limits, scratch: Path, content: Path | None = None, progress: Progress = silent
) -> Scan:
    """Scan a container; `scratch` (an existing folder) takes the spool, `content` the inflated tar of a tar.gz.

    Raises HostileContainer with every finding when it is broken, ambiguous or dangerous (RELIABILITY §3).
    """
    refusals = Refusals()
    kind = sniff(container)
    size = container.stat().st_size
    if kind is None:
        refusals.add("SAM-CONTAINER-UNKNOWN", found=size)
        raise refusals.problem()
    spool = scratch / "members.db"
    spool.unlink(missing_ok=True)
    members = Members(spool)
    inflated = (content or scratch / "content.bin") if kind == "tar.gz" else None
    try:
        _read(kind, container, inflated, limits, members, refusals, progress)
        _whole(members, size, limits, refusals)
    except Stop:
        pass  # the refusals hold it
    except BaseException:
        members.close()
        raise
    if refusals.errors:
        members.close()
        raise refusals.problem()
    return Scan(kind, container, size, members, limits, refusals.notes(), inflated)


def _read(
    kind: Kind,
    container: Path,
    inflated: Path | None,
    limits: Limits,
    members: Members,
    refusals: Refusals,
    progress: Progress,
) -> None:
    box = os.open(container, os.O_RDONLY)
    try:
        size = os.fstat(box).st_size
        if kind == "zip":
            ZipScanner(box, size, limits, members, refusals).scan()
            return
        if inflated is None:
            TarScanner(box, size, limits, members, refusals).scan(lambda at: progress("scan", at, size))
            return
        plain = os.open(inflated, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            full = inflate(box, plain, limits, refusals, lambda at: progress("inflate", at, size))
            TarScanner(plain, full, limits, members, refusals).scan(lambda at: progress("scan", at, full))
        finally:
            os.close(plain)
    finally:
        os.close(box)


def _whole(members: Members, size: int, limits: Limits, refusals: Refusals) -> None:
    """Judge the container as a whole."""
    for clash in members.clashes():
        refusals.add(clash_code(clash.path, clash.other), clash.path, found=clash.other)
    if not members.count and not refusals.errors:
        refusals.add("SAM-CONTAINER-EMPTY")
    if members.count > limits.entries:
        refusals.add("SAM-CONTAINER-ENTRIES", expected=limits.entries, found=members.count)
    if members.bytes > limits.total_bytes:
        refusals.add("SAM-CONTAINER-SIZE", expected=limits.total_bytes, found=members.bytes)
    if limits.too_dense(members.bytes, size):
        refusals.add("SAM-CONTAINER-RATIO", expected=limits.ratio, found=members.bytes // max(size, 1))
