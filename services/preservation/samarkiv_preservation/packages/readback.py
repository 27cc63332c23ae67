"""Read-back of a new container from every copy in one pass, before anything is promised (RELIABILITY rule 1).

SHA-256 of each member and SHA-512 of the whole are taken from the first copy; the others are compared byte for byte.
"""

import hashlib
import json
import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Executor

from samarkiv_contracts.problems import CopyUnreadable
from samarkiv_runtime.ports import ObjectStore

BLOCK = 4 << 20
_RING = 3


def blocks_of(store: ObjectStore, key: str) -> Generator[bytes | bytearray]:
    """Give an object in blocks of 4 MiB; a block is good until two more have been asked for.

    Raises KeyError, Unavailable, CopyUnreadable.
    """
    path = store.local_path(key)
    if path is None:
        yield from _regrouped(store.read(key))
        return
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyError(key) from None
    except OSError as error:
        raise CopyUnreadable(en=f"{key}: {error.strerror}") from error
    try:
        at = turn = 0
        # Used again and again: fresh memory for every block costs as much as the hashing.
        ring = [bytearray(min(BLOCK, os.fstat(fd).st_size)) for _ in range(_RING)]
        while got := os.preadv(fd, [ring[turn % _RING]], at) if ring[0] else 0:
            whole = ring[turn % _RING]
            # whole ones as they are: two bytearrays are compared by memcmp, two views byte by byte
            yield whole if got == len(whole) else bytes(memoryview(whole)[:got])
            at += got
            turn += 1
    except OSError as error:
        raise CopyUnreadable(en=f"{key}: {error.strerror}") from error
    finally:
        os.close(fd)


def _regrouped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held, size = [], 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= BLOCK:
            whole = b"".join(held)
            yield whole[:BLOCK]
            held, size = [whole[BLOCK:]], len(whole) - BLOCK
    if size:
        yield b"".join(held)


class Members:
    """Checks members by the lines of `vN.index.jsonl` while the container's bytes come by in order."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._at = 0
        self._hash = hashlib.sha256()
        self.bad: list[int] = []
        self.count = 0
        self._next()

    def feed(self, block: bytes | bytearray) -> None:
        """Take the next bytes of the container."""
        start, end = self._at, self._at + len(block)
        view = memoryview(block)
        while self._there and self._offset < end:
            stop = self._offset + self._length
            self._hash.update(view[max(self._offset - start, 0) : min(stop, end) - start])
            if stop > end:
                break
            self._close()
        self._at = end

    def finish(self) -> list[int]:
        """Return the numbers of the members that are wrong or missing (first = 0)."""
        while self._there:
            if self._length or self._offset > self._at:
                self.bad.append(self.count)
                self.count += 1
                self._next()
            else:
                self._close()
        return self.bad

    def _close(self) -> None:
        if self._hash.hexdigest() != self._sha256:
            self.bad.append(self.count)
        self.count += 1
        self._next()

    def _next(self) -> None:
        line = next(self._lines, None)
        self._there = line is not None
        if line is not None:
            entry = json.loads(line)
            self._offset, self._length, self._sha256 = entry["offset"], entry["length"], entry["sha256"]
            self._hash = hashlib.sha256()


def read_back(
    stores: Mapping[str, ObjectStore], key: str, index: Iterable[bytes], threads: Executor
) -> tuple[str, int]:
    """Return SHA-512 (hex) and size of the object when every copy holds the same bytes and every member is right.

    Raises CopyUnreadable when a copy differs, is shorter or a member is wrong; KeyError when one is absent.
    """
    names = list(stores)
    readers = [blocks_of(stores[name], key) for name in names]
    members, whole, size = Members(index), hashlib.sha512(), 0
    try:
        coming = [threads.submit(next, reader, b"") for reader in readers]
        while True:
            first, *others = (future.result() for future in coming)
            for name, other in zip(names[1:], others, strict=True):
                if other != first:
                    raise CopyUnreadable(
                        f"Kopia {name} skiljer sig från kopia {names[0]}",
                        f"Copy {name} differs from copy {names[0]} after byte {size}",
                    )
            if not first:
                break
            coming = [threads.submit(next, reader, b"") for reader in readers]
            hashed = threads.submit(whole.update, first)
            members.feed(first)
            hashed.result()
            size += len(first)
    finally:
        for future in coming:
            future.exception()
        for reader in readers:
            reader.close()
    if bad := members.finish():
        raise CopyUnreadable(
            f"{len(bad)} filer lästes tillbaka fel",
            f"{len(bad)} members were read back wrong, first number {bad[0]}",
        )
    return whole.hexdigest(), size
