"""What the spawned workers do: inflate, check, digest, identify, write. Light imports; one Identifier a process."""

import hashlib
import json
import os
import tempfile
from typing import Any, NamedTuple

from isal import isal_zlib

from samarkiv_ingest.packages.deflate import InflateError
from samarkiv_ingest.packages.identify import EMPTY, Format, Identifier, line_part

STORED = 0
_CHUNK = 1 << 20
_EDGE_HEAD = 1 << 20
_EDGE_TAIL = 8 << 20
_COPY_WHOLE = 64 << 20
_IN_MEMORY = 4 << 20
_NO_CRC = -1
NOT_LOOKED = Format(
    "", "application/octet-stream", "", "", "fault", "the format tool could not stand the file"
)


class Item(NamedTuple):
    """One file to check. `target` is its place in the content file, −1 when it stays where it is."""

    path: str
    raw: str
    data: int
    packed: int
    size: int
    crc: int
    method: int
    target: int
    digests: tuple[str, ...] = ()


class Batch(NamedTuple):
    """Work for one call. `source` says what a file that stays is read from (`upload` or `content`).

    `look` is off when a file has killed a worker: then all is done but the identification.
    """

    container: str
    content: str
    source: str
    items: list[Item]
    look: bool = True


class Done(NamedTuple):
    """What came of it: lines of files.jsonl, lines of digests.jsonl, (code, path, found) faults and notes."""

    lines: bytes
    digests: bytes
    faults: list[tuple[str, str, str]]
    notes: list[tuple[str, str, str]]
    files: int
    bytes: int
    tool: str


class _Fault(Exception):
    def __init__(self, code: str, found: object = "") -> None:
        super().__init__(code)
        self.code = code
        self.found = str(found)


_identifier: Identifier | None = None


def identifier() -> Identifier:
    """Return this process's identifier, made at the first call."""
    global _identifier  # noqa: PLW0603 - one Go runtime a process, made after the spawn
    if _identifier is None:
        _identifier = Identifier()
    return _identifier


def warm(_arg: object = None) -> str:
    """Load the identifier before the work; return its name and signature version."""
    return identifier().tool


def check_batch(batch: Batch) -> Done:
    """Check small files: inflate, CRC, SHA-256, identify; inflated bytes go to their place in the content file."""
    box = os.open(batch.container, os.O_RDONLY)
    try:
        faults: list[tuple[str, str, str]] = []
        good: list[tuple[Item, bytes, str]] = []
        for item in batch.items:
            try:
                data = _small(box, item)
            except _Fault as fault:
                faults.append((fault.code, item.path, fault.found))
            else:
                good.append((item, data, hashlib.sha256(data).hexdigest()))
        if faults:
            return Done(b"", b"", faults, [], 0, 0, "")
    finally:
        os.close(box)
    _write(batch.content, [(item.target, data) for item, data, _ in good if item.target >= 0])
    formats = _formats(batch, good)
    lines, notes = [], []
    extra = []
    for (item, data, digest), found in zip(good, formats, strict=True):
        lines.append(
            entry_line(item, batch.source, digest, isal_zlib.crc32(data) if item.crc < 0 else item.crc, found)
        )
        notes += format_notes(item.path, found)
        if item.digests:
            extra.append(
                digest_line(item.path, {alg: hashlib.new(alg, data).hexdigest() for alg in item.digests})
            )
    total = sum(item.size for item, _, _ in good)
    return Done("".join(lines).encode(), "".join(extra).encode(), [], notes, len(good), total, _tool(batch))


def _formats(batch: Batch, good: list[tuple[Item, bytes, str]]) -> list[Format]:
    if not batch.look:
        return [NOT_LOOKED] * len(good)
    return identifier().many([(digest, item.path, data) for item, data, digest in good])


def _tool(batch: Batch) -> str:
    return identifier().tool if batch.look else ""


