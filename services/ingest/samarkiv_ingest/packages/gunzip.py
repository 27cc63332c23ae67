"""A gzip stream inflated once, in flat memory, with its limits counted on real bytes."""

import os
from collections.abc import Callable

from isal import isal_zlib

from samarkiv_ingest.packages.deflate import InflateError
from samarkiv_ingest.packages.limits import Limits
from samarkiv_ingest.packages.refusals import Refusals

_CHUNK = 1 << 20
_GZIP = 31


def inflate(source: int, target: int, limits: Limits, refusals: Refusals, beat: Callable[[int], None]) -> int:
    """Inflate the gzip file `source` into `target` (descriptors); return the number of bytes written.

    `beat` hears how many bytes of the source are read. Raises Stop when the stream is damaged, cut, or too dense.
    """
    size = os.fstat(source).st_size
    read = written = 0
    stream = isal_zlib.decompressobj(wbits=_GZIP)
    started = False
    data = b""
    while True:
        if not data:
            data = os.pread(source, _CHUNK, read)
            read += len(data)
            beat(read)
            if not data:
                break
        if stream.eof:
            # Several gzip members after each other are one file; zero padding (tapes) is not data.
            if data[:2] != b"\x1f\x8b":
                _padding(source, read - len(data), size, refusals)
                return written
            stream = isal_zlib.decompressobj(wbits=_GZIP)
        try:
            out = stream.decompress(data, max_length=_CHUNK)
        except InflateError as fault:
            raise refusals.stop("SAM-GZIP-DATA", found=fault) from fault
        started = True
        written += _write(target, out)
        data = stream.unused_data if stream.eof else stream.unconsumed_tail
        if written > limits.total_bytes:
            raise refusals.stop("SAM-CONTAINER-SIZE", expected=limits.total_bytes, found=written)
        if limits.too_dense(written, read):
            raise refusals.stop("SAM-CONTAINER-RATIO", expected=limits.ratio, found=written // max(read, 1))
        if not out and not stream.eof and not data and read >= size:
            break
    if not started or not stream.eof:
        raise refusals.stop("SAM-GZIP-TRUNCATED", found=size)
    return written


def _write(target: int, out: bytes) -> int:
    view = memoryview(out)
    while view:
        view = view[os.write(target, view) :]
    return len(out)


def _padding(source: int, at: int, size: int, refusals: Refusals) -> None:
    while at < size:
        data = os.pread(source, _CHUNK, at)
        if data.strip(b"\0"):
            raise refusals.stop("SAM-GZIP-TRAILING", place=f"@{at}")
        at += len(data)
