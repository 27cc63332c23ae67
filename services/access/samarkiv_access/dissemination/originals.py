"""The originals under their own names, and a BagIt bag of them (RFC 8493)."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO
from zlib import crc32

from samarkiv_access.dissemination.zipstream import SPOOL, Entry, entry_of


@dataclass(frozen=True)
class Original:
    """One delivered file that may be given out: its delivered path and how its bytes come."""

    path: str
    entry: Entry


def plain(originals: Iterable[Original], folder: str = "") -> Iterator[Entry]:
    """Return the files under their delivered names, in a folder when one is named."""
    for one in originals:
        yield replace(one.entry, name=f"{folder}/{one.path}" if folder else one.path)


def bag(
    originals: Iterable[Original], folder: str, info: Iterable[tuple[str, str]], moment: datetime
) -> Iterator[Entry]:
    """Return a bag: payload first, then the manifests that were computed while it was sent, then the tag files."""
    total = files = 0
    with (
        tempfile.SpooledTemporaryFile(max_size=SPOOL) as sha256,
        tempfile.SpooledTemporaryFile(max_size=SPOOL) as sha512,
    ):
        for one in originals:
            long = hashlib.sha512()
            yield replace(one.entry, name=f"{folder}/data/{one.path}", sink=long.update)
            written = _escaped(one.path)
            sha256.write(f"{one.entry.sha256}  data/{written}\n".encode())
            sha512.write(f"{long.hexdigest()}  data/{written}\n".encode())
            total += one.entry.size
            files += 1
        declaration = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
        lines = [*info, ("Bagging-Date", moment.strftime("%Y-%m-%d")), ("Payload-Oxum", f"{total}.{files}")]
        about = "".join(f"{name}: {_one_line(value)}\n" for name, value in lines).encode()
        tags: list[tuple[str, str, str]] = []
        for name, body in (("bagit.txt", declaration), ("bag-info.txt", about)):
            tags.append((name, hashlib.sha256(body).hexdigest(), hashlib.sha512(body).hexdigest()))
            yield entry_of(f"{folder}/{name}", body)
        for name, spool in (("manifest-sha256.txt", sha256), ("manifest-sha512.txt", sha512)):
            entry, digests = _spooled(f"{folder}/{name}", spool)
            tags.append((name, *digests))
            yield entry
        for place, name in ((1, "sha256"), (2, "sha512")):
            body = "".join(f"{tag[place]}  {tag[0]}\n" for tag in tags).encode()
            yield entry_of(f"{folder}/tagmanifest-{name}.txt", body)


def _spooled(name: str, spool: IO[bytes]) -> tuple[Entry, tuple[str, str]]:
    short, long, crc, size = hashlib.sha256(), hashlib.sha512(), 0, 0
    for block in _blocks(spool):
        short.update(block)
        long.update(block)
        crc = crc32(block, crc)
        size += len(block)
    return Entry(name, size, crc, lambda: _blocks(spool)), (short.hexdigest(), long.hexdigest())


def _blocks(spool: IO[bytes]) -> Iterator[bytes]:
    spool.seek(0)
    while block := spool.read(SPOOL):
        yield block


def _escaped(path: str) -> str:
    # RFC 8493 §2.1.3: LF, CR and percent, nothing else.
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _one_line(text: str) -> str:
    return " ".join(text.split())
