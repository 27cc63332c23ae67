"""Bytes that wait on disk while a package is written, and the bodies of members made of them."""

import hashlib
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

IN_MEMORY = 1 << 18
BLOCK = 1 << 20


class Spool:
    """Appended bytes: in memory up to 256 KiB, beyond that in an unnamed file of the scratch folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._buffer = bytearray()
        self._file: IO[bytes] | None = None
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._buffer += data
        self.size += len(data)
        if len(self._buffer) >= IN_MEMORY:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
            self._file.write(self._buffer)
            self._buffer.clear()

    def blocks(self) -> Iterator[bytes]:
        """Return everything written so far in blocks of at most 1 MiB; may be read again."""
        if self._file is not None:
            self._file.seek(0)
            while block := self._file.read(BLOCK):
                yield block
            self._file.seek(0, 2)
        if self._buffer:
            yield bytes(self._buffer)

    def lines(self) -> Iterator[bytes]:
        """Return the lines written so far, without their line feeds."""
        rest = b""
        for block in self.blocks():
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def close(self) -> None:
        """Forget the bytes; safe to call twice."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._buffer = bytearray()


class Body:
    """The bytes of one member in pieces; its size, SHA-256 (hex) and CRC-32 are known before it is written."""

    def __init__(self, *pieces: bytes | Spool) -> None:
        self._pieces = pieces
        sha, crc, size = hashlib.sha256(), 0, 0
        for block in self.blocks():
            sha.update(block)
            crc = zlib.crc32(block, crc)
            size += len(block)
        self.size = size
        self.sha256 = sha.hexdigest()
        self.crc32 = crc

    def blocks(self) -> Iterator[bytes]:
        """Return the bytes; may be called again."""
        for piece in self._pieces:
            if isinstance(piece, Spool):
                yield from piece.blocks()
            else:
                yield piece

    @classmethod
    def of(cls, blocks: Iterable[bytes], folder: Path) -> "Body":
        """Return a body of bytes that come only once (spooled in `folder`)."""
        spool = Spool(folder)
        for block in blocks:
            spool.write(block)
        return cls(spool)
