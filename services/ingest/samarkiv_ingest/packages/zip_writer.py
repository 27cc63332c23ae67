"""Writing stored (uncompressed) ZIP files in one go: member by member, zip64 where needed, names untouched."""

import os
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from samarkiv_contracts.problems import InvalidInput

_FULL = 0xFFFFFFFF
_LIMIT = 0xFFFFFFFE
_UTF8 = 0x800
_EPOCH = (0, 0x21)
_CHUNK = 1 << 20
_SPOOL = 4 << 20
Sink = Callable[[bytes], object]


class StoredZip:
    """A stored ZIP written to `sink`, which only appends. The central directory is spooled, not kept in memory."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._at = 0
        self._entries = 0
        self._central = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - closed in finish

    def folder(self, name: str | bytes, stamp: tuple[int, int] = _EPOCH) -> None:
        """Write an empty folder; `name` without trailing slash."""
        raw, flags = _name(name)
        self._header(raw + b"/", flags, 0, 0, stamp, 0o040755 << 16 | 0x10)

    def file(
        self, name: str | bytes, size: int, crc: int, chunks: Iterable[bytes], stamp: tuple[int, int] = _EPOCH
    ) -> None:
        """Write a file of known size and CRC-32. Raises ValueError when the bytes are others."""
        raw, flags = _name(name)
        self._header(raw, flags, size, crc, stamp, 0o100644 << 16)
        wrote = running = 0
        for chunk in chunks:
            self._write(chunk)
            wrote += len(chunk)
            running = zlib.crc32(chunk, running)
        if wrote != size or running != crc:
            raise ValueError(f"{name!r} changed while it was read")

    def finish(self) -> int:
        """Write the directory; return the size of the whole file."""
        start = self._at
        self._central.seek(0)
        while piece := self._central.read(_CHUNK):
            self._write(piece)
        self._central.close()
        length, end = self._at - start, self._at
        if self._entries >= 0xFFFF or start > _LIMIT or length > _LIMIT:
            record = (b"PK\6\6", 44, 45, 45, 0, 0, self._entries, self._entries, length, start)
            self._write(struct.pack("<4sQ2H2L4Q", *record) + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
        few = min(self._entries, 0xFFFF)
        self._write(
            struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, few, few, min(length, _FULL), min(start, _FULL), 0)
        )
        return self._at

    def _write(self, data: bytes) -> None:
        self._sink(data)
        self._at += len(data)

    def _header(
        self, raw: bytes, flags: int, size: int, crc: int, stamp: tuple[int, int], attributes: int
    ) -> None:
        wide = size > _LIMIT
        extra = struct.pack("<2H2Q", 1, 16, size, size) if wide else b""
        told = _FULL if wide else size
        version = 45 if wide else 20
        head = (b"PK\3\4", version, flags, 0, *stamp, crc, told, told, len(raw), len(extra))
        at = self._at
        self._write(struct.pack("<4s5H3L2H", *head) + raw + extra)
        numbers = ([size, size] if wide else []) + ([at] if at > _LIMIT else [])
        extra = struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
        central = (
            b"PK\1\2", 3 << 8 | 45, 45 if numbers else 20, flags, 0, *stamp, crc, told, told, len(raw), len(extra),
            0, 0, 0, attributes, min(at, _FULL),
        )  # fmt: skip
        self._central.write(struct.pack("<4s6H3L5H2L", *central) + raw + extra)
        self._entries += 1


def zip_folder(folder: Path, out: Path) -> int:
    """Write a folder as a stored ZIP: names untouched, sorted, empty folders kept; return the file's size.

    Everything lies under the folder's own name, but for an FGS 1.2 package (`sip.xml` at its top), which has no root
    folder. Raises InvalidInput for links, devices, pipes and sockets, and for a file that changes meanwhile.
    """
    base = os.fsencode(folder.resolve())
    prefix = os.fsencode(root_of(folder))
    with out.open("xb", buffering=1 << 20) as target:
        box = StoredZip(target.write)
        for inside, path, is_folder in _walk(base):
            told = os.stat(path)
            stamp = _stamp(told.st_mtime)
            if is_folder:
                box.folder(prefix + inside, stamp)
                continue
            crc = 0
            for chunk in _chunks(path):
                crc = zlib.crc32(chunk, crc)
            try:
                box.file(prefix + inside, told.st_size, crc, _chunks(path), stamp)
            except ValueError as fault:
                raise _unfit(inside, "ändrades under läsningen", "changed while it was read") from fault
        return box.finish()


def root_of(folder: Path) -> str:
    """Return what a folder's files are called under, with slash: its own name, nothing for FGS 1.2 (`sip.xml`)."""
    if (folder / "sip.xml").is_file() and not (folder / "METS.xml").is_file():
        return ""
    return f"{folder.resolve().name}/"


def _walk(base: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Return (path inside, path, is an empty folder), sorted by the bytes of the names."""
    pending = [b""]
    while pending:
        inside = pending.pop()
        with os.scandir(base + b"/" + inside if inside else base) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        if not found and inside:
            yield inside, base + b"/" + inside, True
        folders = []
        for entry in found:
            path = inside + b"/" + entry.name if inside else entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif entry.is_file(follow_symlinks=False):
                yield path, entry.path, False
            else:
                raise _unfit(path, "är en länk, enhet eller sockel", "is a link, device or socket")
        pending += reversed(folders)


def _unfit(path: bytes, sv: str, en: str) -> InvalidInput:
    name = path.decode("utf-8", "backslashreplace")
    return InvalidInput(f"{name} {sv}.", f"{name} {en}.")


def _chunks(path: bytes) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(_CHUNK):
            yield piece


def _name(name: str | bytes) -> tuple[bytes, int]:
    raw = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw, 0
    return raw, _UTF8


def _stamp(seconds: float) -> tuple[int, int]:
    """Return DOS time and date, local time, kept within what DOS can say."""
    try:
        at = datetime.fromtimestamp(seconds)  # noqa: DTZ006 - zip times have no zone
    except (OverflowError, ValueError, OSError):
        return _EPOCH
    if not 1980 <= at.year <= 2107:
        return _EPOCH
    return at.hour << 11 | at.minute << 5 | at.second // 2, (at.year - 1980) << 9 | at.month << 5 | at.day
