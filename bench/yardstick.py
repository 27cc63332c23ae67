"""A yardstick, not a product: the least an honest ingest of a bag in a zip can do in Python on two processes.

    python -m bench.yardstick BAG.zip OUT

Every file is inflated, its CRC and SHA-256 checked against the manifest, identified, put into one packed file, told by a
METS entry and a PREMIS object with five events, and by one row and one entry of a full-text index of names in SQLite.
All is on disk when it ends. One copy, no read-back, no network, no events, no rules.
"""

import hashlib
import multiprocessing
import os
import shutil
import sqlite3
import sys
import tempfile
import time
import uuid
import zipfile
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from isal import isal_zlib

SLOTS = 16
PROCESSES = 2
EVENTS = ("ingestion", "message digest calculation", "virus check", "format identification", "validation")
OBJECT = (
    '<object xsi:type="file"><objectIdentifier><objectIdentifierType>UUID</objectIdentifierType>'
    "<objectIdentifierValue>%s</objectIdentifierValue></objectIdentifier><objectCharacteristics><fixity>"
    "<messageDigestAlgorithm>SHA-256</messageDigestAlgorithm><messageDigest>%s</messageDigest></fixity><size>%d</size>"
    "<format><formatRegistry><formatRegistryName>PRONOM</formatRegistryName><formatRegistryKey>%s</formatRegistryKey>"
    "</formatRegistry></format></objectCharacteristics><originalName>%s</originalName></object>\n"
)
EVENT = (
    "<event><eventIdentifier><eventIdentifierType>UUID</eventIdentifierType><eventIdentifierValue>%s"
    "</eventIdentifierValue></eventIdentifier><eventType>%s</eventType><eventDateTime>2025-01-01T00:00:00Z"
    "</eventDateTime><eventOutcomeInformation><eventOutcome>pass</eventOutcome></eventOutcomeInformation>"
    "<linkingObjectIdentifier><linkingObjectIdentifierType>UUID</linkingObjectIdentifierType>"
    "<linkingObjectIdentifierValue>%s</linkingObjectIdentifierValue></linkingObjectIdentifier></event>\n"
)
FILE = (
    '<file ID="f-%s" SIZE="%d" CHECKSUM="%s" CHECKSUMTYPE="SHA-256">'
    '<FLocat LOCTYPE="URL" xlink:href=%s/></file>\n'
)


class Entry(NamedTuple):
    """A member of the zip and the digest its manifest gives."""

    name: str
    at: int
    packed: int
    size: int
    method: int
    crc: int
    digest: str


class Work(NamedTuple):
    """One process's share."""

    box: str
    out: str
    number: int
    entries: list[Entry]


def main(box: str, out: str) -> None:
    """Run it and print the files a second."""
    start = time.perf_counter()
    os.makedirs(out)
    entries = _plan(box)
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        shares = [Work(box, out, number, share) for number, share in enumerate(_shares(entries))]
        rows = [row for part in pool.map(_share, shares, 1) for row in part]
    _mets(out)
    _rows(out, rows)
    folder = os.open(out, os.O_RDONLY)
    os.fsync(folder)
    took = time.perf_counter() - start
    print(f"{len(rows)} files {took:.2f} s {len(rows) / took:.0f} files/s")


def _plan(box: str) -> list[Entry]:
    with zipfile.ZipFile(box) as opened:
        infos = opened.infolist()
        manifest = next(one for one in infos if one.filename.endswith("/manifest-sha256.txt"))
        top = manifest.filename.rpartition("/")[0] + "/"
        listed = {}
        for line in opened.read(manifest).decode().splitlines():
            digest, _, name = line.partition("  ")
            listed[top + name] = digest
    found = [
        Entry(
            one.filename,
            one.header_offset,
            one.compress_size,
            one.file_size,
            one.compress_type,
            one.CRC,
            listed[one.filename],
        )
        for one in infos
        if one.filename in listed
    ]
    if len(found) != len(listed):
        raise SystemExit("the bag is not complete")
    return found


