"""A store that lies, for tests of everything that must not believe a store: it drops, truncates, flips or refuses."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from samarkiv_contracts.problems import StorageFull, Unavailable

from samarkiv_runtime.ports import ObjectInfo, ObjectStore, ObjectWriter

Kind = Literal["drop", "truncate", "flip", "refuse", "full", "cut"]
Call = Literal["create", "write", "commit", "replace", "read", "stat", "list", "delete"]


@dataclass
class Fault:
    """What goes wrong, at which call, for which keys (a shell pattern), how many times (None = always).

    `drop`: the object is acknowledged and not there; `truncate`: its last byte is missing; `flip`: one bit is wrong;
    `refuse`: the store does not answer; `full`: there is no room; `cut`: a read ends in an error half-way.
    `after` lets so many matching calls go well first. `drop` belongs to commit and replace, `truncate` and `flip` to
    commit, replace and read.
    """

    kind: Kind
    call: Call
    key: str = "*"
    times: int | None = 1
    after: int = 0


class FaultyStore:
    """An ObjectStore around another, with planned faults. `met` tells which faults happened, as (call, key, kind)."""

    def __init__(self, inner: ObjectStore, *faults: Fault) -> None:
        """Take the true store and the faults; more may be added by `plan`."""
        self.inner = inner
        self.met: list[tuple[str, str, str]] = []
        self._faults = list(faults)
        self._lock = threading.Lock()

    def plan(self, *faults: Fault) -> None:
        """Add faults."""
        with self._lock:
            self._faults += faults

    def heal(self) -> None:
        """Forget every fault that has not happened yet."""
        with self._lock:
            self._faults.clear()

    def create(self, key: str) -> ObjectWriter:
        """Begin a new object."""
        self.meet("create", key)
        return _FaultyWriter(self, key, self.inner.create(key))

    def replace(self, key: str, data: bytes) -> None:
        """Put a small object in place."""
        kind = self.meet("replace", key)
        if kind != "drop":
            self.inner.replace(key, _spoil(data, kind))

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return a range, or what the fault makes of it."""
        kind = self.meet("read", key)
        chunks = self.inner.read(key, offset, length)
        return chunks if kind is None else _spoiled(chunks, kind)

    def stat(self, key: str) -> ObjectInfo | None:
        """Return size, or None when there is no such object."""
        kind = self.meet("stat", key)
        return None if kind == "drop" else self.inner.stat(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Return the objects whose key begins with `prefix`."""
        self.meet("list", prefix)
        return self.inner.list(prefix)

    def delete(self, key: str) -> None:
        """Remove an object; `drop` leaves it there and says it is gone."""
        if self.meet("delete", key) != "drop":
            self.inner.delete(key)

    def local_path(self, key: str) -> Path | None:
        """Return None, so that every read goes through the faults."""
        self.inner.local_path(key)
        return None

    def meet(self, call: Call, key: str) -> Kind | None:
        """Return the kind of fault that spoils this call, if any; raises for `refuse` and `full`."""
        with self._lock:
            fault = next(
                (one for one in self._faults if one.call == call and fnmatchcase(key, one.key)), None
            )
            if fault is None:
                return None
            if fault.after:
                fault.after -= 1
                return None
            if fault.times is not None:
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
            self.met.append((call, key, fault.kind))
        if fault.kind == "refuse":
            raise Unavailable(
                "Lagringen svarar inte (planerat fel)", "The store does not answer (planned fault)"
            )
        if fault.kind == "full":
            raise StorageFull("Lagringen är full (planerat fel)", "The store is full (planned fault)")
        return fault.kind


class _FaultyWriter:
    def __init__(self, store: FaultyStore, key: str, inner: ObjectWriter) -> None:
        self._store = store
        self._key = key
        self._inner = inner
        self._held = b""  # the last written piece, so that a fault at commit can spoil it
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        kind = self._store.meet("write", self._key)
        if self._held:
            self._inner.write(self._held)
        self._held = _spoil(bytes(data), kind)
        self._size += len(data)

    def commit(self) -> ObjectInfo:
        try:
            kind = self._store.meet("commit", self._key)
        except (Unavailable, StorageFull):
            self._inner.abort()
            raise
        if kind == "drop":
            self._inner.abort()
            return ObjectInfo(self._key, self._size)
        if self._held:
            self._inner.write(_spoil(self._held, kind))
        self._inner.commit()
        return ObjectInfo(self._key, self._size)

    def abort(self) -> None:
        self._inner.abort()


def _spoil(data: bytes, kind: Kind | None) -> bytes:
    if kind == "truncate":
        return data[:-1]
    if kind == "flip" and data:
        middle = len(data) // 2
        return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    return data


def _spoiled(chunks: Iterator[bytes], kind: Kind) -> Iterator[bytes]:
    if kind == "drop":
        return
    first = next(chunks, b"")
    if kind == "cut":
        yield first[: len(first) // 2]
        raise Unavailable("Läsningen bröts (planerat fel)", "The read was cut (planned fault)")
    if kind == "flip":
        first = _spoil(first, "flip")
    for chunk in chunks:
        yield first
        first = chunk
    yield _spoil(first, kind) if kind == "truncate" else first
