"""Bytes of a staging object in large strides: many small files cost one read, large ones are streamed."""

import os
from collections.abc import Iterator

from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.ports import ObjectStore

STRIDE = 4 << 20
_RING = 3


class Source:
    """Ranges of one object, mostly in rising order. Reads in place when the store is a folder."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        """Open the object; raises Unavailable when it is not there (staging is ours: a system fault)."""
        self._store = store
        self._key = key
        self._start = 0
        self._window = b""
        self._fd = -1
        path = store.local_path(key)
        try:
            if path is not None:
                self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            elif store.stat(key) is None:
                raise FileNotFoundError(key)
        except OSError as error:
            raise Unavailable(
                "Mellanlagringen saknar det som ska lagras", f"Staging object is not there: {key}"
            ) from error

    def take(self, offset: int, size: int) -> memoryview:
        """Return `size` bytes (at most 4 MiB) at `offset`; raises Unavailable when the object ends before."""
        at = offset - self._start
        if at < 0 or at + size > len(self._window):
            self._window = self._read(offset, STRIDE)
            self._start, at = offset, 0
            if size > len(self._window):
                raise self._short(offset + size)
        return memoryview(self._window)[at : at + size]

    def blocks(self, offset: int, size: int) -> Iterator[bytes | memoryview]:
        """Return `size` bytes at `offset` in blocks of at most 4 MiB; a block is good until two more have been asked for."""
        end = offset + size
        # Used again and again: fresh memory for every block costs as much as the hashing.
        ring = [memoryview(bytearray(min(STRIDE, size))) for _ in range(_RING if self._fd >= 0 else 0)]
        turn = 0
        while offset < end:
            length = min(STRIDE, end - offset)
            block = self._read_into(ring[turn % _RING][:length], offset) if ring else self._read(offset, length)
            if not block:
                raise self._short(end)
            yield block
            offset += len(block)
            turn += 1

    def close(self) -> None:
        """Let go of the object; safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read_into(self, view: memoryview, offset: int) -> memoryview:
        try:
            return view[: os.preadv(self._fd, [view], offset)]
        except OSError as error:
            raise self._silent(error) from error

    def _read(self, offset: int, size: int) -> bytes:
        if self._fd >= 0:
            try:
                return os.pread(self._fd, size, offset)
            except OSError as error:
                raise self._silent(error) from error
        return b"".join(self._store.read(self._key, offset, size))

    @staticmethod
    def _silent(error: OSError) -> Unavailable:
        return Unavailable("Mellanlagringen svarar inte", f"Staging does not answer: {error}")

    def _short(self, end: int) -> Unavailable:
        return Unavailable(
            "Mellanlagringen är kortare än listan säger", f"{self._key} ends before byte {end}"
        )