def _shares(entries: list[Entry]) -> list[list[Entry]]:
    """Cut into runs of about the same weight: bytes, and a little for each file."""
    total = sum(one.packed + 5000 for one in entries)
    shares: list[list[Entry]] = [[] for _ in range(PROCESSES)]
    done = 0
    for one in entries:
        shares[min(PROCESSES - 1, done * PROCESSES // total)].append(one)
        done += one.packed + 5000
    return shares


class Identifier:
    """The format tool on reused files in tmpfs; its Go runtime has one thread."""

    def __init__(self) -> None:
        os.environ["GOMAXPROCS"] = "1"
        import pygfried

        self._scanner = pygfried.Scanner()
        self.folder = tempfile.mkdtemp(dir="/dev/shm", prefix="bench-yardstick-")

    def many(self, files: list[tuple[str, bytes]]) -> list[str]:
        """Return the PUIDs of files given as (name, bytes)."""
        paths = []
        for slot, (name, data) in enumerate(files):
            path = f"{self.folder}/{slot}.{name.rpartition('.')[2]}"
            with open(path, "wb", buffering=0) as file:
                file.write(data)
            paths.append(path)
        found = self._scanner.identify_many(paths)["files"]
        return [one["matches"][0]["id"] if one["matches"] else "" for one in found]


def _share(work: Work) -> list[tuple[str, str, int, bytes, str, int, int]]:
    identifier = Identifier()
    rows: list[tuple[str, str, int, bytes, str, int, int]] = []
    waiting: list[tuple[Entry, bytes]] = []
    with (
        open(work.box, "rb", buffering=1 << 18) as source,
        open(f"{work.out}/part{work.number}.bin", "xb", buffering=1 << 20) as packed,
        open(f"{work.out}/mets{work.number}", "x", encoding="utf-8", buffering=1 << 20) as mets,
    ):
        for entry in work.entries:
            data = _bytes(source, entry)
            waiting.append((entry, data))
            if len(waiting) == SLOTS:
                rows += _told(work.number, identifier, waiting, packed, mets)
                waiting = []
        rows += _told(work.number, identifier, waiting, packed, mets)
        packed.flush()
        os.fsync(packed.fileno())
    shutil.rmtree(identifier.folder)
    return rows


def _bytes(source: "object", entry: Entry) -> bytes:
    read, seek = source.read, source.seek  # type: ignore[attr-defined]
    seek(entry.at)
    head = read(30)
    seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), 1)
    data: bytes = read(entry.packed)
    if entry.method:
        data = isal_zlib.decompress(data, -15, entry.size)
    if isal_zlib.crc32(data) != entry.crc or hashlib.sha256(data).hexdigest() != entry.digest:
        raise SystemExit(f"damaged: {entry.name}")
    return data


def _told(
    number: int, identifier: Identifier, files: list[tuple[Entry, bytes]], packed: "object", mets: "object"
) -> list[tuple[str, str, int, bytes, str, int, int]]:
    rows = []
    puids = identifier.many([(entry.name, data) for entry, data in files]) if files else []
    for (entry, data), puid in zip(files, puids, strict=True):
        place = packed.tell()  # type: ignore[attr-defined]
        packed.write(data)  # type: ignore[attr-defined]
        own = _id()
        mets.write(OBJECT % (own, entry.digest, entry.size, puid, escape(entry.name)))  # type: ignore[attr-defined]
        mets.write("".join(EVENT % (_id(), kind, own) for kind in EVENTS))  # type: ignore[attr-defined]
        mets.write(FILE % (own, entry.size, entry.digest, quoteattr(entry.name)))  # type: ignore[attr-defined]
        rows.append((own, entry.name, entry.size, bytes.fromhex(entry.digest), puid, number, place))
    return rows


def _id() -> str:
    return str(uuid.UUID(bytes=os.urandom(16), version=4))


def _mets(out: str) -> None:
    with open(f"{out}/METS.xml", "xb") as whole:
        whole.write(b'<?xml version="1.0"?>\n<mets xmlns="http://www.loc.gov/METS/">\n')
        whole.flush()
        for part in sorted(Path(out).glob("mets?")):
            with part.open("rb") as source:
                while os.sendfile(whole.fileno(), source.fileno(), None, 1 << 30):
                    pass
            part.unlink()
        whole.seek(0, 2)
        whole.write(b"</mets>\n")
        whole.flush()
        os.fsync(whole.fileno())


def _rows(out: str, rows: list[tuple[str, str, int, bytes, str, int, int]]) -> None:
    base = sqlite3.connect(f"{out}/rows.sqlite", isolation_level=None)
    base.executescript(
        "PRAGMA journal_mode=wal; PRAGMA synchronous=full;"
        "CREATE TABLE file (id TEXT, name TEXT, size INT, sha256 BLOB, puid TEXT, part INT, place INT);"
        "CREATE VIRTUAL TABLE names USING fts5(name, content='file', content_rowid='rowid'); BEGIN;"
    )
    base.executemany("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    base.execute("INSERT INTO names (rowid, name) SELECT rowid, name FROM file")
    base.execute("COMMIT")
    base.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
