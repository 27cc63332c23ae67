"""The reading side of the copies: OCFL objects whose versions are one stored ZIP64 container each, and its index.

Any member is reached by a range read; a copy that is bad or silent is passed over, and bad bytes are never served whole.
"""

import hashlib
import json
import mmap
import re
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_contracts.problems import AllCopiesBad, CopyUnreadable, Unavailable

from samarkiv_runtime.ports import ObjectStore

R = TypeVar("R")

WHOLE = 8 << 20  # members up to this size are verified before the first byte is served
_CACHE_BYTES = 256 << 20
_IN_MEMORY = 1 << 20
_STRETCH = 2 << 20
_LONGEST_FOLDER = 100


class _BadBytes(Exception):
    """A copy answered with bytes that have another digest."""


@dataclass(frozen=True)
class Member:
    """One member of a package: where its stored bytes lie in the container of `version`, and what they are."""

    name: str
    version: int
    offset: int
    length: int
    sha256: str
    puid: str = ""
    mime: str = ""
    crc32: int | None = None


@dataclass(frozen=True)
class Version:
    """One committed version, as the inventory tells it."""

    number: int
    created: str
    message: str


@dataclass(frozen=True)
class Inventory:
    """The root inventory of one object, its sidecar checked. `doc` is the document as it stands."""

    id: str
    head: int
    doc: Mapping[str, Any]

    def versions(self) -> list[Version]:
        """Return the versions, oldest first."""
        found = self.doc["versions"]
        return [
            Version(number, found[f"v{number}"]["created"], found[f"v{number}"].get("message", ""))
            for number in range(1, self.head + 1)
        ]

    def digest_of(self, path: str) -> str:
        """Return the sha-512 of a content path (`v1/content/v1.zip`); raises KeyError."""
        for digest, paths in self.doc["manifest"].items():
            if path in paths:
                return str(digest)
        raise KeyError(path)


def _agreeing(store: ObjectStore, root: str) -> bytes:
    """Return a root inventory that its sidecar agrees with.

    A new version replaces the two one after the other, so a reader that comes in between looks again before it says
    that they differ.
    """
    for pause in (0.02, 0.1, 0.3, 0.0):
        raw = b"".join(store.read(f"{root}/inventory.json"))
        sidecar = b"".join(store.read(f"{root}/inventory.json.sha512")).decode("ascii", "replace").split()
        if sidecar and sidecar[0] == hashlib.sha512(raw).hexdigest():
            return raw
        time.sleep(pause)
    raise _BadBytes("inventory.json")


def object_root(object_id: str) -> str:
    """Return the key prefix of an object (no slash at the end) by layout extension 0003: sha256, three tuples of three."""
    digest = hashlib.sha256(object_id.encode()).hexdigest()
    folder = re.sub(
        rb"[^A-Za-z0-9\-_]", lambda found: b"%%%02x" % found.group()[0], object_id.encode()
    ).decode()
    if len(folder) > _LONGEST_FOLDER:
        folder = f"{folder[:_LONGEST_FOLDER]}-{digest}"
    return "/".join((digest[0:3], digest[3:6], digest[6:9], folder))


def container_key(object_id: str, version: int) -> str:
    """Return the key of the container of a version."""
    return f"{object_root(object_id)}/v{version}/content/v{version}.zip"


def index_key(object_id: str, version: int) -> str:
    """Return the key of the index of a version."""
    return f"{object_root(object_id)}/v{version}/content/v{version}.index.jsonl"


