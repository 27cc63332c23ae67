"""The tar scanner: v7, ustar, GNU and pax headers read by pread, nothing opened (RELIABILITY §3)."""

import os
from collections.abc import Callable

from samarkiv_ingest.packages import tarheader
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.members import FILE, FOLDER, Member, Members
from samarkiv_ingest.packages.names import NamePolicy, decode, junk, plain
from samarkiv_ingest.packages.refusals import Refusals, Stop
from samarkiv_ingest.packages.tarheader import BLOCK, Broken, Header

_ZERO = bytes(BLOCK)
_CHUNK = 1 << 20
_MOST_META = 1 << 20
_PLAIN = frozenset({b"0", b"\0", b"7"})
_LINKS = frozenset({b"1", b"2"})
_DEVICES = frozenset({b"3", b"4", b"6"})
_SETUID = 0o6000
# From here on a ustar header cannot hold the size, and writers differ in what they leave in it.
_OCTAL_END = 8 << 30
_GLOBAL_ALLOWED = frozenset({"comment", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "charset"})


class TarScanner:
    """Scans one plain tar file of `size` bytes."""

    def __init__(self, fd: int, size: int, limits: Limits, members: Members, refusals: Refusals) -> None:
        self._fd = fd
        self._size = size
        self._limits = limits
        self._members = members
        self._refusals = refusals
        self._names = NamePolicy(limits)
        self._pax: dict[str, bytes] = {}
        self._long = b""

    def scan(self, beat: Callable[[int], None] = lambda _at: None) -> None:
        """Read every header. Raises Stop (see the refusals) when the file cannot be read as a tar."""
        at = entries = 0
        while True:
            block = os.pread(self._fd, BLOCK, at)
            if len(block) < BLOCK:
                raise self._refusals.stop("SAM-TAR-TRUNCATED", place=f"@{at}")
            if block == _ZERO:
                self._end(at)
                break
            try:
                header = tarheader.parse(block)
                at = self._entry(header, at)
            except Broken as fault:
                raise self._refusals.stop("SAM-TAR-HEADER", place=f"@{at}", found=fault) from fault
            entries += 1
            if self._members.count > self._limits.entries or entries > 3 * self._limits.entries + 3:
                raise self._refusals.stop(
                    "SAM-CONTAINER-ENTRIES", expected=self._limits.entries, found=entries
                )
            if not entries % 1000:
                beat(at)
        self._members.seal()

    def _end(self, at: int) -> None:
        """Two blocks of zeros end a tar; only zeros may follow."""
        if self._size - at < 2 * BLOCK:
            raise self._refusals.stop("SAM-TAR-TRUNCATED", place=f"@{at}")
        while at < self._size:
            data = os.pread(self._fd, _CHUNK, at)
            if data.strip(b"\0"):
                raise self._refusals.stop("SAM-TAR-TRAILING", place=f"@{at}")
            at += len(data)
        if self._pax or self._long:
            raise self._refusals.stop("SAM-TAR-HEADER", place="end")

    def _entry(self, header: Header, at: int) -> int:
        """Take one header; return where the next one stands."""
        data = at + BLOCK
        if header.type in (b"x", b"g", b"L", b"K"):
            self._meta(header, data)
            return self._next(data, header.size, "")
        name, text, raw = self._name(header)
        size = self._real_size(header, text)
        after = self._next(data, size, text)
        pax, self._pax, self._long = self._pax, {}, b""
        try:
            member = self._judge(header, text, size, pax)
        except Stop:
            return after
        self._members.add(member._replace(at=at, data=data, raw=raw))
        if raw:
            self._refusals.add("SAM-NAME-LEGACY", text, found=name.hex())
        if junk(member.path):
            self._refusals.add("SAM-JUNK", member.path)
        return after

    def _next(self, data: int, size: int, name: str) -> int:
        if data + size > self._size:
            raise self._refusals.stop("SAM-TAR-TRUNCATED", name, expected=data + size, found=self._size)
        return data + (size + BLOCK - 1) // BLOCK * BLOCK

    def _meta(self, header: Header, data: int) -> None:
        """Take a pax or GNU long-name header, which speaks of the next entry."""
        if header.size > _MOST_META:
            raise Broken(f"{header.type!r} of {header.size} bytes")
        body = os.pread(self._fd, header.size, data)
        if header.type == b"x":
            if self._pax:
                raise Broken("two pax headers")
            self._pax = tarheader.pax(body)
        elif header.type == b"g":
            strange = tarheader.pax(body).keys() - _GLOBAL_ALLOWED
            if strange:
                raise Broken(f"global {min(strange)}")
        elif header.type == b"L":
            if self._long:
                raise Broken("two long names")
            self._long = body.split(b"\0", 1)[0]

    def _name(self, header: Header) -> tuple[bytes, str, str]:
        """Return the name's bytes, its text and its bytes in hex when they were not UTF-8."""
        name = self._pax.get("path") or self._long or header.name
        text, utf8 = decode(name)
        return name, text, "" if utf8 else name.hex()

    def _real_size(self, header: Header, text: str) -> int:
        told = self._pax.get("size")
        if told is None:
            return header.size
        if not told.isdigit():
            raise Broken("pax size")
        size = int(told)
        if size != header.size and size < _OCTAL_END:
            # Readers disagree about which of them counts, and so about where the next header stands.
            raise self._refusals.stop("SAM-TAR-SIZE", text, expected=header.size, found=size)
        return size

    def _judge(self, header: Header, text: str, size: int, pax: dict[str, bytes]) -> Member:
        """Return the member, its places still unset. Raises Stop."""
        path, folder = plain(text)
        if not (folder and text.startswith(".")) or path:
            for shown in (path, plain(decode(header.name)[0])[0]):
                code = self._names.refusal(shown) if shown or shown == path else ""
                if code and (shown == path or code in _HIDDEN):
                    raise self._refusals.stop(code, text, found="" if shown == path else shown)
        if header.type in _LINKS or pax.get("linkpath"):
            raise self._refusals.stop("SAM-ENTRY-LINK", text, found=decode(header.link)[0])
        if header.type in _DEVICES:
            raise self._refusals.stop("SAM-ENTRY-DEVICE", text)
        if header.type == b"S" or any(key.startswith("GNU.sparse") for key in pax):
            raise self._refusals.stop("SAM-TAR-SPARSE", text)
        if header.type != b"5" and header.type not in _PLAIN:
            raise self._refusals.stop("SAM-TAR-TYPE", text, found=decode(header.type)[0])
        folder = folder or header.type == b"5"
        if folder and size:
            raise self._refusals.stop("SAM-TAR-SIZE", text, expected=0, found=size)
        if header.mode & _SETUID and not folder:
            raise self._refusals.stop("SAM-ENTRY-SETUID", text, found=oct(header.mode))
        return Member(self._members.count, path, "", FOLDER if folder else FILE, 0, 0, size, size, -1, 0, 0)


# What a name that another header overrides may still not be: a reader without that header would follow it.
_HIDDEN = frozenset({"SAM-NAME-TRAVERSAL", "SAM-NAME-ABSOLUTE", "SAM-NAME-DRIVE", "SAM-NAME-UNC"})