def _small(box: int, item: Item) -> bytes:
    """Return the bytes of one small file, proved by size and CRC."""
    data = os.pread(box, item.packed, item.data)
    if len(data) != item.packed:
        raise _Fault("SAM-ZIP-TRUNCATED", len(data))
    if item.method != STORED:
        stream = isal_zlib.decompressobj(-15)
        try:
            data = stream.decompress(data, max_length=item.size + 1)
        except InflateError as fault:
            raise _Fault("SAM-ZIP-DATA", fault) from fault
        if len(data) != item.size:
            raise _Fault("SAM-ZIP-FALSE-SIZE", len(data) if len(data) < item.size else f"> {item.size}")
        if not stream.eof:
            # The last block may still be unread when the output is full.
            if stream.decompress(stream.unconsumed_tail, max_length=1):
                raise _Fault("SAM-ZIP-FALSE-SIZE", f"> {item.size}")
            if not stream.eof:
                raise _Fault("SAM-ZIP-DATA", "no end of stream")
        if stream.unused_data:
            raise _Fault("SAM-ZIP-DATA", f"{len(stream.unused_data)} bytes after the stream")
    if item.crc != _NO_CRC and isal_zlib.crc32(data) != item.crc:
        raise _Fault("SAM-ZIP-CRC")
    return bytes(data)


def _write(content: str, parts: list[tuple[int, bytes]]) -> None:
    """Write inflated files to their places, neighbours by one call."""
    if not parts:
        return
    fd = os.open(content, os.O_WRONLY)
    try:
        at = 0
        while at < len(parts):
            run, end = [parts[at][1]], parts[at][0] + len(parts[at][1])
            first = at
            at += 1
            while at < len(parts) and parts[at][0] == end:
                run.append(parts[at][1])
                end += len(parts[at][1])
                at += 1
            _write_all(fd, run, parts[first][0])
    finally:
        os.close(fd)


def _write_all(fd: int, run: list[bytes], at: int) -> None:
    wrote = os.pwritev(fd, run, at)
    total = sum(map(len, run))
    if wrote < total:
        rest = memoryview(b"".join(run))
        while wrote < total:
            wrote += os.pwrite(fd, rest[wrote:], at + wrote)


def inflate_large(batch: Batch) -> Done:
    """Inflate one large file in constant memory to its place in the content file, then identify it there."""
    (item,) = batch.items
    box = os.open(batch.container, os.O_RDONLY)
    out = os.open(batch.content, os.O_RDWR)
    try:
        hashes = {alg: hashlib.new(alg) for alg in ("sha256", *item.digests)}
        _stream(box, out, item, list(hashes.values()))
        found = _identify_range(out, item.target, item.size, item.path) if batch.look else NOT_LOOKED
    except _Fault as fault:
        return Done(b"", b"", [(fault.code, item.path, fault.found)], [], 0, 0, "")
    finally:
        os.close(box)
        os.close(out)
    told = {alg: one.hexdigest() for alg, one in hashes.items()}
    line = entry_line(item, batch.source, told.pop("sha256"), item.crc, found)
    extra = digest_line(item.path, told) if told else ""
    notes = format_notes(item.path, found)
    return Done(line.encode(), extra.encode(), [], notes, 1, item.size, _tool(batch))


def _stream(box: int, out: int, item: Item, hashes: list[Any]) -> None:
    """Inflate a member chunk by chunk, never more than its declared size; prove size and CRC."""
    stream = isal_zlib.decompressobj(-15)
    read = wrote = crc = 0
    data = b""
    while not stream.eof:
        if not data:
            data = os.pread(box, min(_CHUNK, item.packed - read), item.data + read)
            read += len(data)
        try:
            piece = stream.decompress(data, max_length=_CHUNK)
        except InflateError as fault:
            raise _Fault("SAM-ZIP-DATA", fault) from fault
        ended = not data and not piece
        data = stream.unconsumed_tail
        if wrote + len(piece) > item.size:
            raise _Fault("SAM-ZIP-FALSE-SIZE", f"> {item.size}")
        if ended and not stream.eof:
            raise _Fault("SAM-ZIP-DATA", "no end of stream")
        crc = isal_zlib.crc32(piece, crc)
        for one in hashes:
            one.update(piece)
        _write_all(out, [piece], item.target + wrote)
        wrote += len(piece)
    if stream.unused_data or read != item.packed:
        raise _Fault("SAM-ZIP-DATA", "bytes after the stream")
    if wrote != item.size:
        raise _Fault("SAM-ZIP-FALSE-SIZE", wrote)
    if crc != item.crc:
        raise _Fault("SAM-ZIP-CRC")


