"""The end of a zip file: end record, zip64 records, and that everything lies where they say."""

import os
import struct
from dataclasses import dataclass

from samarkiv_ingest.packages.refusals import Refusals

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_TAIL = _END.size + 0xFFFF
_END_SIGN = b"PK\x05\x06"


@dataclass(frozen=True)
class Directory:
    """Where the central directory lies and how many entries it says it has."""

    start: int
    end: int
    entries: int


def read_end(fd: int, size: int, refusals: Refusals) -> Directory:
    """Return the directory of the zip file `fd` of `size` bytes. Raises Stop when its end cannot be trusted."""
    start = max(0, size - _TAIL)
    tail = os.pread(fd, size - start, start)
    at = _end_record(tail, refusals)
    _, disk, cd_disk, here, entries, length, offset, _ = _END.unpack_from(tail, at)
    end_at = start + at
    if disk not in (0, 0xFFFF) or cd_disk not in (0, 0xFFFF) or (here != entries):
        raise refusals.stop("SAM-ZIP-SPLIT", found=f"{disk}/{cd_disk}, {here}/{entries}")
    locator_at = end_at - _LOCATOR.size
    locator = os.pread(fd, _LOCATOR.size, locator_at) if locator_at >= 0 else b""
    if locator[:4] == b"PK\x06\x07":
        found = _zip64(fd, locator, locator_at, refusals)
        for name, small, full, large in (
            ("entries", entries, 0xFFFF, found.entries),
            ("size", length, 0xFFFFFFFF, found.end - found.start),
            ("offset", offset, 0xFFFFFFFF, found.start),
        ):
            if small not in (full, large):
                raise refusals.stop("SAM-ZIP64", place=name, expected=large, found=small)
        return found
    if offset + length != end_at:
        code = "SAM-ZIP-PREFIX" if offset + length < end_at else "SAM-ZIP-DIRECTORY"
        raise refusals.stop(code, place="end record", expected=end_at, found=offset + length)
    return Directory(offset, end_at, entries)


def _end_record(tail: bytes, refusals: Refusals) -> int:
    """Return where the one end record stands in the tail."""
    whole: list[int] = []
    short = 0
    at = tail.rfind(_END_SIGN)
    while at >= 0:
        if at + _END.size <= len(tail):
            reach = at + _END.size + _END.unpack_from(tail, at)[7]
            if reach == len(tail):
                whole.append(at)
            elif reach < len(tail):
                short += 1
        at = tail.rfind(_END_SIGN, 0, at)
    if len(whole) > 1:
        raise refusals.stop("SAM-ZIP-SEVERAL-ENDS", expected=1, found=len(whole))
    if whole:
        if _END_SIGN in tail[whole[0] + 4 :]:
            raise refusals.stop("SAM-ZIP-SEVERAL-ENDS", expected=1, found=2)
        return whole[0]
    raise refusals.stop("SAM-ZIP-TRAILING" if short else "SAM-ZIP-TRUNCATED")


def _zip64(fd: int, locator: bytes, locator_at: int, refusals: Refusals) -> Directory:
    """Return the directory as the zip64 end record tells it."""
    _, disk, at, disks = _LOCATOR.unpack(locator)
    if disk or disks > 1:
        raise refusals.stop("SAM-ZIP-SPLIT", found=f"{disk}/{disks}")
    record = os.pread(fd, _END64.size, at) if at < locator_at else b""
    if len(record) < _END64.size or record[:4] != b"PK\x06\x06":
        raise refusals.stop("SAM-ZIP64", place="locator", found=at)
    _, length, _, _, number, cd_disk, here, entries, cd_size, cd_start = _END64.unpack(record)
    if at + 12 + length != locator_at or length != _END64.size - 12:
        raise refusals.stop("SAM-ZIP64", place="end record", expected=locator_at, found=at + 12 + length)
    if number or cd_disk or here != entries:
        raise refusals.stop("SAM-ZIP-SPLIT", found=f"{number}/{cd_disk}, {here}/{entries}")
    if cd_start + cd_size != at:
        raise refusals.stop("SAM-ZIP64", place="directory", expected=at, found=cd_start + cd_size)
    return Directory(cd_start, at, entries)
