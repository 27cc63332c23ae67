"""Containers made byte by byte, so that every field can lie."""

import io
import struct
import tarfile
import zlib
from dataclasses import dataclass, field, replace

UTF8 = 0x800
STREAMED = 0x8
FULL = 0xFFFFFFFF


@dataclass(frozen=True)
class Entry:
    """One zip entry. `local` overrides fields of the local header, `central` of the central one."""

    name: bytes
    data: bytes = b""
    deflate: bool = False
    flags: int = UTF8
    extra: bytes = b""
    local_extra: bytes | None = None
    mode: int = 0
    made: int = 3
    descriptor: str = ""
    after: bytes = b""
    at: int | None = None
    skip_local: bool = False
    local: dict = field(default_factory=dict)
    central: dict = field(default_factory=dict)


def packed(entry: Entry) -> bytes:
    if not entry.deflate:
        return entry.data
    z = zlib.compressobj(6, zlib.DEFLATED, -15)
    return z.compress(entry.data) + z.flush()


def facts(entry: Entry) -> dict:
    return {
        "flags": entry.flags | (STREAMED if entry.descriptor else 0),
        "method": 8 if entry.deflate else 0,
        "crc": zlib.crc32(entry.data),
        "packed": len(packed(entry)),
        "size": len(entry.data),
        "name": entry.name,
    }


def local_header(entry: Entry) -> bytes:
    told = facts(entry)
    if entry.descriptor:
        told |= {"crc": 0, "packed": 0, "size": 0}
    told |= entry.local
    extra = entry.extra if entry.local_extra is None else entry.local_extra
    head = struct.pack(
        "<4s5H3L2H", b"PK\3\4", 20, told["flags"], told["method"], 0, 0x21, told["crc"], told["packed"], told["size"],
        len(told["name"]), len(extra),
    )  # fmt: skip
    return head + told["name"] + extra


def descriptor(entry: Entry) -> bytes:
    crc, length, size = zlib.crc32(entry.data), len(packed(entry)), len(entry.data)
    body = struct.pack("<L2Q" if "64" in entry.descriptor else "<3L", crc, length, size)
    return (b"PK\7\x08" if "signed" in entry.descriptor else b"") + body


def central_header(entry: Entry, at: int) -> bytes:
    told = facts(entry) | {"at": at, "disk": 0} | entry.central
    return (
        struct.pack(
            "<4s6H3L5H2L",
            b"PK\1\2",
            entry.made << 8 | 20,
            20,
            told["flags"],
            told["method"],
            0,
            0x21,
            told["crc"],
            told["packed"],
            told["size"],
            len(told["name"]),
            len(entry.extra),
            0,
            told["disk"],
            0,
            entry.mode << 16,
            told["at"],
        )
        + told["name"]
        + entry.extra
    )


def zip_of(
    *entries: Entry,
    prefix: bytes = b"",
    comment: bytes = b"",
    tail: bytes = b"",
    end: dict | None = None,
    zip64: dict | None = None,
) -> bytes:
    """Return a zip file. `end` overrides fields of the end record; `zip64` adds zip64 records, with overrides."""
    body = bytearray(prefix)
    central = bytearray()
    for entry in entries:
        at = len(body) if entry.at is None else entry.at
        if not entry.skip_local:
            body += local_header(entry) + packed(entry)
            body += descriptor(entry) if entry.descriptor else b""
            body += entry.after
        central += central_header(entry, at)
    told = {"entries": len(entries), "length": len(central), "offset": len(body), "disk": 0}
    ends = b""
    if zip64 is not None:
        wide = told | {"at": len(body) + len(central)} | zip64
        ends = struct.pack(
            "<4sQ2H2L4Q",
            b"PK\6\6",
            44,
            45,
            45,
            0,
            0,
            wide["entries"],
            wide["entries"],
            wide["length"],
            wide["offset"],
        ) + struct.pack("<4sLQL", b"PK\6\7", 0, wide["at"], 1)
        told |= {"entries": 0xFFFF, "length": FULL, "offset": FULL}
    told |= end or {}
    record = struct.pack(
        "<4s4H2LH", b"PK\5\6", told["disk"], told["disk"], told["entries"], told["entries"], told["length"],
        told["offset"], len(comment),
    )  # fmt: skip
    return bytes(body + central + ends + record + comment + tail)


def extra_field(ident: int, body: bytes) -> bytes:
    return struct.pack("<2H", ident, len(body)) + body


def unicode_path(name: str, raw: bytes) -> bytes:
    return extra_field(0x7075, b"\1" + struct.pack("<L", zlib.crc32(raw)) + name.encode())


def named(name: str | bytes, **more) -> Entry:
    return Entry(name.encode() if isinstance(name, str) else name, b"x", **more)


def member(name: str, data: bytes = b"x", **more) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def tar_of(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT, mode: str = "w") -> bytes:
    box = io.BytesIO()
    with tarfile.open(fileobj=box, mode=mode, format=form, encoding="utf-8") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return box.getvalue()


def raw_tar_header(name: bytes, size: int | bytes = 0, kind: bytes = b"0", **more: bytes) -> bytes:
    """Return one ustar header block with a right checksum."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:108] = more.get("mode", b"0000644\0")
    block[108:116] = block[116:124] = b"0000000\0"
    block[124:136] = size if isinstance(size, bytes) else b"%011o\0" % size
    block[136:148] = b"00000000000\0"
    block[156:157] = kind
    block[157 : 157 + len(more.get("link", b""))] = more.get("link", b"")
    block[257:265] = b"ustar\00000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


END_OF_TAR = bytes(1024)
__all__ = [
    "END_OF_TAR", "FULL", "STREAMED", "UTF8", "Entry", "extra_field", "member", "named", "padded", "raw_tar_header",
    "replace", "tar_of", "unicode_path", "zip_of",
]  # fmt: skip