def identify_large(job: tuple[str, int, int, str]) -> tuple[Format, str]:
    """Identify one large file that lies inside another: (file, offset, size, name)."""
    source, offset, size, name = job
    fd = os.open(source, os.O_RDONLY)
    try:
        return _identify_range(fd, offset, size, name), identifier().tool
    finally:
        os.close(fd)


def _identify_range(fd: int, offset: int, size: int, name: str) -> Format:
    """Identify bytes of a file: whole up to 64 MiB when other files are packed in it, else its head and tail.

    The format tool takes paths only, and reads both ends of a file: head and tail lie in a sparse file of the right size.
    """
    head = os.pread(fd, min(size, _EDGE_HEAD), offset)
    nested = head[:2] == b"PK" or head[:4] == b"\xd0\xcf\x11\xe0"
    tail = _EDGE_TAIL if nested else _EDGE_HEAD
    ranges = (
        [(0, size)]
        if nested and size <= _COPY_WHOLE
        else [(0, min(size, _EDGE_HEAD)), (max(0, size - tail), size)]
    )
    copied = sum(end - start for start, end in ranges)
    mine = identifier()
    # tmpfs is memory, and small in containers.
    copy, path = tempfile.mkstemp(
        dir=mine.scratch() if copied <= _IN_MEMORY else None, prefix="samarkiv-range-"
    )
    try:
        os.ftruncate(copy, size)
        for start, end in ranges:
            _copy(fd, copy, offset, start, end)
        return mine.file(path, name, head)
    finally:
        os.close(copy)
        os.unlink(path)


def _copy(source: int, target: int, offset: int, at: int, end: int) -> None:
    while at < end:
        piece = os.pread(source, min(_CHUNK, end - at), offset + at)
        if not piece:
            break
        os.pwrite(target, piece, at)
        at += len(piece)


def entry_line(item: Item, source: str, sha256: str, crc: int, found: Format) -> str:
    """Return the FileEntry of a checked file as a line of files.jsonl."""
    moved = item.target >= 0
    where, offset = ("content", item.target) if moved else (source, item.data)
    raw = f'"raw_name":"{item.raw}",' if item.raw else ""
    return (
        f'{{"path":{json.dumps(item.path, ensure_ascii=False)},"size":{item.size},"sha256":"{sha256}","crc32":{crc},'
        f'"source":"{where}","offset":{offset},{raw}{line_part(found)}}}\n'
    )


def folder_line(path: str) -> str:
    """Return the FileEntry of an empty folder as a line of files.jsonl."""
    return f'{{"path":{json.dumps(path, ensure_ascii=False)},"folder":true}}\n'


def digest_line(path: str, told: dict[str, str]) -> str:
    """Return the further digests of a file as a line of digests.jsonl."""
    return json.dumps({"path": path, **told}, ensure_ascii=False) + "\n"


def format_notes(path: str, found: Format) -> list[tuple[str, str, str]]:
    """Return what identification has to remark about one file."""
    if found.warning == "extension":
        return [("SAM-FORMAT-EXTENSION", path, f"{found.puid or '?'} {found.name}".strip())]
    if found.warning == "fault":
        return [("SAM-FORMAT-FAULT", path, found.evidence)]
    return [] if found.puid or found == EMPTY else [("SAM-FORMAT-UNKNOWN", path, "")]


def digest_range(job: tuple[str, int, int, tuple[str, ...]]) -> dict[str, str]:
    """Return further digests of bytes inside a file: (file, offset, size, algorithms)."""
    source, offset, size, algs = job
    hashes = {alg: hashlib.new(alg) for alg in algs}
    fd = os.open(source, os.O_RDONLY)
    try:
        at = 0
        while at < size:
            piece = os.pread(fd, min(_CHUNK, size - at), offset + at)
            if not piece:
                break
            for one in hashes.values():
                one.update(piece)
            at += len(piece)
    finally:
        os.close(fd)
    return {alg: one.hexdigest() for alg, one in hashes.items()}
