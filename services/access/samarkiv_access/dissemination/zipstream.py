"""A stored ZIP64 made while it is sent: flat in memory, every size and CRC in the local header, no temporary package."""

import hashlib
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from samarkiv_contracts.problems import CopyUnreadable

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_BORDER = 0xFFFFFFFF
_UTF8 = 0x800
_UNIX = 3 << 8
_MODE = 0o100644 << 16
SPOOL = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One file of a ZIP: its name, size and CRC-32, the digest it must have (if any), and its bytes, read once."""

    name: str
    size: int
    crc32: int
    blocks: Callable[[], Iterator[bytes]]
    sha256: str = ""
    sink: Callable[[bytes], None] | None = None


def entry_of(name: str, data: bytes) -> Entry:
    """Return an entry of bytes that are already here."""
    return Entry(name, len(data), zlib.crc32(data), lambda: iter((data,)))


def zip_stream(entries: Iterable[Entry], moment: datetime) -> Iterator[bytes]:
    """Give the ZIP's bytes; entries are taken one at a time, after the one before was sent.

    Raises CopyUnreadable when a file's bytes are not those that were promised: the stream breaks, nothing wrong ends well.
    """
    date = (max(moment.year, 1980) - 1980) << 9 | moment.month << 5 | moment.day
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    at = count = 0
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as directory:
        for one in entries:
            name = one.name.encode()
            wide = one.size >= _BORDER
            extra = struct.pack("<HHQQ", 1, 16, one.size, one.size) if wide else b""
            short = _BORDER if wide else one.size
            head = (
                _LOCAL.pack(
                    b"PK\x03\x04",
                    45 if wide else 20,
                    _UTF8,
                    0,
                    time,
                    date,
                    one.crc32,
                    short,
                    short,
                    len(name),
                    len(extra),
                )
                + name
                + extra
            )
            directory.write(_central(name, one, at, time, date))
            yield head
            yield from _checked(one)
            at += len(head) + one.size
            count += 1
        size = directory.tell()
        directory.seek(0)
        while block := directory.read(SPOOL):
            yield block
        yield _tail(count, size, at)


def _checked(one: Entry) -> Iterator[bytes]:
    digest, crc, sent = hashlib.sha256() if one.sha256 else None, 0, 0
    for block in one.blocks():
        sent += len(block)
        if sent > one.size:
            break
        if digest is None:
            crc = zlib.crc32(block, crc)
        else:
            digest.update(block)
        if one.sink is not None:
            one.sink(block)
        yield block
    right = crc == one.crc32 if digest is None else digest.hexdigest() == one.sha256
    if sent != one.size or not right:
        raise CopyUnreadable(
            sv="Filen i kopian har inte de bytes som lagrades.",
            en="The file in the copy has not the stored bytes.",
        )


def _central(name: bytes, one: Entry, at: int, time: int, date: int) -> bytes:
    wide = [value for value in (one.size, one.size, at) if value >= _BORDER]
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = 45 if wide else 20
    size = min(one.size, _BORDER)
    return (
        _CENTRAL.pack(
            b"PK\x01\x02",
            _UNIX | version,
            version,
            _UTF8,
            0,
            time,
            date,
            one.crc32,
            size,
            size,
            len(name),
            len(extra),
            0,
            0,
            0,
            _MODE,
            min(at, _BORDER),
        )
        + name
        + extra
    )


def _tail(count: int, size: int, start: int) -> bytes:
    end = b""
    if count >= 0xFFFF or start >= _BORDER or size >= _BORDER:
        end = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, _UNIX | 45, 45, 0, 0, count, count, size, start)
        end += struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
    short = min(count, 0xFFFF)
    return end + struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, short, short, min(size, _BORDER), min(start, _BORDER), 0
    )