class PackageReader:
    """Reads packages from whichever copy answers rightly, in the order given. Safe for use by many threads."""

    def __init__(
        self,
        copies: Mapping[str, ObjectStore],
        told: Callable[[str, str, str], None] = lambda _copy, _object_id, _what: None,
    ) -> None:
        """Take the copies by name; `told(copy, id, what)` hears of every copy that had to be passed over."""
        self._copies = copies
        self._told = told
        self._indexes: OrderedDict[tuple[str, str], bytes | mmap.mmap] = OrderedDict()
        self._lock = threading.Lock()

    # ------------------------------------------------------------------ what there is

    def inventory(self, object_id: str) -> Inventory:
        """Return the root inventory; raises KeyError when no copy has the object, AllCopiesBad, CopyUnreadable."""
        root = object_root(object_id)

        def read(store: ObjectStore) -> Inventory:
            raw = _agreeing(store, root)
            doc = json.loads(raw)
            if doc.get("id") != object_id:
                raise _BadBytes("inventory.json")
            return Inventory(object_id, int(doc["head"][1:]), doc)

        return self._first(object_id, "inventory.json", read)

    def versions(self, object_id: str) -> list[Version]:
        """Return the versions, oldest first; raises as `inventory`."""
        return self.inventory(object_id).versions()

    def members(self, object_id: str) -> Iterator[Member]:
        """Return the current members, version by version in container order; raises as `inventory`.

        Only the root METS.xml is ever written again, so only its newest is told.
        """
        inventory = self.inventory(object_id)
        root_mets = f"{object_id}/METS.xml"
        newest = self._find(inventory, root_mets)
        for number in range(1, inventory.head + 1):
            for line in _lines(self._index(inventory, number)):
                member = _member(line, number)
                if member.name != root_mets or (newest and newest.version == number):
                    yield member

    def member(self, object_id: str, name: str) -> Member:
        """Return the newest member of this name (with or without the id before it); raises KeyError, as `inventory`."""
        found = self._find(self.inventory(object_id), _full(object_id, name))
        if found is None:
            raise KeyError(name)
        return found

    # ------------------------------------------------------------------ bytes

    def read_member(
        self, object_id: str, name: str, offset: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """Return a member's bytes, or a range of them, from the first copy that has them right.

        Members up to 8 MiB are verified before the first byte; longer ones while they stream: a wrong digest raises
        CopyUnreadable instead of the last piece. Raises KeyError, AllCopiesBad, CopyUnreadable, at the call or while read.
        """
        return self.read(object_id, self.member(object_id, name), offset, length)

    def read(
        self, object_id: str, member: Member, offset: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """Return the bytes of a member already found; as `read_member`."""
        if offset < 0 or (length is not None and length < 0):
            raise ValueError(f"negative range: {offset}, {length}")
        end = member.length if length is None else min(offset + length, member.length)
        if member.length <= WHOLE:
            data = memoryview(self._whole(object_id, member))[offset:end]
            return (bytes(data[at : at + (1 << 20)]) for at in range(0, len(data), 1 << 20))
        if offset >= end:
            return iter(())
        return self._stream(object_id, member, offset, end)

    def description(self, object_id: str) -> tuple[PackageDescription, Iterator[RecordDescription]]:
        """Return what the package says of itself, and its records one by one; raises KeyError, as `read_member`."""
        inventory = self.inventory(object_id)
        names = [f"description-v{number}.jsonl" for number in range(inventory.head, 1, -1)]
        for name in (*names, "description.jsonl"):
            member = self._find(inventory, f"{object_id}/metadata/other/{name}")
            if member:
                lines = split_lines(self.read(object_id, member))
                package = PackageDescription.model_validate_json(next(lines))
                return package, (RecordDescription.model_validate_json(line) for line in lines)
        raise KeyError(f"{object_id}/metadata/other/description.jsonl")

    # ------------------------------------------------------------------ inside

    def _first(self, object_id: str, what: str, read: Callable[[ObjectStore], R]) -> R:
        """Return the answer of the first copy that gives a right one."""
        bad: list[str] = []
        silent: list[str] = []
        for copy, store in self._copies.items():
            try:
                return read(store)
            except KeyError:
                continue
            except (_BadBytes, ValueError):
                bad.append(copy)
                self._told(copy, object_id, f"{what}: wrong digest")
            except (Unavailable, CopyUnreadable) as error:
                silent.append(copy)
                self._told(copy, object_id, f"{what}: {error}")
        if silent:
            raise CopyUnreadable(
                f"{what} i {object_id} kan inte läsas från {', '.join(silent)}",
                f"{what} of {object_id} cannot be read from {', '.join(silent)}",
            )
        if bad:
            raise AllCopiesBad(
                f"{what} i {object_id} är skadad i varje kopia",
                f"{what} of {object_id} is damaged in every copy",
            )
        raise KeyError(object_id)

    def _whole(self, object_id: str, member: Member) -> bytes:
        def read(store: ObjectStore) -> bytes:
            data = b"".join(
                store.read(container_key(object_id, member.version), member.offset, member.length)
            )
            if hashlib.sha256(data).hexdigest() != member.sha256:
                raise _BadBytes(member.name)
            return data

        return self._first(object_id, member.name, read)

    def _stream(self, object_id: str, member: Member, offset: int, end: int) -> Iterator[bytes]:
        digest = hashlib.sha256() if offset == 0 and end == member.length else None
        held = b""
        at = offset
        fault: Exception | None = None
        for copy, store in self._copies.items():
            try:
                for piece in store.read(
                    container_key(object_id, member.version), member.offset + at, end - at
                ):
                    if held:
                        yield held
                    held = piece
                    at += len(piece)
                    if digest:
                        digest.update(piece)
            except (KeyError, Unavailable, CopyUnreadable) as error:
                fault = error
                self._told(copy, object_id, f"{member.name}: {type(error).__name__}")
                continue
            if at == end:
                break
            self._told(copy, object_id, f"{member.name}: the container is too short")
        if at < end or (digest and digest.hexdigest() != member.sha256):
            if at == end:
                self._told(copy, object_id, f"{member.name}: wrong digest")
            raise CopyUnreadable(
                f"{member.name} kunde inte läsas hel", f"{member.name} could not be read whole"
            ) from fault
        yield held

    def _find(self, inventory: Inventory, name: str) -> Member | None:
        # the writer may or may not escape non-ASCII letters
        needles = {json.dumps(name, ensure_ascii=ascii_only).encode() for ascii_only in (True, False)}
        for number in range(inventory.head, 0, -1):
            index = self._index(inventory, number)
            try:
                member = _named(index, name, needles, number)
            finally:
                _let_go(index)
            if member:
                return member
        return None

    def _index(self, inventory: Inventory, number: int) -> bytes | mmap.mmap:
        wanted = inventory.digest_of(f"v{number}/content/v{number}.index.jsonl")
        key = (inventory.id, wanted)
        with self._lock:
            if key in self._indexes:
                self._indexes.move_to_end(key)
                return self._indexes[key]

        def read(store: ObjectStore) -> bytes | mmap.mmap:
            digest = hashlib.sha512()
            # not kept in memory: 250 bytes a file is 50 MB for 200,000 files
            with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
                for piece in store.read(index_key(inventory.id, number)):
                    digest.update(piece)
                    file.write(piece)
                if digest.hexdigest() != wanted:
                    raise _BadBytes(f"v{number}.index.jsonl")
                size = file.tell()
                if size <= _IN_MEMORY:
                    file.seek(0)
                    return file.read()
                file.flush()
                return mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ)

        index = self._first(inventory.id, f"v{number}.index.jsonl", read)
        with self._lock:
            self._indexes[key] = index
            total = sum(len(one) for one in self._indexes.values())
            while total > _CACHE_BYTES and len(self._indexes) > 1:
                total -= len(self._indexes.popitem(last=False)[1])
        return index


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Return the non-empty lines of a stream, without their ends."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line)
    if rest:
        yield rest


def _lines(index: bytes | mmap.mmap) -> Iterator[bytes]:
    start = left = 0
    while start < len(index):
        stop = index.find(b"\n", start)
        stop = len(index) if stop < 0 else stop
        if stop > start:
            yield index[start:stop]
        start = stop + 1
        if start - left >= _STRETCH:
            _let_go(index)
            left = start
    _let_go(index)


def _let_go(index: bytes | mmap.mmap) -> None:
    """Take the pages of a mapped index out of this process; they are read again when they are needed."""
    if isinstance(index, mmap.mmap):
        index.madvise(mmap.MADV_DONTNEED)


def _member(line: bytes, version: int) -> Member:
    doc = json.loads(line)
    return Member(
        name=doc["member"],
        version=version,
        offset=doc["offset"],
        length=doc["length"],
        sha256=doc["sha256"],
        puid=doc.get("puid", ""),
        mime=doc.get("mime", ""),
        crc32=doc.get("crc32"),
    )


def _named(index: bytes | mmap.mmap, name: str, needles: set[bytes], version: int) -> Member | None:
    for needle in needles:
        at = index.find(needle)
        while at >= 0:
            start = index.rfind(b"\n", 0, at) + 1
            stop = index.find(b"\n", at)
            member = _member(index[start : stop if stop >= 0 else len(index)], version)
            if member.name == name:
                return member
            at = index.find(needle, at + 1)
    return None


def _full(object_id: str, name: str) -> str:
    return name if name.startswith(f"{object_id}/") else f"{object_id}/{name}"
