"""The zip scanner: central directory and local headers compared, nothing opened (RELIABILITY §3)."""

import os
import stat
import struct
from collections.abc import Iterator
from typing import NamedTuple

from samarkiv_ingest.packages import zipextra
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.members import BAD, Member, Members
from samarkiv_ingest.packages.names import NamePolicy, decode, junk, plain
from samarkiv_ingest.packages.refusals import Refusals, Stop
from samarkiv_ingest.packages.zipends import Directory, read_end

_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_READ = 1 << 18
_ENCRYPTED, _DESCRIPTOR, _PATCHED, _STRONG, _UTF8, _MASKED = 0x1, 0x8, 0x20, 0x40, 0x800, 0x2000
_STORED, _DEFLATED, _AES = 0, 8, 99
_LINKS = frozenset({stat.S_IFLNK})
_DEVICES = frozenset({stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK})


class _Entry(NamedTuple):
    """One record of the central directory, as it stands."""

    flags: int
    method: int
    crc: int
    packed: int
    size: int
    disk: int
    made: int
    attributes: int
    at: int
    raw: bytes
    extra: bytes


class ZipScanner:
    """Scans one zip file. `scan` fills the members and notes refusals; it never reads a member's data."""

    def __init__(self, fd: int, size: int, limits: Limits, members: Members, refusals: Refusals) -> None:
        self._fd = fd
        self._size = size
        self._limits = limits
        self._members = members
        self._refusals = refusals
        self._names = NamePolicy(limits)
        self._cd_start = 0
        self._faulty = False

    def scan(self) -> None:
        """Read both directories. Raises Stop (see the refusals) when the file cannot be read as a zip."""
        directory = read_end(self._fd, self._size, self._refusals)
        self._cd_start = directory.start
        if directory.entries > self._limits.entries:
            raise self._refusals.stop(
                "SAM-CONTAINER-ENTRIES", expected=self._limits.entries, found=directory.entries
            )
        for entry in self._central(directory):
            self._take(entry)
        self._members.seal()
        self._places()

    def _central(self, directory: Directory) -> Iterator[_Entry]:
        """Stream the central directory; its length and number of entries must be what the end record says."""
        buf, pos, at, count = b"", 0, directory.start, 0
        while at + pos < directory.end or pos < len(buf):
            need = _CENTRAL.size
            if len(buf) - pos >= need:
                need += sum(struct.unpack_from("<3H", buf, pos + 28))
            if len(buf) - pos < need:
                at += pos
                buf, pos = os.pread(self._fd, min(max(_READ, need), directory.end - at), at), 0
                if len(buf) < need:
                    raise self._refusals.stop("SAM-ZIP-DIRECTORY", place=f"@{at}")
                continue
            (
                sign,
                made,
                _,
                flags,
                method,
                _,
                _,
                crc,
                packed,
                size,
                names,
                extras,
                comments,
                disk,
                _,
                attrs,
                local,
            ) = _CENTRAL.unpack_from(buf, pos)
            if sign != b"PK\x01\x02":
                raise self._refusals.stop("SAM-ZIP-DIRECTORY", place=f"@{at + pos}")
            start = pos + _CENTRAL.size
            pos = start + names + extras + comments
            count += 1
            if count > directory.entries:
                break
            raw, extra = buf[start : start + names], buf[start + names : start + names + extras]
            yield _Entry(flags, method, crc, packed, size, disk, made >> 8, attrs, local, raw, extra)
            if at + pos >= directory.end:
                break
        if count != directory.entries or at + pos != directory.end:
            raise self._refusals.stop(
                "SAM-ZIP-DIRECTORY", place="entries", expected=directory.entries, found=count
            )

    def _take(self, entry: _Entry) -> None:
        """Judge one entry and spool it; an entry with a fault is noted and left out."""
        name = decode(entry.raw)[0]
        member = Member(
            self._members.count, name, "", BAD, entry.at, entry.at + _LOCAL.size, 0, 0, 0, 0, entry.flags
        )
        try:
            extra = zipextra.fields(entry.extra) if entry.extra else {}
            wide = zipextra.Sizes(entry.size, entry.packed, entry.at)
            if extra or zipextra.FULL in wide:
                wide = zipextra.widen(wide, entry.disk, extra.get(1))
            if entry.disk not in (0, 0xFFFF):
                raise self._refusals.stop("SAM-ZIP-SPLIT", name)
            path, folder, raw = self._name(entry, extra)
            self._kind(entry, extra, path, wide, folder=folder)
            data = self._local(entry, wide, path, extra)
            member = Member(
                member.n, path, raw, int(folder), wide.at, data, wide.packed, wide.size, entry.crc, entry.method,
                entry.flags,
            )  # fmt: skip
            if junk(path):
                self._refusals.add("SAM-JUNK", path)
        except zipextra.Malformed as fault:
            self._refusals.add("SAM-ZIP-EXTRA", name, found=fault)
        except zipextra.Contradiction as fault:
            self._refusals.add("SAM-ZIP64", name, found=fault)
        except Stop:
            pass  # noted; the entry only takes its place
        self._members.add(member)

    def _name(self, entry: _Entry, extra: dict[int, bytes]) -> tuple[str, bool, str]:
        """Return path, folder and raw name (hex when it was not UTF-8), or raise Stop."""
        text, utf8 = decode(entry.raw)
        raw = "" if utf8 else entry.raw.hex()
        field = extra.get(0x7075)
        if field is not None:
            told, belongs = zipextra.unicode_path(field, entry.raw)
            if told != text and belongs and entry.flags & _UTF8:
                raise self._refusals.stop("SAM-ZIP-UNICODE-PATH", text, found=told)
            self._judge(plain(text)[0], text)
            if belongs:
                text = told
            else:
                self._refusals.add("SAM-NAME-STALE-UNICODE", text, found=told)
        elif not utf8:
            self._refusals.add("SAM-NAME-LEGACY", text, found=raw)
        path, folder = plain(text)
        if not (folder and text.startswith(".")) or path:
            self._judge(path, text)
        return path, folder, raw

    def _judge(self, path: str, shown: str) -> None:
        code = self._names.refusal(path)
        if code:
            raise self._refusals.stop(code, shown)

    def _kind(
        self, entry: _Entry, extra: dict[int, bytes], path: str, wide: zipextra.Sizes, *, folder: bool
    ) -> None:
        """Judge type, mode, method, encryption and density."""
        for mode in (entry.attributes >> 16, zipextra.unix_mode(extra)):
            kind = stat.S_IFMT(mode)
            if kind in _LINKS:
                raise self._refusals.stop("SAM-ENTRY-LINK", path)
            if kind in _DEVICES:
                raise self._refusals.stop("SAM-ENTRY-DEVICE", path)
            if mode & (stat.S_ISUID | stat.S_ISGID) and not folder and kind != stat.S_IFDIR:
                raise self._refusals.stop("SAM-ENTRY-SETUID", path, found=oct(mode))
            if kind == stat.S_IFDIR and not folder:
                raise self._refusals.stop("SAM-ZIP-FOLDER", path)
        if entry.flags & (_ENCRYPTED | _STRONG | _MASKED) or entry.method == _AES:
            raise self._refusals.stop("SAM-ZIP-ENCRYPTED", path)
        if entry.method not in (_STORED, _DEFLATED) or entry.flags & _PATCHED:
            raise self._refusals.stop("SAM-ZIP-METHOD", path, expected="0, 8", found=entry.method)
        if folder and (wide.size or wide.packed > 2):
            raise self._refusals.stop("SAM-ZIP-FOLDER", path, expected=0, found=wide.size)
        if entry.method == _STORED and wide.size != wide.packed:
            raise self._refusals.stop("SAM-ZIP-FALSE-SIZE", path, expected=wide.packed, found=wide.size)
        if self._limits.too_dense(wide.size, wide.packed):
            found = wide.size // max(wide.packed, 1)
            raise self._refusals.stop("SAM-CONTAINER-RATIO", path, expected=self._limits.ratio, found=found)

    def _local(self, entry: _Entry, wide: zipextra.Sizes, path: str, extra: dict[int, bytes]) -> int:
        """Compare the local header with the central one; return where the data starts."""
        fixed = _LOCAL.size + len(entry.raw)
        head = os.pread(self._fd, fixed + 64, wide.at) if wide.at < self._cd_start else b""
        if len(head) < fixed or head[:4] != b"PK\x03\x04":
            raise self._refusals.stop("SAM-ZIP-LOCAL", path, place=f"@{wide.at}")
        _, _, flags, method, _, _, crc, packed, size, names, extras = _LOCAL.unpack_from(head)
        if names != len(entry.raw) or head[_LOCAL.size : fixed] != entry.raw:
            raise self._refusals.stop(
                "SAM-ZIP-LOCAL", path, "name", found=decode(head[_LOCAL.size : fixed])[0]
            )
        differs = flags ^ entry.flags
        if (
            method != entry.method
            or differs & (_ENCRYPTED | _DESCRIPTOR)
            or (differs & _UTF8 and not path.isascii())
        ):
            raise self._refusals.stop("SAM-ZIP-LOCAL", path, "flags", f"{entry.flags:#x}", f"{flags:#x}")
        if extras:
            more = (
                head[fixed : fixed + extras] if extras <= 64 else os.pread(self._fd, extras, wide.at + fixed)
            )
            found = zipextra.fields(more)
            size, packed = zipextra.widen_local(size, packed, found.get(1))
            if found.get(0x7075, extra.get(0x7075)) != extra.get(0x7075):
                raise self._refusals.stop("SAM-ZIP-UNICODE-PATH", path, "local header")
        streamed = flags & _DESCRIPTOR
        for what, here, there in (
            ("crc", crc, entry.crc),
            ("packed", packed, wide.packed),
            ("size", size, wide.size),
        ):
            if here != there and not (streamed and here in (0, zipextra.FULL)):
                raise self._refusals.stop("SAM-ZIP-LOCAL", path, what, there, here)
        data = wide.at + fixed + extras
        if data + wide.packed > self._cd_start:
            raise self._refusals.stop(
                "SAM-ZIP-OVERLAP", path, expected=self._cd_start, found=data + wide.packed
            )
        return int(data)

    def _places(self) -> None:
        """Every byte before the directory belongs to exactly one entry: no overlap, no gap, no prefix."""
        before: Member | None = None
        end = 0
        self._faulty = self._refusals.errors
        for member in self._members.in_order():
            self._after(before, end, member.at, member.path)
            end, before = member.data + member.packed, member
        if not self._faulty:
            self._after(before, end, self._cd_start, before.path if before else "")

    def _after(self, before: Member | None, end: int, start: int, path: str) -> None:
        """Check what lies between the data of `before`, which ends at `end`, and `start`."""
        gap = start - end
        if gap < 0:
            self._refusals.add("SAM-ZIP-OVERLAP", path, expected=end, found=start)
        elif self._faulty:
            return
        elif before is None:
            if gap:
                self._refusals.add("SAM-ZIP-PREFIX", path, expected=0, found=start)
        elif before.flags & _DESCRIPTOR and gap:
            if gap > 24:
                self._refusals.add("SAM-ZIP-GAP", before.path, expected=end, found=start)
            elif not _describes(os.pread(self._fd, gap, end), before):
                self._refusals.add("SAM-ZIP-DESCRIPTOR", before.path)
        elif gap:
            self._refusals.add("SAM-ZIP-GAP", before.path, expected=end, found=start)


def _describes(found: bytes, member: Member) -> bool:
    """Tell whether the bytes after a member are its data descriptor, with or without signature, 32 or 64 bits."""
    numbers = (member.crc, member.packed, member.size)
    forms = [struct.pack("<L2Q", *numbers)]
    if member.size < zipextra.FULL and member.packed < zipextra.FULL:
        forms.append(struct.pack("<3L", *numbers))
    return any(found in (form, b"PK\x07\x08" + form) for form in forms)
