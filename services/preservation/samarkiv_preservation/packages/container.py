"""The stored ZIP64 container of a package version, written in one pass (APPNOTE 6.3; aip recipe).

Size and CRC are known before a member is written, so no data descriptor is used and any member can be read by range.
"""

import struct
from collections.abc import Callable
from datetime import datetime
from json.encoder import encode_basestring
from pathlib import Path

from samarkiv_preservation.packages.spool import Body, Spool

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_BORDER = 0xFFFFFFFF
_UTF8 = 0x800
_UNIX = 3 << 8
_FILE = 0o100644 << 16
_FOLDER = (0o040755 << 16) | 0x10
Write = Callable[[bytes | memoryview], None]


class Container:
    """A ZIP writer over a byte sink. Every member gets a line in `index`; the directory is spooled, not held."""

    def __init__(self, write: Write, scratch: Path, moment: datetime) -> None:
        self._write = write
        self._directory = Spool(scratch)
        self.index = Spool(scratch)
        self._count = 0
        self._at = 0
        year = max(moment.year, 1980)
        self._date = (year - 1980) << 9 | moment.month << 5 | moment.day
        self._time = moment.hour << 11 | moment.minute << 5 | moment.second // 2

    def begin(self, member: str, size: int, crc32: int) -> int:
        """Write the local header of a file; the caller then writes exactly `size` bytes by `data`. Returns their offset."""
        name = member.encode()
        if size >= _BORDER:
            version, short, extra = 45, _BORDER, struct.pack("<HHQQ", 1, 16, size, size)
        else:
            version, short, extra = 20, size, b""
        header = _LOCAL.pack(
            b"PK\x03\x04",
            version,
            _UTF8,
            0,
            self._time,
            self._date,
            crc32,
            short,
            short,
            len(name),
            len(extra),
        )
        self._enter(name, size, crc32, _FILE)
        self._write(b"".join((header, name, extra)))
        self._at += len(header) + len(name) + len(extra) + size
        self._count += 1
        return self._at - size

    def data(self, block: bytes | memoryview) -> None:
        """Write bytes of the member begun last."""
        self._write(block)

    def listed(
        self, member: str, offset: int, size: int, sha256: str, crc32: int, puid: str = "", mime: str = ""
    ) -> None:
        """Write the index line of a member; format and MIME type only for data members."""
        line = f'{{"member":{encode_basestring(member)},"offset":{offset},"length":{size},"sha256":"{sha256}","crc32":{crc32}'
        if mime:
            line += f',"puid":{encode_basestring(puid)},"mime":{encode_basestring(mime)}'
        self.index.write(f"{line}}}\n".encode())

    def add(self, member: str, body: Body, puid: str = "", mime: str = "") -> None:
        """Write a whole member."""
        offset = self.begin(member, body.size, body.crc32)
        for block in body.blocks():
            self._write(block)
        self.listed(member, offset, body.size, body.sha256, body.crc32, puid, mime)

    def folder(self, member: str) -> None:
        """Write an entry for a folder that holds nothing; `member` ends in a slash. It is no file, so it is not indexed."""
        name = member.encode()
        self._enter(name, 0, 0, _FOLDER)
        self._write(
            _LOCAL.pack(b"PK\x03\x04", 20, _UTF8, 0, self._time, self._date, 0, 0, 0, len(name), 0) + name
        )
        self._at += _LOCAL.size + len(name)
        self._count += 1

    def close(self) -> int:
        """Write the central directory; returns the size of the container in bytes."""
        start = self._at
        for block in self._directory.blocks():
            self._write(block)
        size = self._directory.size
        self._directory.close()
        tail = b""
        if self._count >= 0xFFFF or start >= _BORDER or size >= _BORDER:
            tail = struct.pack(
                "<4sQHHIIQQQQ", b"PK\x06\x06", 44, _UNIX | 45, 45, 0, 0, self._count, self._count, size, start
            ) + struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
        count = min(self._count, 0xFFFF)
        tail += struct.pack(
            "<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, min(size, _BORDER), min(start, _BORDER), 0
        )
        self._write(tail)
        return start + size + len(tail)

    def _enter(self, name: bytes, size: int, crc32: int, attributes: int) -> None:
        wide = [value for value in (size, size, self._at) if value >= _BORDER]
        extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        version = 45 if wide else 20
        self._directory.write(
            _CENTRAL.pack(
                b"PK\x01\x02",
                _UNIX | version,
                version,
                _UTF8,
                0,
                self._time,
                self._date,
                crc32,
                min(size, _BORDER),
                min(size, _BORDER),
                len(name),
                len(extra),
                0,
                0,
                0,
                attributes,
                min(self._at, _BORDER),
            )
            + name
            + extra
        )
